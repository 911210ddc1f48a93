//! Networks in words: what `check` prints of a search space.

use anyhow::Result;

use super::output::{columns, say};
use crate::domain::space::KIND;
use crate::domain::value::Params;
use crate::model::Architecture;
use crate::model::layer::LayerSummary;
use crate::objective::Survey;
use crate::wire::Prepared;

/// Prints the network at the middle of the space, of each kind.
///
/// # Errors
/// Where standard output is closed.
pub fn networks(prepared: &Prepared) -> Result<()> {
    let space = &prepared.spec.space;
    let middle = vec![0.5; space.dimensions()];
    let Some(axis) = space.parameters.iter().position(|p| p.name == KIND) else {
        return network(prepared, &space.from_unit(&middle));
    };
    let kinds = prepared.objective.models.len();
    (0..kinds).try_for_each(|kind| {
        let mut point = middle.clone();
        point[axis] = (kind as f64 + 0.5) / kinds as f64;
        network(prepared, &space.from_unit(&point))
    })
}

fn network(prepared: &Prepared, params: &Params) -> Result<()> {
    let planned = prepared.objective.plan(params).and_then(|plan| {
        let architecture = prepared.objective.architecture(&plan)?;
        let objective = &prepared.objective;
        let encoding = plan.preprocessing(&objective.dataset, &objective.preprocessing).label();
        Ok((plan.model.name, encoding, architecture))
    });
    match planned {
        Ok((model, encoding, architecture)) => {
            say(&format!("network in the middle of the space: {model}, genotypes coded {encoding}"))?;
            summary(&architecture)
        }
        // Other points of the space may be fine; the study would fail this trial and go on.
        Err(error) => say(&format!("network in the middle of the space\n  can't be built: {error}")),
    }
}

/// A summary as Keras prints it.
fn summary(architecture: &Architecture) -> Result<()> {
    let shape = |dims: &[usize]| {
        let dims: Vec<String> = dims.iter().map(ToString::to_string).collect();
        format!("({})", dims.join(", "))
    };
    let row = |name: &str, dims: &[usize], count: String| vec![name.to_owned(), shape(dims), count];
    let mut rows = vec![["layer", "output shape", "parameters"].map(str::to_owned).to_vec()];
    rows.push(row("input", &architecture.input().dims(), "0".into()));
    if architecture.covariates() > 0 {
        rows.push(row("covariates", &[architecture.covariates()], "0".into()));
    }
    let layer = |layer: &LayerSummary| row(&layer.name, &layer.output, layer.weights.to_string());
    rows.extend(architecture.summary().iter().map(layer));
    for line in columns(&rows) {
        say(&format!("  {line}"))?;
    }
    let all = architecture.weight_count();
    let trained = architecture.trained_count();
    let fixed = if trained == all { String::new() } else { format!(", {} not trained", all - trained) };
    say(&format!("  {all} parameters in all{fixed}"))
}

/// Prints how much of the space can be trained, and why the rest can't.
///
/// # Errors
/// Where standard output is closed.
pub fn survey(survey: &Survey) -> Result<()> {
    let Survey { points, unfit, weights, .. } = survey;
    if let Some((least, most)) = weights {
        say(&format!("the space, by {points} draws: {least} to {most} parameters a network"))?;
    }
    let lost = survey.unfit_points();
    if lost > 0 {
        let percent = 100.0 * lost as f64 / *points as f64;
        say(&format!("  {percent:.1} % of it can't be trained and would fail, each trial with its reason:"))?;
    }
    for warning in survey.warnings() {
        say(&format!("  warning: {warning}"))?;
    }
    for (reason, count) in unfit.iter().take(3) {
        say(&format!("  {count} of {points}, such as: {reason}"))?;
    }
    Ok(())
}
