//! tune-tui tunes the hyperparameters of neural networks for genomic prediction and shows the
//! search as it happens. `ARCHITECTURE.md` draws the map of these modules.

pub mod analysis;
pub mod baseline;
pub mod cli;
pub mod config;
pub mod dataset;
pub mod domain;
pub mod ensemble;
pub mod executor;
pub mod export;
pub mod import;
pub mod importance;
pub mod kernel;
pub mod model;
pub mod numeric;
pub mod objective;
pub mod program;
pub mod pruner;
pub mod sampler;
pub mod storage;
pub mod study;
pub mod train;
pub mod tui;
pub mod wire;
