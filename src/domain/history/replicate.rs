//! Parts of a study's history that are histories of their own: one replicate of its search, and what of it lies
//! where the sampler looks now.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use super::steered::Steered;
use super::{Counts, History};
use crate::domain::event::StudySpec;
use crate::domain::seed::of_replicate;
use crate::domain::trial::{Origin, Trial, TrialId};

impl History {
    /// The history of the search that trial `trial` belongs to, and the trial's number in it. All of it where
    /// the study searches once.
    pub fn search_of(&self, trial: TrialId) -> (Cow<'_, History>, TrialId) {
        let replicates = self.study.replicates.max(1);
        if replicates == 1 {
            return (Cow::Borrowed(self), trial);
        }
        (Cow::Owned(self.replicate(self.study.replicate(trial))), trial / replicates)
    }

    /// What the sampler is shown when it is asked for trial `trial`: the search that the trial belongs to, and of
    /// that what lies in the [space](Self::space) where it looks now, numbered from 0 and in this space. The number
    /// is the trial's own in its search, of which seeds are made: no two trials share one.
    pub fn asked_of(&self, trial: TrialId) -> (Cow<'_, History>, TrialId) {
        let (search, number) = self.search_of(trial);
        match search.within() {
            Some(inside) => (Cow::Owned(inside), number),
            None => (search, number),
        }
    }

    /// All that lies in the space where the sampler looks now, numbered from 0 and in this space.
    pub fn inside(&self) -> Cow<'_, History> {
        self.within().map_or(Cow::Borrowed(self), Cow::Owned)
    }

    /// An origin as the sampler says it that was asked for trial `trial`, with the study's own numbers of the
    /// parents.
    pub fn origin_of(&self, trial: TrialId, mut origin: Origin) -> Origin {
        if origin.parents.is_empty() {
            return origin;
        }
        let replicates = self.study.replicates.max(1);
        let own = self.trials.iter().skip(self.study.replicate(trial)).step_by(replicates);
        let all = !self.is_narrowed();
        let seen: Vec<TrialId> = own.filter(|t| all || self.is_inside(t)).map(|t| t.id).collect();
        origin.parents = origin.parents.iter().filter_map(|parent| seen.get(*parent).copied()).collect();
        origin
    }

    /// Replicate `number` of the search as the history of a study that searches once: with its own seed and its
    /// own trials, numbered from 0, and without the log and the baselines, which are the whole study's.
    pub fn replicate(&self, number: usize) -> History {
        let replicates = self.study.replicates.max(1);
        let trials = self.trials.iter().skip(number).step_by(replicates);
        let trials = trials.map(|t| {
            let mut own = Trial { id: t.id / replicates, ..(**t).clone() };
            // A person may have copied one of another replicate.
            own.origin.parents.retain(|parent| parent % replicates == number);
            own.origin.parents.iter_mut().for_each(|parent| *parent /= replicates);
            Arc::new(own)
        });
        let study =
            StudySpec { seed: of_replicate(self.study.seed, number), replicates: 1, ..self.study.clone() };
        let share = |trials: usize| trials.saturating_sub(number).div_ceil(replicates);
        let mut own = self.part(study, trials.collect());
        own.target = share(self.target);
        own.steered = self.steered.clone();
        own.steered.wanted = share(self.wanted());
        own
    }

    /// Whether the study's space has values at which the sampler does not look now.
    fn is_narrowed(&self) -> bool {
        self.space() != &self.study.space
    }

    fn is_inside(&self, trial: &Trial) -> bool {
        self.space().check(&trial.params).is_ok()
    }

    /// What lies in the space where the sampler looks now, as the history of a study of that space; `None` where
    /// that is all.
    pub fn within(&self) -> Option<History> {
        if !self.is_narrowed() {
            return None;
        }
        let mut numbers = vec![None; self.trials.len()];
        let mut inside = Vec::new();
        for trial in &self.trials {
            let params = &trial.params;
            let (Ok(point), Ok(())) = (self.space().to_unit(params), self.space().check(params)) else {
                continue;
            };
            let mut own = Trial { id: inside.len(), point, ..(**trial).clone() };
            numbers[trial.id] = Some(own.id);
            own.origin.parents = own.origin.parents.iter().filter_map(|p| *numbers.get(*p)?).collect();
            inside.push(Arc::new(own));
        }
        let mut own = self.part(StudySpec { space: self.space().clone(), ..self.study.clone() }, inside);
        own.imported.retain(|known| self.space().check(&known.params).is_ok());
        Some(own)
    }

    /// A history of some of the trials, numbered from 0.
    fn part(&self, study: StudySpec, trials: Vec<Arc<Trial>>) -> History {
        let mut own = History {
            study,
            trials,
            counts: Counts::default(),
            incumbent: None,
            log: VecDeque::new(),
            baselines: Vec::new(),
            imported: self.imported.clone(),
            sources: self.sources.clone(),
            steered: Steered::default(),
            ..*self
        };
        for trial in 0..own.trials.len() {
            *own.counter(&own.trials[trial].state.clone()) += 1;
        }
        // As they were promoted: in the order of their ends, of which an earlier one stands on a tie.
        let mut ended: Vec<TrialId> =
            (0..own.trials.len()).filter(|t| own.trials[*t].score.is_some()).collect();
        ended.sort_by_key(|trial| own.trials[*trial].finished);
        ended.into_iter().for_each(|trial| own.promote(trial));
        own
    }
}
