//! All trials of a study in few numbers each: what charts of the whole search draw.

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
    /// What suggested it, by its place among all words for that.
    word: usize,
}

/// All trials of a study.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Survey {
    /// Counts, trials and the next record's number when it was last refreshed.
    key: Option<(Counts, usize, u64)>,
    study: (String, u64),
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
    words: Vec<String>,
    /// The source of each word.
    families: Vec<usize>,
}

impl Survey {
    /// The survey of a history.
    pub fn of(history: &History) -> Self {
        let mut survey = Survey::default();
        survey.refresh(history);
        survey
    }

    /// Takes in the trials that have come or ended since. Those that had ended are not looked at again.
    pub fn refresh(&mut self, history: &History) {
        // A pruned trial may go on and be pruned again between two looks.
        let now = (history.counts(), history.trials().len(), history.next_sequence());
        if self.key == Some(now) {
            return;
        }
        let study = history.study();
        let earlier = self.key.is_some_and(|(counts, trials, _)| {
            let ends = |c: Counts| [c.complete, c.failed, c.cancelled];
            trials > now.1 || ends(counts).iter().zip(ends(now.0)).any(|(then, now)| *then > now)
        });
        if earlier || self.study.1 != study.seed || self.study.0 != study.name {
            *self = Survey { study: (study.name.clone(), study.seed), ..Survey::default() };
        }
        self.key = Some(now);
        self.take(history);
        self.rank(history);
        (self.sources, self.families) = families(&self.words);
    }

    fn take(&mut self, history: &History) {
        let known = self.points.len();
        for (id, trial) in history.trials().iter().enumerate() {
            // A pruned trial may go on.
            if self.points.get(id).is_some_and(|p| !matches!(p.fate, Fate::Live | Fate::Pruned)) {
                continue;
            }
            let (fate, score) = stand(trial);
            if id < known {
                (self.points[id].fate, self.points[id].score) = (fate, score);
            } else {
                let kind = match trial.params.get(KIND) {
                    Some(Value::Text(kind)) => kind,
                    _ => "",
                };
                // Neighbours are mostly alike.
                let last = self.points.last().map_or((0, 0), |p| (p.kind, p.word));
                let kind = place(&mut self.kinds, last.0, kind);
                let word = place(&mut self.words, last.1, &trial.origin.by);
                self.points.push(Point { fate, score, kind, word });
            }
            if fate == Fate::Complete {
                self.ranked.push(id);
            }
        }
    }

    fn rank(&mut self, history: &History) {
        let direction = history.study().direction;
        let points = &self.points;
        // Nearly sorted: a pass or two. The earlier one on a tie.
        self.ranked
            .sort_by(|a, b| direction.compare(points[*a].score, points[*b].score).then_with(|| a.cmp(b)));
        self.steps.clear();
        for (id, point) in points.iter().enumerate().filter(|(_, p)| p.fate == Fate::Complete) {
            if self.steps.last().is_none_or(|(_, best)| direction.is_better(point.score, *best)) {
                self.steps.push((id, point.score));
            }
        }
    }

    /// What suggested a trial, by its place in [`Survey::sources`].
    pub fn source(&self, point: &Point) -> usize {
        self.families.get(point.word).copied().unwrap_or_default()
    }

    /// Trials that have ended.
    pub fn ended(&self) -> usize {
        self.key.map_or(0, |(counts, ..)| counts.finished())
    }
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

/// The groups of words, and the group of each: itself, or where there are many its first word.
fn families(words: &[String]) -> (Vec<String>, Vec<usize>) {
    let mut names = Vec::new();
    let family = |word: &String| match word.split(' ').next() {
        _ if word.is_empty() => "unknown".to_owned(),
        Some(first) if words.len() > GROUPS => first.to_owned(),
        _ => word.clone(),
    };
    let places = words.iter().map(|word| place(&mut names, 0, &family(word))).collect();
    (names, places)
}

/// The place of a name, most likely `guess`; a new one is added.
fn place(names: &mut Vec<String>, guess: usize, name: &str) -> usize {
    if names.get(guess).is_some_and(|n| n == name) {
        return guess;
    }
    names.iter().position(|n| n == name).unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{busy, kinds};
    use crate::domain::direction::Direction;
    use crate::domain::event::Event;
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
        // Grown or made anew, it is the same; and so it is of an earlier history.
        let before = study.history().clone();
        study.complete(Params::new(), 0.5);
        study.apply(Event::TrialPromoted { trial: 3, reason: "among the best third".into() });
        survey.refresh(study.history());
        assert_eq!(survey.ranked, [8, 5, 1, 2, 0]);
        let same = |survey: &Survey, history: &History| {
            let fresh = Survey::of(history);
            let fates = |s: &Survey| s.points.iter().map(|p| p.fate).collect::<Vec<_>>();
            assert_eq!(
                (fates(survey), &survey.ranked, &survey.steps),
                (fates(&fresh), &fresh.ranked, &fresh.steps)
            );
        };
        same(&survey, study.history());
        survey.refresh(&before);
        same(&survey, &before);
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
        let names = |words: &[&str]| families(&words.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(names(&["tpe startup", "tpe", ""]).0, ["tpe startup", "tpe", "unknown"]);
        let (sources, places) = names(&["a 1", "b 1", "a 2", "a 3", "a 4", "b 2", "c"]);
        assert_eq!((sources, places), (["a", "b", "c"].map(String::from).into(), vec![0, 1, 0, 0, 0, 1, 2]));
    }
}
