//! Trials as files that others can read.
