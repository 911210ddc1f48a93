//! From a study file to running parts: the composition root.
