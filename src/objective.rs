//! The cross-validated objective.
