//! Networks in words: what `check` prints of a search space.

use anyhow::Result;

use super::output::{columns, say};
use crate::domain::space::KIND;
use crate::domain::value::Params;
use crate::objective::Survey;
use crate::tui::ask::{LayerRow, NetworkRows};
use crate::wire::Prepared;
use crate::wire::trials::network_rows;

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
    match network_rows(&prepared.objective, params) {
        Ok(rows) => {
            let NetworkRows { model, encoding, .. } = &rows;
            say(&format!("network in the middle of the space: {model}, genotypes coded {encoding}"))?;
            summary(&rows)
        }
        // Other points of the space may be fine; the study would fail this trial and go on.
        Err(error) => say(&format!("network in the middle of the space\n  can't be built: {error}")),
    }
}

/// A summary as Keras prints it.
fn summary(network: &NetworkRows) -> Result<()> {
    let row = |layer: &LayerRow| vec![layer.layer.clone(), layer.output.clone(), layer.weights.to_string()];
    let mut rows = vec![["layer", "output shape", "parameters"].map(str::to_owned).to_vec()];
    rows.extend(network.layers.iter().map(row));
    for line in columns(&rows) {
        say(&format!("  {line}"))?;
    }
    let (all, trained) = network.weights;
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
