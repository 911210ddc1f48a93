//! Numerical methods.

pub mod cma;
pub mod dense;
pub mod evidence;
pub mod exp;
pub mod gaussian_process;
pub mod jacobi;
pub mod kernel;
pub mod linalg;
pub mod minimize;
pub mod pareto;
pub mod parzen;
pub mod reml;
pub mod sobol;
pub mod student;
