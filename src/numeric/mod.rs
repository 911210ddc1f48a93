//! Numerical methods.

pub mod dense;
pub mod exp;
pub mod gaussian_process;
pub mod kernel;
pub mod linalg;
pub mod minimize;
pub mod parzen;
pub mod reml;
pub mod sobol;
pub mod student;
