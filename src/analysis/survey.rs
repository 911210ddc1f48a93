//! All trials of a study in few numbers each: what charts of the whole search draw.

use std::collections::BTreeMap;

use crate::domain::history::{Counts, History};
use crate::domain::space::KIND;
use crate::domain::trial::{Trial, TrialId, TrialState};
use crate::domain::value::Value;

/// Most groups that are told apart by what suggested their trials.
const GROUPS: usize = 6;

/// How a trial stands, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It waits or runs.
    Live,
    /// It has a score.
    Complete,
    /// The pruner ended it.
    Pruned,
    /// An error ended it.
    Failed,
    /// A person ended it.
    Cancelled,
}

/// A trial in few numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// How it stands.
    pub fate: Fate,
    /// Its score; of a pruned trial the last that it reported; else not a number.
    pub score: f64,
    /// Its kind, by its place in [`Survey::kinds`].
    pub kind: usize,
    /// What suggested it, by its place in [`Survey::sources`].
    pub source: usize,
}

/// All trials of a study.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Survey {
    key: Option<(Counts, usize)>,
    /// Every trial, by number.
    pub points: Vec<Point>,
    /// The kinds, in the order in which they first came; one without a name where the study has no kinds.
    pub kinds: Vec<String>,
    /// What suggested trials, in the order in which it first did.
    pub sources: Vec<String>,
    /// The complete trials, best first.
    pub ranked: Vec<TrialId>,
    /// Where the best score so far improved, by the trials' numbers.
    pub steps: Vec<(TrialId, f64)>,
}

impl Survey {
    /// The survey of a history.
    pub fn of(history: &History) -> Self {
        let mut survey = Survey { key: Some(key(history)), ..Survey::default() };
        let trials = history.trials();
        let (mut kinds, mut sources) = (Names::default(), Names::default());
        let families = families(trials.iter().map(|t| t.origin.by.as_str()));
        for trial in trials {
            let kind = match trial.params.get(KIND) {
                Some(Value::Text(kind)) => kinds.place(kind),
                _ => kinds.place(""),
            };
            let source = sources.place(families.get(trial.origin.by.as_str()).copied().unwrap_or_default());
            let (fate, score) = stand(trial);
            survey.points.push(Point { fate, score, kind, source });
        }
        (survey.kinds, survey.sources) = (kinds.names, sources.names);
        let direction = history.study().direction;
        let complete = |id: &TrialId| survey.points[*id].fate == Fate::Complete;
        let mut ranked: Vec<TrialId> = (0..trials.len()).filter(complete).collect();
        for id in &ranked {
            let score = survey.points[*id].score;
            if survey.steps.last().is_none_or(|(_, best)| direction.is_better(score, *best)) {
                survey.steps.push((*id, score));
            }
        }
        ranked.sort_by(|a, b| direction.compare(survey.points[*a].score, survey.points[*b].score));
        survey.ranked = ranked;
        survey
    }

    /// Makes it anew where trials have come or ended since.
    pub fn refresh(&mut self, history: &History) {
        if self.key != Some(key(history)) {
            *self = Survey::of(history);
        }
    }

    /// Trials that have ended.
    pub fn ended(&self) -> usize {
        self.key.map_or(0, |(counts, _)| counts.finished())
    }
}

fn key(history: &History) -> (Counts, usize) {
    (history.counts(), history.trials().len())
}

fn stand(trial: &Trial) -> (Fate, f64) {
    let score = trial.score.unwrap_or(f64::NAN);
    match trial.state {
        TrialState::Waiting | TrialState::Running => (Fate::Live, f64::NAN),
        TrialState::Complete => (Fate::Complete, score),
        TrialState::Pruned { .. } => (Fate::Pruned, trial.reports.last().map_or(f64::NAN, |r| r.score)),
        TrialState::Failed { .. } => (Fate::Failed, f64::NAN),
        TrialState::Cancelled => (Fate::Cancelled, f64::NAN),
    }
}

/// What each of the words is called in a group: itself, or where there are many the first of its words.
fn families<'a>(words: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, &'a str> {
    let mut names: BTreeMap<&str, &str> = words.map(|word| (word, word)).collect();
    if names.len() > GROUPS {
        names.iter_mut().for_each(|(word, name)| *name = word.split(' ').next().unwrap_or(word));
    }
    names.values_mut().filter(|name| name.is_empty()).for_each(|name| *name = "unknown");
    names
}

/// Names in the order in which they first came.
#[derive(Default)]
struct Names {
    names: Vec<String>,
    last: usize,
}

impl Names {
    fn place(&mut self, name: &str) -> usize {
        // Neighbours are mostly alike.
        if self.names.get(self.last).is_some_and(|n| n == name) {
            return self.last;
        }
        self.last = self.names.iter().position(|n| n == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{busy, kinds};
    use crate::domain::direction::Direction;
    use crate::domain::testing::{Scripted, space};
    use crate::domain::value::Params;

    #[test]
    fn every_trial_has_a_point_and_the_complete_ones_a_rank() {
        let mut study = Scripted::new(&space([]), Direction::Minimize, 1);
        for score in [5.0, 3.0, 4.0] {
            study.complete(Params::new(), score);
        }
        study.prune(Params::new(), 9.0);
        study.fail(Params::new());
        study.complete(Params::new(), 1.0);
        study.cancel(Params::new());
        study.start(Params::new());
        let mut survey = Survey::of(study.history());
        let fates: Vec<Fate> = survey.points.iter().map(|p| p.fate).collect();
        use Fate::{Cancelled, Complete, Failed, Live, Pruned};
        assert_eq!(fates, [Complete, Complete, Complete, Pruned, Failed, Complete, Cancelled, Live]);
        assert_eq!((survey.points[3].score, survey.points[1].score), (9.0, 3.0));
        assert_eq!(survey.ranked, [5, 1, 2, 0]);
        assert_eq!(survey.steps, [(0, 5.0), (1, 3.0), (5, 1.0)]);
        assert_eq!(
            (survey.ended(), survey.kinds.clone(), survey.sources.clone()),
            (7, vec![String::new()], vec!["unknown".to_owned()])
        );
        study.complete(Params::new(), 0.5);
        survey.refresh(study.history());
        assert_eq!(survey, Survey::of(study.history()));
    }

    #[test]
    fn trials_are_grouped_by_kind_and_by_what_suggested_them() {
        let script = kinds();
        let survey = Survey::of(script.history());
        let mut names = survey.kinds.clone();
        names.sort();
        assert_eq!(names, ["cnn", "mlp", "separable-fc"]);
        for (point, trial) in survey.points.iter().zip(script.history().trials()) {
            assert_eq!(trial.params[KIND], Value::Text(survey.kinds[point.kind].clone()));
        }
        assert_eq!(Survey::of(busy().history()).kinds, [""]);
        let few = families(["tpe startup", "tpe", ""].into_iter());
        assert_eq!(
            few.into_iter().collect::<Vec<_>>(),
            [("", "unknown"), ("tpe", "tpe"), ("tpe startup", "tpe startup")]
        );
        let many = ["a 1", "a 2", "a 3", "a 4", "b 1", "b 2", "c"];
        let names: Vec<&str> = families(many.into_iter()).into_values().collect();
        assert_eq!(names, ["a", "a", "a", "a", "b", "b", "c"]);
    }
}
