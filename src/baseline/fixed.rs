//! Fixed effects: the intercept and the covariates, for the rows to learn from and those to predict.

use super::Problem;
use crate::numeric::dense::Dense;

/// The columns of fixed effects, the intercept first.
#[derive(Debug, Clone)]
pub struct FixedEffects {
    /// Training rows × effects.
    pub train: Dense,
    /// Rows to predict × effects.
    pub predict: Dense,
}

impl FixedEffects {
    /// Those of a problem.
    pub fn of(problem: &Problem) -> Self {
        let (n, m) = (problem.train.len(), problem.predict.len());
        FixedEffects { train: Dense::new(n, 1, vec![1.0; n]), predict: Dense::new(m, 1, vec![1.0; m]) }
    }
}
