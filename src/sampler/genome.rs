//! Genomes as evolutionary samplers breed them: a point of the unit cube, one coordinate a gene.
//!
//! A trial has values of its active parameters only, so a gene that is not active is not inherited. A child whose
//! own gene of a parameter became active takes it from the other parent where that one has it, and else draws it.

use super::cube::unless_repeat;
use super::observed::Observed;
use crate::domain::history::History;
use crate::domain::seed::Rng;
use crate::domain::space::{Distribution, SearchSpace};
use crate::domain::value::Params;

/// Mutations after which a genome that was trained before is given up, in a space of few points.
const MUTATIONS: usize = 100;

/// Coordinate of a gene that is not active.
const INACTIVE: f64 = 0.5;

/// How a gene of real or whole numbers mutates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// By a normal step whose scale is `largest` × 2^−u, u uniform up to `octaves`: most are small, some are
    /// not, whatever precision the problem asks for (Mühlenbein & Schlierkamp-Voosen 1993, breeder GA).
    Gaussian {
        /// The largest scale, as part of the parameter's range.
        largest: f64,
        /// How often it may be halved.
        octaves: f64,
    },
    /// To another of this many levels, evenly spread.
    Grid(usize),
}

/// Steps of up to half of a parameter's range, most of them much smaller.
pub const NORMAL: Step = Step::Gaussian { largest: 0.5, octaves: 8.0 };

/// The space as its genes.
pub struct Genes<'a> {
    pub space: &'a SearchSpace,
    pub step: Step,
    /// Whether any parameter has a condition.
    conditional: bool,
}

impl<'a> Genes<'a> {
    pub fn of(space: &'a SearchSpace, step: Step) -> Self {
        let conditional = space.parameters.iter().any(|p| !p.when.is_empty());
        Genes { space, step, conditional }
    }

    /// Which genes are active.
    pub fn active(&self, point: &[f64]) -> Vec<bool> {
        if self.conditional { self.space.active(point) } else { vec![true; point.len()] }
    }

    /// A child that has the genes of `mother` where `from_mother` says so, and else of `father`.
    pub fn child(&self, father: &[f64], mother: &[f64], from_mother: &[bool], rng: &mut Rng) -> Vec<f64> {
        let chosen = from_mother.iter().enumerate();
        let mut child: Vec<f64> = chosen.map(|(i, m)| if *m { mother[i] } else { father[i] }).collect();
        if self.conditional {
            let (of_father, of_mother) = (self.space.active(father), self.space.active(mother));
            let known = |i: usize| match (of_father[i], of_mother[i]) {
                (true, true) => Some(child[i]),
                (true, false) => Some(father[i]),
                (false, true) => Some(mother[i]),
                (false, false) => None,
            };
            let known: Vec<Option<f64>> = (0..child.len()).map(known).collect();
            child = self.repaired(&known, rng);
        }
        child
    }

    /// The genome of what is known: genes that are active and unknown are drawn, those that are not are
    /// [`INACTIVE`].
    fn repaired(&self, known: &[Option<f64>], rng: &mut Rng) -> Vec<f64> {
        let drawn: Vec<f64> = known.iter().map(|unit| unit.unwrap_or_else(|| rng.uniform())).collect();
        let active = self.space.active(&drawn);
        let own = drawn.iter().zip(active).zip(&self.space.parameters);
        own.map(|((unit, active), p)| if active { self.snapped(&p.distribution, *unit) } else { INACTIVE })
            .collect()
    }

    /// The middle of the cell of whole numbers, choices and levels.
    pub fn snapped(&self, distribution: &Distribution, unit: f64) -> f64 {
        match (distribution, self.step) {
            (Distribution::Float { low, high, .. }, _) if low == high => INACTIVE,
            (Distribution::Float { .. }, Step::Gaussian { .. }) => unit,
            (Distribution::Float { .. }, Step::Grid(levels)) => level(level_of(unit, levels), levels),
            _ => distribution.to_unit(&distribution.from_unit(unit)).unwrap_or(unit),
        }
    }

