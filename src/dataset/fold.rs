//! Splits into training and validation rows.

/// How the individuals are split: `data.split` of the study file.
#[derive(Debug, Clone, PartialEq)]
pub enum Split {
    /// A random fraction is held out for validation.
    Holdout {
        /// In (0, 1).
        fraction: f64,
    },
    /// Random folds of equal size (to one), each once the validation rows.
    KFold {
        /// At least 2.
        folds: usize,
    },
    /// One fold: rows whose value in a column of the phenotype file is listed validate.
    Column {
        /// The column.
        column: String,
        /// Values of the validation rows, as written in the file.
        validate: Vec<String>,
    },
}

/// Row numbers of the dataset, ascending, disjoint, neither empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// Rows to train on.
    pub train: Vec<usize>,
    /// Rows to validate on.
    pub validation: Vec<usize>,
}
