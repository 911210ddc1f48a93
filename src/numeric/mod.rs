//! Numerical methods.

pub mod gaussian_process;
pub mod kernel;
pub mod linalg;
pub mod minimize;
pub mod student;
