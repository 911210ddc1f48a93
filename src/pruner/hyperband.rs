//! Hyperband (Li et al. 2018), asynchronous: brackets of successive halving whose first rungs lie one further than
//! the last one's, and one without any, so that no choice of the first rung is relied on.
//!
//! A bracket with k rungs takes η^k / (k + 1) of the trials (rounded up, times the number of brackets), so that all
//! train about as many epochs: algorithm 1 of the paper. Of more than a thousand trials a deal, the shares are scaled
//! down to that, and each bracket takes one at least. Trials are dealt by their number, each to the bracket
//! that is furthest behind its share.

use super::rungs::{Climb, Ladder, SETTINGS, arrived, likeliest};
use super::{Pruner, PrunerRow};
use crate::domain::course::Course;
use crate::domain::event::StudySpec;
use crate::domain::history::History;
use crate::domain::insight::Rung;
use crate::domain::trial::{Trial, TrialId};

/// Its row in the table of pruners.
pub const ROW: PrunerRow = PrunerRow {
    name: "hyperband",
    help: "brackets of asynchronous successive halving that begin at different rungs, and one that ends none \
           (Li et al. 2018)",
    settings: SETTINGS,
    build: |settings| Box::new(Hyperband(Ladder::of(settings))),
};

/// Most brackets: where a study does not know its end, rungs go on for ever.
const BRACKETS: usize = 5;

struct Hyperband(Ladder);

/// Most trials after which the deal begins anew, but for one of each bracket: with a large `reduction` the exact
/// shares would only be met after more trials than anyone runs.
const TURNS: usize = 1000;

/// How trials are dealt.
struct Deal {
    /// The rungs of the bracket that has all.
    places: Vec<usize>,
    /// The brackets of trials 0, 1, …, over and over. Bracket b lacks the first b rungs.
    turns: Vec<usize>,
}

impl Deal {
    fn bracket(&self, trial: TrialId) -> usize {
        self.turns[trial % self.turns.len()]
    }

    fn places(&self, bracket: usize) -> &[usize] {
        &self.places[bracket.min(self.places.len())..]
    }

    fn brackets(&self) -> usize {
        (self.places.len() + 1).min(BRACKETS)
    }
}

impl Hyperband {
    fn deal(&self, study: &StudySpec) -> Deal {
        let places = self.0.places(study);
        let brackets = (places.len() + 1).min(BRACKETS);
        let share = |bracket: usize| {
            let halvings = brackets - 1 - bracket;
            (brackets * self.0.reduction.pow(halvings as u32)).div_ceil(halvings + 1)
        };
        let mut shares: Vec<usize> = (0..brackets).map(share).collect();
        let total: usize = shares.iter().sum();
        if total > TURNS {
            shares.iter_mut().for_each(|share| *share = (*share * TURNS).div_ceil(total));
        }
        let total: usize = shares.iter().sum();
        let mut dealt = vec![0; brackets];
        let turns = (1..=total).map(|turn| {
            // Largest share × turn − dealt × total; the first bracket on a tie.
            let behind = |b: &usize| (shares[*b] * turn) as i128 - (dealt[*b] * total) as i128;
            let next = (0..brackets).rev().max_by_key(behind).unwrap_or(0);
            dealt[next] += 1;
            next
        });
        let turns = turns.collect();
        Deal { places, turns }
    }

    fn climb<'a>(&self, history: &'a History, deal: &'a Deal, bracket: usize) -> Climb<'a> {
        let places = deal.places(bracket).to_vec();
        let includes = Box::new(move |trial| deal.bracket(trial) == bracket);
        Climb { ladder: self.0, history, places, includes }
    }
}

impl Pruner for Hyperband {
    fn plan(&self, study: &StudySpec) -> Option<String> {
        let deal = self.deal(study);
        let plan = self.0.plan(study);
        let of = |b: usize| deal.turns.iter().filter(|turn| **turn == b).count().to_string();
        let dealt: Vec<String> = (0..deal.brackets()).map(of).collect();
        Some(format!("{plan}; of {} trials the brackets take {}", deal.turns.len(), dealt.join(", ")))
    }

