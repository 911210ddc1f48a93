//! Two studies side by side.

use std::collections::BTreeSet;

use super::human;
use crate::domain::event::StudySpec;
use crate::domain::history::History;
use crate::domain::value::{Value, significant};

/// What both say of a thing, in words; nothing where one says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The thing.
    pub name: String,
    /// The first study's and the second one's word.
    pub values: [String; 2],
}

impl Fact {
    fn new(name: &str, values: [String; 2]) -> Self {
        Fact { name: name.to_owned(), values }
    }

    /// Whether they do not say the same.
    pub fn differs(&self) -> bool {
        self.values[0] != self.values[1]
    }
}

/// Whether scores of two studies mean the same, and what makes one doubt it where they do.
///
/// # Errors
/// Why they do not.
pub fn comparable(studies: [&StudySpec; 2]) -> Result<Option<&'static str>, String> {
    let [a, b] = studies;
    if a.metric != b.metric || a.direction != b.direction {
        let word = |study: &StudySpec| format!("{} ({})", study.metric, study.direction.word());
        return Err(format!("scores can't be compared: {} here, {} there", word(a), word(b)));
    }
    Ok(if a.fingerprint.data != b.fingerprint.data {
        Some("the data differ, so scores are of other rows")
    } else if a.seed != b.seed || a.folds != b.folds || a.select_on != b.select_on {
        Some("the folds differ, so scores are of other rows")
    } else {
        None
    })
}

/// What the studies are, and what they came to.
pub fn facts(histories: [&History; 2]) -> Vec<Fact> {
    let fact = |name: &str, word: &dyn Fn(&History) -> String| Fact::new(name, histories.map(word));
    let study =
        |name: &str, word: fn(&StudySpec) -> String| Fact::new(name, histories.map(|h| word(h.study())));
    let best = |history: &History| {
        let Some(best) = history.incumbent() else { return "none yet".to_owned() };
        let score = best.score.map(|score| significant(score, 4)).unwrap_or_default();
        let spread = best.spread().map(|spread| format!(" ({})", significant(spread, 2)));
        score + &spread.unwrap_or_default()
    };
    let method = |switched: Option<String>, begun: &str| switched.unwrap_or_else(|| begun.to_owned());
    vec![
        study("metric", |study| format!("{}, {}", study.metric, study.direction.word())),
        fact("best (spread)", &best),
        fact("its trial", &|h| h.incumbent().map_or_else(String::new, |best| best.id.to_string())),
        fact("trials", &|h| {
            format!("{}/{}", human::thousands(h.counts().finished()), human::thousands(h.target()))
        }),
        fact("time", &|h| human::duration(h.active_ms() as f64 / 1000.0)),
        fact("sampler", &|h| method(h.sampler().map(ToString::to_string), &h.study().sampler)),
        study("model", |study| study.model.clone()),
        study("data", |study| study.data.clone()),
        study("folds", |study| match study.repeats {
            1 => study.folds.to_string(),
            repeats => format!("{}, {repeats} times each", study.folds),
        }),
        study("epochs", |study| study.epochs.to_string()),
        study("seed", |study| study.seed.to_string()),
    ]
}

/// The values of the best trials, of parameters that either of them has.
pub fn best_params(histories: [&History; 2]) -> Vec<Fact> {
    let all: Vec<_> = histories
        .iter()
        .map(|history| {
            let own = history.incumbent().map(|best| best.params.clone()).unwrap_or_default();
            let fixed = history.study().fixed_in(&own).map(|(name, value)| (name.clone(), value.clone()));
            let mut params: Vec<(String, Value)> = fixed.collect();
            params.extend(own.clone());
            params
        })
        .collect();
    let names: BTreeSet<&String> = all.iter().flatten().map(|(name, _)| name).collect();
    let value = |of: usize, name: &str| {
        all[of].iter().find(|(known, _)| known == name).map(|(_, v)| v.to_string()).unwrap_or_default()
    };
    let facts = names.into_iter().map(|name| Fact::new(name, [0, 1].map(|of| value(of, name))));
    sorted(facts.collect())
}

/// What is searched in each.
pub fn spaces(histories: [&History; 2]) -> Vec<Fact> {
    let spaces = histories.map(History::space);
    let names: BTreeSet<&String> = spaces.iter().flat_map(|s| &s.parameters).map(|p| &p.name).collect();
    let range = |of: usize, name: &str| {
        let found = spaces[of].parameters.iter().find(|parameter| parameter.name == name);
        found.map(|parameter| parameter.distribution.to_string()).unwrap_or_default()
    };
    let facts = names.into_iter().map(|name| Fact::new(name, [0, 1].map(|of| range(of, name))));
    sorted(facts.collect())
}

/// What differs first.
fn sorted(mut facts: Vec<Fact>) -> Vec<Fact> {
    facts.sort_by_key(|fact| !fact.differs());
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{Script, busy, kinds};
    use crate::domain::direction::Direction;

    fn named<'a>(facts: &'a [Fact], name: &str) -> [&'a str; 2] {
        let fact = facts.iter().find(|fact| fact.name == name).unwrap();
        [0, 1].map(|of| fact.values[of].as_str())
    }

    #[test]
    fn two_studies_tell_what_they_are_and_where_they_differ() {
        let (a, b) = (busy(), kinds());
        let histories = [a.history(), b.history()];
        let facts = facts(histories);
        assert_eq!(named(&facts, "best (spread)"), ["63.40 (1.6)", "71.30 (2.0)"]);
        assert_eq!(named(&facts, "trials"), ["12/40", "6/12"]);
        assert_eq!(named(&facts, "folds"), ["4", "2, 2 times each"]);
        let params = best_params(histories);
        assert!(params[0].differs() && !named(&params, "filters")[0].is_empty());
        assert_eq!(named(&params, "filters")[1], "");
        let spaces = spaces(histories);
        assert_eq!(named(&spaces, "filters"), ["5 – 50", ""]);
        let same = super::spaces([a.history(); 2]);
        assert!(!same.is_empty() && !same.iter().any(Fact::differs));
        let empty = Script::new(2);
        assert_eq!(named(&super::facts([empty.history(), a.history()]), "best (spread)")[0], "none yet");
        assert_eq!(best_params([empty.history(); 2]).len(), 1, "the fixed one");
    }

    #[test]
    fn scores_of_other_metrics_or_rows_are_told_apart() {
        let study = busy().history().study().clone();
        assert_eq!(comparable([&study, &study]), Ok(None));
        let other = StudySpec { metric: "pearson".into(), direction: Direction::Maximize, ..study.clone() };
        let why = "scores can't be compared: mse (minimize) here, pearson (maximize) there";
        assert_eq!(comparable([&study, &other]), Err(why.into()));
        let mut data = study.clone();
        data.fingerprint.data = "else".into();
        assert!(comparable([&study, &data]).unwrap().unwrap().starts_with("the data differ"));
        let seed = StudySpec { seed: 99, ..study.clone() };
        assert!(comparable([&study, &seed]).unwrap().unwrap().starts_with("the folds differ"));
    }
}