    /// Changes one active gene to another value, any of them; nothing where each has one value only.
    pub fn mutate(&self, point: &mut Vec<f64>, rng: &mut Rng) {
        let free = |i: &usize| self.space.parameters[*i].distribution.cardinality() != Some(1);
        let active = self.active(point);
        let genes: Vec<usize> = (0..point.len()).filter(|i| active[*i]).filter(free).collect();
        if genes.is_empty() {
            return;
        }
        let gene = genes[rng.below(genes.len())];
        point[gene] = self.mutated(&self.space.parameters[gene].distribution, point[gene], rng);
        if self.conditional {
            let known: Vec<Option<f64>> = (0..point.len()).map(|i| active[i].then_some(point[i])).collect();
            *point = self.repaired(&known, rng);
        }
    }

    /// The params of a genome, unless a trial or what was imported has them.
    pub fn unless_known(&self, point: &[f64], history: &History, observed: &Observed<'_>) -> Option<Params> {
        let params = unless_repeat(self.space, history, point)?;
        let own = self.space.to_unit(&params).ok()?;
        let imported = observed.scored.iter().take_while(|o| o.trial.is_none());
        (!imported.into_iter().any(|o| *o.point == *own)).then_some(params)
    }

    /// Mutates `genome` until [its params are new](Self::unless_known); those, and how often it had to.
    pub fn until_new(
        &self,
        mut genome: Vec<f64>,
        history: &History,
        observed: &Observed<'_>,
        rng: &mut Rng,
    ) -> Option<(Params, usize)> {
        for attempt in 0..MUTATIONS {
            if let Some(params) = self.unless_known(&genome, history, observed) {
                return Some((params, attempt));
            }
            self.mutate(&mut genome, rng);
        }
        None
    }

    /// Another value of a gene that has several.
    fn mutated(&self, distribution: &Distribution, unit: f64, rng: &mut Rng) -> f64 {
        let others = |here: usize, count: usize, rng: &mut Rng| {
            let other = rng.below(count - 1);
            if other < here { other } else { other + 1 }
        };
        match (distribution, self.step) {
            (Distribution::Choice { choices }, _) => {
                let count = choices.len();
                let here = ((unit * count as f64) as usize).min(count - 1);
                (others(here, count, rng) as f64 + 0.5) / count as f64
            }
            (_, Step::Grid(levels)) => {
                let (here, spread) =
                    (level_of(unit, levels), |at| self.snapped(distribution, level(at, levels)));
                let elsewhere = spread(others(here, levels, rng));
                // Fewer whole numbers than levels: the next one.
                if elsewhere == unit { moved(distribution, unit, 1.0) } else { elsewhere }
            }
            (_, Step::Gaussian { largest, octaves }) => {
                let scale = largest * libm::exp2(-octaves * rng.uniform());
                let to = reflected(unit + scale * rng.normal());
                let snapped = self.snapped(distribution, to);
                if snapped == unit { moved(distribution, unit, to - unit) } else { snapped }
            }
        }
    }
}

/// The level a coordinate belongs to: levels stand at both ends and evenly between.
fn level_of(unit: f64, levels: usize) -> usize {
    (unit * (levels - 1) as f64 + 0.5) as usize
}

fn level(number: usize, levels: usize) -> f64 {
    number as f64 / (levels - 1) as f64
}

/// Thrown back at 0 and 1.
fn reflected(unit: f64) -> f64 {
    let within = unit.abs() % 2.0;
    if within > 1.0 { 2.0 - within } else { within }
}