    fn is_due(&self, study: &StudySpec, trial: &Trial, number: TrialId) -> bool {
        let deal = self.deal(study);
        arrived(&Course::of(study), deal.places(deal.bracket(number)), trial).is_some()
    }

    fn decide(&self, history: &History, trial: TrialId) -> Option<String> {
        let deal = self.deal(history.study());
        let bracket = deal.bracket(trial);
        let reason = self.climb(history, &deal, bracket).decide(trial)?;
        Some(format!("bracket {}, {reason}", bracket + 1))
    }

    fn pauses(&self, study: &StudySpec, number: TrialId) -> Vec<usize> {
        let deal = self.deal(study);
        deal.places(deal.bracket(number)).to_vec()
    }

    fn promotes(&self) -> bool {
        true
    }

    fn promote(&self, history: &History) -> Option<(TrialId, String)> {
        let deal = self.deal(history.study());
        (0..deal.brackets()).find_map(|bracket| {
            let (trial, reason) = self.climb(history, &deal, bracket).promote()?;
            Some((trial, format!("bracket {}, {reason}", bracket + 1)))
        })
    }

    fn promotable(&self, history: &History) -> Vec<TrialId> {
        let deal = self.deal(history.study());
        let of = |bracket| self.climb(history, &deal, bracket).promotable();
        likeliest((0..deal.brackets()).flat_map(of).collect())
    }

    fn rungs(&self, history: &History) -> Vec<Rung> {
        let deal = self.deal(history.study());
        (0..deal.brackets()).flat_map(|bracket| self.climb(history, &deal, bracket).rungs(bracket)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::setting::Settings;
    use crate::domain::testing::{self, space};

    #[test]
    fn trials_are_dealt_in_the_papers_shares_and_evenly() {
        let given = [("reduction", 3.into()), ("min_resource", 9.into())];
        let rule = Hyperband(Ladder::of(&Settings::with(SETTINGS, &given)));
        // One fold of 81 epochs: rungs at 9 and 27, and three brackets.
        let mut study = testing::study(space([]));
        (study.folds, study.epochs) = (1, 81);
        let deal = rule.deal(&study);
        assert_eq!(deal.places, [9, 27]);
        let count = |b| deal.turns.iter().filter(|turn| **turn == b).count();
        assert_eq!([0, 1, 2].map(count), [9, 5, 3], "3 · 9 / 3, 3 · 3 / 2 rounded up, 3");
        assert_eq!([deal.places(0).len(), deal.places(1).len(), deal.places(2).len()], [2, 1, 0]);
        let early: Vec<usize> = deal.turns[..6].to_vec();
        assert!([0, 1, 2].iter().all(|b| early.contains(b)), "{early:?}");
        // However many trials there are, no bracket is a trial ahead of its share or behind it.
        for trials in 1..=51 {
            for (bracket, share) in [9.0, 5.0, 3.0].into_iter().enumerate() {
                let dealt = (0..trials).filter(|trial| deal.bracket(*trial) == bracket).count();
                let due = share * trials as f64 / 17.0;
                assert!(
                    (dealt as f64 - due).abs() < 1.0,
                    "{dealt} of {trials} to bracket {bracket}, {due} due"
                );
            }
        }
        assert!(rule.plan(&study).unwrap().ends_with("of 17 trials the brackets take 9, 5, 3"));
    }

    #[test]
    fn a_deal_is_bounded_however_far_apart_rungs_are() {
        let mut study = testing::study(space([]));
        // A program that reports as often as it likes: rungs go on for ever.
        (study.folds, study.epochs) = (1, 1);
        for reduction in [6, 10, 100] {
            let given = [("reduction", reduction.into())];
            let rule = Hyperband(Ladder::of(&Settings::with(SETTINGS, &given)));
            let deal = rule.deal(&study);
            assert_eq!(deal.brackets(), BRACKETS);
            assert!(deal.turns.len() <= TURNS + BRACKETS, "{reduction}: {}", deal.turns.len());
            let count = |b| deal.turns.iter().filter(|turn| **turn == b).count();
            let counts: Vec<usize> = (0..BRACKETS).map(count).collect();
            assert!(
                counts.is_sorted_by(|a, b| a >= b) && counts[BRACKETS - 1] > 0,
                "{reduction}: {counts:?}"
            );
        }
    }
}
