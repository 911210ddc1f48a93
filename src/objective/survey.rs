//! What of a search space can be trained at all, found without building anything.

use std::collections::BTreeMap;

use super::{CrossValidation, Plan};
use crate::domain::seed::{Rng, derive};
use crate::domain::space::SearchSpace;

/// Points that are drawn.
const POINTS: usize = 500;

/// What draws of a search space came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    /// Draws.
    pub points: usize,
    /// How many can't be trained, with the reason of one of them for each kind of reason, the most frequent
    /// first.
    pub unfit: Vec<(String, usize)>,
    /// The kinds of networks of which no draw can be trained: all their trials would fail.
    pub lost: Vec<&'static str>,
    /// Fewest and most weights of the others.
    pub weights: Option<(usize, usize)>,
    /// Most bytes that training one of the others takes, at the least.
    pub bytes: u64,
}

impl Survey {
    /// Draws from `space` and plans what each draw says.
    ///
    /// # Errors
    /// Where no draw can be trained: the most frequent reason.
    pub fn of(objective: &CrossValidation, space: &SearchSpace) -> Result<Self, String> {
        objective.check_folds()?;
        let mut rng = Rng::new(derive(0, "survey", 0));
        let mut reasons = BTreeMap::<String, (String, usize)>::new();
        let mut survey =
            Survey { points: POINTS, unfit: Vec::new(), lost: Vec::new(), weights: None, bytes: 0 };
        let mut fit = BTreeMap::<&'static str, usize>::new();
        for _ in 0..POINTS {
            let point: Vec<f64> = (0..space.dimensions()).map(|_| rng.uniform()).collect();
            let plan = objective.plan(&space.from_unit(&point))?;
            let fit = fit.entry(plan.model.name).or_default();
            match size(objective, &plan) {
                Ok((weights, bytes)) => {
                    *fit += 1;
                    let (least, most) = survey.weights.unwrap_or((weights, weights));
                    survey.weights = Some((least.min(weights), most.max(weights)));
                    survey.bytes = survey.bytes.max(bytes);
                }
                Err(reason) => {
                    // Reasons that differ in their numbers only are one.
                    let kind = reason.chars().filter(|c| !c.is_ascii_digit() && *c != '.').collect();
                    reasons.entry(kind).or_insert((reason, 0)).1 += 1;
                }
            }
        }
        survey.lost = fit.into_iter().filter(|(_, fit)| *fit == 0).map(|(kind, _)| kind).collect();
        survey.unfit = reasons.into_values().collect();
        survey.unfit.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        match (survey.weights, survey.unfit.first()) {
            (None, Some((reason, _))) => Err(reason.clone()),
            _ => Ok(survey),
        }
    }

    /// What a person should know before the study starts.
    pub fn warnings(&self) -> Vec<String> {
        let warning =
            |kind: &&str| format!("no `{kind}` of this space can be trained: each of its trials will fail");
        self.lost.iter().map(warning).collect()
    }

    /// How many draws can't be trained.
    pub fn unfit_points(&self) -> usize {
        self.unfit.iter().map(|(_, count)| count).sum()
    }
}

/// Weights and bytes of a planned trial, or why it would fail before its first epoch.
fn size(objective: &CrossValidation, plan: &Plan) -> Result<(usize, u64), String> {
    let several = objective.models.len() > 1;
    let named = |reason: String| if several { format!("{}: {reason}", plan.model.name) } else { reason };
    let architecture = objective.architecture(plan).map_err(named)?;
    objective.check(plan, &architecture).map_err(named)?;
    Ok((architecture.weight_count(), objective.bytes(plan, &architecture)))
}
