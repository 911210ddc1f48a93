//! Numerical methods.
