//! A baseline's scores: what a tuned network has to beat.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::trial::deviation;

/// How a baseline did on the folds of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaselineScore {
    /// Its name in the table of baselines.
    pub baseline: String,
    /// Every metric of the task that is defined there, by name, for each fold in the study's order.
    pub folds: Vec<BTreeMap<String, f64>>,
    /// Seconds that it took.
    pub seconds: f64,
}

impl BaselineScore {
    /// The values of a metric on the folds; `None` where a fold has none.
    fn values(&self, metric: &str) -> Option<Vec<f64>> {
        self.folds.iter().map(|fold| fold.get(metric).copied()).collect()
    }

    /// The mean of a metric over the folds; `None` where a fold has none.
    pub fn mean(&self, metric: &str) -> Option<f64> {
        let values = self.values(metric)?;
        if values.is_empty() { None } else { Some(values.iter().sum::<f64>() / values.len() as f64) }
    }

    /// The standard deviation of a metric over the folds; `None` of fewer than two, or where a fold has none.
    pub fn spread(&self, metric: &str) -> Option<f64> {
        deviation(&self.values(metric)?)
    }

    /// The names of its metrics; one may be undefined on some folds only.
    pub fn metrics(&self) -> BTreeSet<&str> {
        self.folds.iter().flat_map(|fold| fold.keys()).map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_of_all_folds_or_none() {
        let fold = |mse| BTreeMap::from([("mse".to_owned(), mse)]);
        let mut score =
            BaselineScore { baseline: "gblup".into(), folds: vec![fold(1.0), fold(4.0)], seconds: 0.1 };
        assert_eq!((score.mean("mse"), score.mean("pearson")), (Some(2.5), None));
        assert_eq!((score.spread("mse"), score.spread("pearson")), (Some(4.5_f64.sqrt()), None));
        score.folds.push(BTreeMap::new());
        assert_eq!(score.mean("mse"), None);
        score.folds.clear();
        assert_eq!(score.mean("mse"), None);
    }
}