/// The whole number beside `unit` in the direction of `step`, or on the other side where there is none.
fn moved(distribution: &Distribution, unit: f64, step: f64) -> f64 {
    let beside = super::cube::neighbours(distribution, unit);
    let towards = beside.iter().find(|u| (**u - unit) * step > 0.0);
    towards.or(beside.first()).copied().unwrap_or(unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::event::Event;
    use crate::domain::testing::{Scripted, choice, conditional, float, int, space};
    use crate::domain::trial::Imported;
    use crate::domain::value::Value;

    #[test]
    fn a_mutation_changes_one_gene_to_another_value() {
        let space = space([
            ("f", float(-3.0, 3.0)),
            ("n", int(1, 9)),
            ("c", choice(&["a", "b"])),
            ("one", int(2, 2)),
        ]);
        for step in [NORMAL, Step::Grid(4)] {
            let genes = Genes::of(&space, step);
            let (mut rng, mut changes) = (Rng::new(5), [0; 4]);
            let mut point = vec![1.0, 0.5, 0.25, 0.5];
            for _ in 0..400 {
                let before = space.from_unit(&point);
                genes.mutate(&mut point, &mut rng);
                let after = space.from_unit(&point);
                assert_eq!(space.check(&after), Ok(()));
                let differ: Vec<usize> = ["f", "n", "c", "one"]
                    .iter()
                    .enumerate()
                    .filter(|(_, n)| before[**n] != after[**n])
                    .map(|(i, _)| i)
                    .collect();
                assert_eq!(differ.len(), 1, "{before:?} {after:?}");
                changes[differ[0]] += 1;
            }
            assert!(changes[..3].iter().all(|n| *n > 100), "{changes:?}");
        }
    }

    #[test]
    fn a_child_has_its_parents_values_and_draws_what_neither_has() {
        let space = conditional();
        let genes = Genes::of(&space, NORMAL);
        let at = |values: &[(&str, Value)]| {
            space.to_unit(&values.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect()).unwrap()
        };
        let cnn = at(&[("kind", "cnn".into()), ("cnn.pool", 2.into())]);
        let mlp = at(&[("kind", "mlp".into()), ("mlp.layers", 2.into()), ("mlp.units_2", 16.into())]);
        let mut rng = Rng::new(1);
        // The kind of the one, and of the rest what the other has.
        let child = genes.child(&mlp, &cnn, &[false, true, true, true, true], &mut rng);
        assert_eq!(child, mlp);
        let child = genes.child(&mlp, &cnn, &[true, false, false, false, false], &mut rng);
        assert_eq!(child, cnn);
        // Another layer needs units that neither has.
        let mut units = std::collections::BTreeSet::new();
        for _ in 0..50 {
            let mut known: Vec<Option<f64>> = mlp.iter().copied().map(Some).collect();
            known[2] = space.parameters[2].distribution.to_unit(&Value::Int(3));
            known[4] = None;
            let params = space.from_unit(&genes.repaired(&known, &mut rng));
            assert_eq!(space.check(&params), Ok(()));
            units.insert(params["mlp.units_3"].to_string());
        }
        assert_eq!(units.len(), 3);
    }

    #[test]
    fn what_was_trained_or_imported_is_known_by_its_values_and_mutates_until_it_is_new() {
        let space =
            space([("f", Distribution::Float { low: 1e-5, high: 1e-1, log: true }), ("n", int(1, 9))]);
        let mut study = Scripted::new(&space, Direction::Minimize, 1);
        study.fail(space.from_unit(&[0.3, 0.5]));
        let trials = vec![Imported { params: space.from_unit(&[0.7, 0.5]), score: 1.0 }];
        study.apply(Event::TrialsImported { source: "old.csv".into(), trials });
        let (history, observed) = (study.history(), Observed::of(&space, study.history()).unwrap());
        let genes = Genes::of(&space, NORMAL);
        let new = |point: [f64; 2]| genes.unless_known(&point, history, &observed).is_some();
        assert!(!new([0.3, 0.52]) && !new([0.7, 0.52]));
        assert!(new([0.3, 0.7]) && new([0.31, 0.5]) && new([0.71, 0.5]));
        let mut rng = Rng::new(1);
        let (same, mutated) = genes.until_new(vec![0.4, 0.5], history, &observed, &mut rng).unwrap();
        assert!(mutated == 0 && same == space.from_unit(&[0.4, 0.5]));
        let (other, mutated) = genes.until_new(vec![0.7, 0.5], history, &observed, &mut rng).unwrap();
        assert!(mutated > 0 && other != history.imported()[0].params);
    }
}
