//! What a person at the dashboard asks about one trial's networks: their layers, and what they predict of the rows
//! that they were validated on.

use super::background::{Background, kept_weights};
use crate::dataset::Target;
use crate::domain::task::Task;
use crate::domain::trial::TrialId;
use crate::domain::value::Params;
use crate::ensemble::predict;
use crate::model::layer::LayerSummary;
use crate::objective::CrossValidation;
use crate::storage::file;
use crate::tui::ask::{LayerRow, NetworkRows, Prediction, Predictions};

/// The network that params describe, as Keras prints one; nothing is built.
///
/// # Errors
/// Where it can't be built, with the remedy.
pub fn network_rows(objective: &CrossValidation, params: &Params) -> Result<NetworkRows, String> {
    let plan = objective.plan(params)?;
    let architecture = objective.architecture(&plan)?;
    let encoding = plan.preprocessing(&objective.dataset, &objective.preprocessing).label();
    let row = |layer: &str, dims: &[usize], weights: usize| {
        let dims: Vec<String> = dims.iter().map(ToString::to_string).collect();
        LayerRow { layer: layer.to_owned(), output: format!("({})", dims.join(", ")), weights }
    };
    let mut layers = vec![row("input", &architecture.input().dims(), 0)];
    if architecture.covariates() > 0 {
        layers.push(row("covariates", &[architecture.covariates()], 0));
    }
    let layer = |layer: &LayerSummary| row(&layer.name, &layer.output, layer.weights);
    layers.extend(architecture.summary().iter().map(layer));
    Ok(NetworkRows {
        model: plan.model.name.to_owned(),
        encoding,
        layers,
        weights: (architecture.weight_count(), architecture.trained_count()),
        memory: (objective.bytes(&plan, &architecture), plan.train.batch),
    })
}

impl Background {
    /// The layers of a trial's network.
    ///
    /// # Errors
    /// As [`network_rows`].
    pub fn network(&self, params: &Params) -> Result<NetworkRows, String> {
        network_rows(&self.objective, params)
    }

    /// What the networks of a trial predict, each of the validation rows of its fold; of several repeats the first.
    ///
    /// # Errors
    /// Why it can't be had.
    pub fn predictions(&self, trial: TrialId, params: &Params) -> Result<Predictions, String> {
        let objective = &self.objective;
        let (dataset, target) = (&objective.dataset, objective.dataset.target());
        let checkpoints = file::checkpoints_folder(&self.store);
        kept_weights(&checkpoints, trial, self.keep_checkpoints).map_err(|e| e.to_string())?;
        let plan = objective.plan(params)?;
        let mut outputs: Vec<(String, Vec<Prediction>)> =
            target.names.iter().map(|name| (name.clone(), Vec::new())).collect();
        for (number, fold) in objective.folds.iter().enumerate() {
            let network = objective.restore(&plan, &checkpoints, trial, number)?;
            let (encoder, scaler) = objective.fitted(&plan, fold)?;
            let rows = &fold.validation;
            let raw = predict::outputs(&network, (&encoder, scaler), target.task, dataset, rows);
            let raw = raw.map_err(|e| e.to_string())?;
            for (row, predicted) in rows.iter().zip(raw.chunks_exact(target.outputs().max(1))) {
                let said = said(target, target.row(*row), predicted);
                for ((_, rows), (observed, predicted, error)) in outputs.iter_mut().zip(said) {
                    let individual = dataset.ids().get(*row).cloned().unwrap_or_default();
                    rows.push(Prediction { individual, fold: number, observed, predicted, error });
                }
            }
        }
        let classes = match target.task {
            Task::MultiLabel => ["without", "with"].map(String::from).to_vec(),
            _ => target.classes.clone(),
        };
        Ok(Predictions { task: target.task, classes, outputs })
    }
}

/// Of each column of an individual what is observed, what is predicted, and how far off that is.
fn said(target: &Target, observed: &[f64], predicted: &[f64]) -> Vec<(f64, f64, f64)> {
    match target.task {
        Task::Regression | Task::Binary | Task::MultiLabel => {
            observed.iter().zip(predicted).map(|(o, p)| (*o, *p, (o - p).abs())).collect()
        }
        Task::MultiClass => {
            let likeliest = predicted.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
            let class = likeliest.map_or(0, |(class, _)| class) as f64;
            let own = |o: &f64| (*o, class, 1.0 - predicted.get(*o as usize).copied().unwrap_or(0.0));
            observed.iter().map(own).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_predicted_by_the_likeliest_and_missed_by_what_its_own_lacks() {
        let target = |task, classes: &[&str], columns: usize| Target {
            task,
            names: vec!["y".to_owned(); columns],
            classes: classes.iter().map(|c| (*c).to_owned()).collect(),
            values: vec![0.0; columns],
        };
        let classes = target(Task::MultiClass, &["a", "b", "c"], 1);
        assert_eq!(said(&classes, &[2.0], &[0.25, 0.5, 0.25]), [(2.0, 1.0, 0.75)]);
        let binary = target(Task::Binary, &["no", "yes"], 1);
        assert_eq!(said(&binary, &[1.0], &[0.25]), [(1.0, 0.25, 0.75)]);
        let labels = target(Task::MultiLabel, &[], 2);
        assert_eq!(said(&labels, &[1.0, 0.0], &[0.5, 0.25]), [(1.0, 0.5, 0.5), (0.0, 0.25, 0.25)]);
        let quantity = Target::quantity("y", vec![0.0]);
        assert_eq!(said(&quantity, &[3.0], &[5.0]), [(3.0, 5.0, 2.0)]);
    }
}
