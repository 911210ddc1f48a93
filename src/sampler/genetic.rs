//! A genetic algorithm over the parameters' values, by the rules of DeepEvolve (Liphardt 2017), with which Bellot
//! et al. (2018) and DLpipeline tuned their networks: the best part of a population is retained, a few others are
//! selected at random, pairs of these are recombined at one point, some children mutate in one gene, always to
//! another value, and no genome is trained twice, nor one that was imported.

use super::cube::{design_point, draw_unseen, latin_hypercube};
use super::genome::{Genes, NORMAL, Step};
use super::observed::{Observation, Observed};
use super::{Sampler, SamplerError, SamplerRow, Suggestion};
use crate::domain::history::History;
use crate::domain::seed::{Rng, derive};
use crate::domain::setting::{Accepts, Is, Preset, Setting};
use crate::domain::space::SearchSpace;
use crate::domain::trial::{Origin, TrialId};
use crate::domain::value::counted;

const FRACTION: Accepts = Accepts::Float { min: 0.0, max: 1.0 };

/// Its row in the table of samplers.
pub const ROW: SamplerRow = SamplerRow {
    name: "genetic",
    help: "a genetic algorithm (DeepEvolve): the best are recombined and mutated, no genome is trained twice",
    settings: &[
        Setting::new(
            "population",
            Accepts::Int { min: 4, max: 10_000 },
            Preset::Int(20),
            "genomes of a generation; the first one is a Latin hypercube",
        ),
        Setting::new(
            "retain",
            FRACTION,
            Preset::Float(0.15),
            "part of the population that breeds for being best",
        ),
        Setting::new(
            "random_select",
            FRACTION,
            Preset::Float(0.1),
            "chance of each of the others to breed too",
        ),
        Setting::new("mutate", FRACTION, Preset::Float(0.3), "chance of a child to mutate in one gene"),
        Setting::new(
            "steady_state",
            Accepts::Bool,
            Preset::Bool(true),
            "breed from the best of all trials so far; otherwise from complete generations only",
        ),
        Setting::new(
            "continuous",
            Accepts::Word(&["gaussian", "grid"]),
            Preset::Word("gaussian"),
            "how genes of real and whole numbers mutate: by normal steps of many scales, or between levels",
        ),
        Setting::new(
            "steps",
            Accepts::Int { min: 2, max: 1000 },
            Preset::Int(10),
            "levels of such a gene, evenly spread over its range",
        )
        .when("continuous", Is::OneOf(&["grid"])),
    ],
    build: |settings| {
        let step =
            if settings.word("continuous") == "grid" { Step::Grid(settings.count("steps")) } else { NORMAL };
        Box::new(Genetic {
            population: settings.count("population"),
            retain: settings.float("retain"),
            random_select: settings.float("random_select"),
            mutate: settings.float("mutate"),
            steady_state: settings.flag("steady_state"),
            step,
        })
    },
};

struct Genetic {
    population: usize,
    retain: f64,
    random_select: f64,
    mutate: f64,
    steady_state: bool,
    step: Step,
}

/// What was trained or imported, and what came of it.
#[derive(Clone, Copy)]
struct Known<'a> {
    history: &'a History,
    observed: &'a Observed<'a>,
}

/// A genome to breed from, and its trial where it is one of the study.
#[derive(Debug, Clone, Copy)]
struct Parent<'a> {
    trial: Option<TrialId>,
    point: &'a [f64],
}

/// Two parents, the first gene that comes from the second one, and what their child draws.
struct Pair<'a> {
    parents: [Parent<'a>; 2],
    cut: usize,
}

impl Sampler for Genetic {
    fn ask(&mut self, space: &SearchSpace, history: &History, seed: u64) -> Result<Suggestion, SamplerError> {
        let (observed, genes) = (Observed::of(space, history)?, Genes::of(space, self.step));
        let known = Known { history, observed: &observed };
        let mut rng = Rng::new(derive(seed, "genetic", 0));
        let begun = history.trials().len() + history.imported().len();
        let child = if begun < self.population || observed.scored.len() < 2 {
            None
        } else if self.steady_state {
            let ranked = best(observed.scored.iter(), self.population);
            let breeders = self.breeders(&ranked, &mut rng);
            let pair = pair(space.dimensions(), &breeders, &mut rng);
            self.child(&genes, known, &pair, &mut rng)
        } else {
            match self.generation(history) {
                Some(number) => self.of_generation(number, &genes, known, &mut rng),
                None => None,
            }
        };
        Ok(child.unwrap_or_else(|| self.startup(&genes, known, &mut rng)))
    }
}

impl Genetic {
    /// A genome of the first population; one that no trial has been.
    fn startup(&self, genes: &Genes<'_>, known: Known<'_>, rng: &mut Rng) -> Suggestion {
        let (space, history, number) = (genes.space, known.history, known.history.trials().len());
        let drawn = latin_hypercube(space, self.population, number, history.study().seed);
        let own = space.parameters.iter().zip(&drawn);
        let point: Vec<f64> = own.map(|(p, unit)| genes.snapped(&p.distribution, *unit)).collect();
        let params = genes.unless_known(&point, history, known.observed);
        let why = design_point(number, self.population, params.is_some());
        let params = params.unwrap_or_else(|| draw_unseen(space, history, rng));
        Suggestion::by("genetic startup", params).because(why)
    }

    /// How many of a population are retained for being best.
    fn retained(&self) -> usize {
        let retained = (self.retain * self.population as f64).round() as usize;
        retained.clamp(2, self.population - 1)
    }

    /// Of genomes, best first, those retained and a few of the others.
    fn breeders<'a>(&self, ranked: &[&'a Observation<'a>], rng: &mut Rng) -> Vec<Parent<'a>> {
        let is_chosen =
            |(rank, _): &(usize, _)| *rank < self.retained() || rng.uniform() < self.random_select;
        ranked.iter().enumerate().filter(is_chosen).map(|(_, o)| Parent::of(o)).collect()
    }

    /// The first trial of a generation, from 1, behind the first population. What is retained is not trained again.
    fn first_of(&self, generation: usize) -> usize {
        self.population + (generation - 1) * (self.population - self.retained())
    }

    /// The last generation for which all trials before it have ended; `None` where the first population has not.
    fn generation(&self, history: &History) -> Option<usize> {
        let ended = history.trials().iter().take_while(|t| t.state.is_finished()).count();
        let behind = ended.checked_sub(self.population)?;
        Some(1 + behind / (self.population - self.retained()))
    }

    /// The next child of a generation: first mutated copies of the others that are selected at random, then the
    /// children of pairs of these and of the retained, two of each pair.
    fn of_generation(
        &self,
        number: usize,
        genes: &Genes<'_>,
        known: Known<'_>,
        rng: &mut Rng,
    ) -> Option<Suggestion> {
        let Known { history, observed } = known;
        let (first, seed) =
            (self.first_of(number), derive(history.study().seed, "generation", number as u64));
        let before = first.saturating_sub(self.population - self.retained());
        let earlier = observed.scored.iter().filter(|o| o.trial.is_none_or(|trial| trial < first));
        let ranked = best(earlier, usize::MAX);
        let (retained, others) = ranked.split_at(self.retained().min(ranked.len()));
        let mut draws = Rng::new(seed);
        // Of the generation before it only: older ones died with theirs.
        let others = others.iter().filter(|o| number == 1 || o.trial.is_some_and(|trial| trial >= before));
        let copied: Vec<Parent<'_>> =
            others.filter(|_| draws.uniform() < self.random_select).map(|o| Parent::of(o)).collect();
        let child = history.trials().len() - first;
        if let Some(own) = copied.get(child) {
            let mut copy = own.point.to_vec();
            genes.mutate(&mut copy, rng);
            return until_new(genes, known, copy, rng, |again| {
                let why = format!("drawn from the others, {}", counted(1 + again, "mutation"));
                ("genetic mutation", vec![*own], why)
            });
        }
        let mutants = history.trials()[first..].iter().take(copied.len());
        let mutants = mutants.map(|t| Parent { trial: Some(t.id), point: &t.point });
        let breeders: Vec<Parent<'_>> = retained.iter().map(|o| Parent::of(o)).chain(mutants).collect();
        if breeders.is_empty() {
            return None; // nothing has a score
        }
        let child = child - copied.len();
        let mut draws = Rng::new(derive(seed, "pair", (child / 2) as u64));
        let mut pair = pair(genes.space.dimensions(), &breeders, &mut draws);
        if child % 2 == 1 {
            pair.parents.swap(0, 1);
        }
        self.child(genes, known, &pair, rng)
    }

    /// A child that no trial has been; `None` where none is found.
    fn child(
        &self,
        genes: &Genes<'_>,
        known: Known<'_>,
        pair: &Pair<'_>,
        rng: &mut Rng,
    ) -> Option<Suggestion> {
        let [father, mother] = pair.parents;
        let from_mother: Vec<bool> = (0..genes.space.dimensions()).map(|gene| gene >= pair.cut).collect();
        let mut child = genes.child(father.point, mother.point, &from_mother, rng);
        let mutates = rng.uniform() < self.mutate;
        if mutates {
            genes.mutate(&mut child, rng);
        }
        until_new(genes, known, child, rng, |again| {
            let mutations = usize::from(mutates) + again;
            let by = if mutations > 0 { "genetic crossover+mutation" } else { "genetic crossover" };
            let mutated = match mutations {
                0 => String::new(),
                n => format!(", {}", counted(n, "mutation")),
            };
            let why = format!("cut behind gene {} of {}{mutated}", pair.cut, from_mother.len());
            (by, vec![father, mother], why)
        })
    }
}

impl<'a> Parent<'a> {
    fn of(observation: &'a Observation<'_>) -> Self {
        Parent { trial: observation.trial, point: &observation.point }
    }
}

/// The best `most` of genomes, best first; the earlier one on a tie.
fn best<'a>(known: impl Iterator<Item = &'a Observation<'a>>, most: usize) -> Vec<&'a Observation<'a>> {
    let by_cost =
        |a: &&Observation<'_>, b: &&Observation<'_>| a.cost.total_cmp(&b.cost).then(a.trial.cmp(&b.trial));
    let mut ranked: Vec<&Observation<'_>> = known.collect();
    if most < ranked.len() {
        ranked.select_nth_unstable_by(most, by_cost);
        ranked.truncate(most);
    }
    ranked.sort_by(by_cost);
    ranked
}

/// Two of `breeders`, different ones where there are two, and where their genomes are cut.
fn pair<'a>(genes: usize, breeders: &[Parent<'a>], rng: &mut Rng) -> Pair<'a> {
    let father = rng.below(breeders.len());
    let mother = (father + 1 + rng.below(breeders.len().max(2) - 1)) % breeders.len();
    let cut = if genes > 1 { 1 + rng.below(genes - 1) } else { genes };
    Pair { parents: [breeders[father], breeders[mother]], cut }
}

/// The first new one of a genome's mutants, itself among them; `origin` says where it comes from, given how often it had to.
fn until_new<'a>(
    genes: &Genes<'_>,
    known: Known<'_>,
    genome: Vec<f64>,
    rng: &mut Rng,
    origin: impl Fn(usize) -> (&'static str, Vec<Parent<'a>>, String),
) -> Option<Suggestion> {
    let (params, again) = genes.until_new(genome, known.history, known.observed, rng)?;
    let (by, parents, why) = origin(again);
    let mut parents: Vec<TrialId> = parents.iter().filter_map(|parent| parent.trial).collect();
    parents.dedup();
    Some(Suggestion { params, origin: Origin::bred(by, parents) }.because(why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::setting::Settings;
    use crate::domain::testing::{Scripted, choice, space};
    use crate::domain::value::{Params, Value};

    fn sampler(given: &[(&str, Value)]) -> Box<dyn Sampler> {
        (ROW.build)(&Settings::with(ROW.settings, given))
    }

    fn onemax() -> SearchSpace {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        space(names.map(|name| (name, choice(&["0", "1", "2", "3"]))))
    }

    fn zeros(params: &Params) -> f64 {
        params.values().filter(|v| **v != Value::from("0")).count() as f64
    }

    /// A search that keeps origins: see [`Scripted`].
    fn search(sampler: &mut dyn Sampler, trials: usize) -> (Scripted, Vec<Origin>) {
        let space = onemax();
        let (mut study, mut origins) = (Scripted::new(&space, Direction::Minimize, 4), Vec::new());
        for i in 0..trials {
            let found = sampler.ask(&space, study.history(), derive(4, "ask", i as u64)).unwrap();
            let cost = zeros(&found.params);
            study.complete(found.params, cost);
            origins.push(found.origin);
        }
        (study, origins)
    }

    #[test]
    fn parents_are_the_best_before_and_their_children_have_their_genes() {
        let (study, origins) = search(sampler(&[("random_select", 0.0.into())]).as_mut(), 60);
        let trials = study.history().trials();
        for (id, origin) in origins.iter().enumerate() {
            assert_eq!(origin.parents.is_empty(), id < 20, "{id}: {origin:?}");
            let mut costs: Vec<f64> = trials[..id].iter().filter_map(|t| t.score).collect();
            costs.sort_by(f64::total_cmp);
            for parent in &origin.parents {
                assert!(trials[*parent].score.unwrap() <= costs[2], "{id}: {origin:?} {costs:?}");
            }
            if origin.by == "genetic crossover" {
                for (name, value) in &trials[id].params {
                    assert!(origin.parents.iter().any(|p| &trials[*p].params[name] == value));
                }
            }
        }
        assert!(origins.iter().any(|o| o.by == "genetic crossover" && o.parents.len() == 2));
        assert!(study.history().incumbent().unwrap().score.unwrap() <= 1.0);
    }

    #[test]
    fn a_generation_is_bred_from_those_before_it_only() {
        let given = [("steady_state", false.into()), ("population", 10.into()), ("retain", 0.3.into())];
        let (_, origins) = search(sampler(&given).as_mut(), 38);
        // Ten, then seven a generation.
        for (id, origin) in origins.iter().enumerate().skip(10) {
            let first = 10 + (id - 10) / 7 * 7;
            let mutants: Vec<usize> =
                (first..id).take_while(|i| origins[*i].by == "genetic mutation").collect();
            let fits = |p: &usize| *p < first || mutants.contains(p);
            assert!(!origin.parents.is_empty() && origin.parents.iter().all(fits), "{id}: {origin:?}");
        }
        assert!(origins.iter().any(|o| o.by == "genetic mutation" && o.parents.len() == 1));
    }

    #[test]
    fn slots_get_further_children_while_a_generation_is_not_complete() {
        let given = [("steady_state", false.into()), ("population", 6.into())];
        let (space, mut sampler) = (onemax(), sampler(&given));
        let mut study = Scripted::new(&space, Direction::Minimize, 9);
        let straggler = sampler.ask(&space, study.history(), 0).unwrap().params;
        study.start(straggler);
        for i in 1..30 {
            let found = sampler.ask(&space, study.history(), i).unwrap();
            assert_eq!(found.origin.by, "genetic startup", "the first population has not ended");
            let cost = zeros(&found.params);
            study.complete(found.params, cost);
        }
        study.apply(crate::domain::event::Event::TrialCompleted { trial: 0, score: 3.0, weights: None });
        let found = sampler.ask(&space, study.history(), 30).unwrap();
        assert!(!found.origin.parents.is_empty(), "{:?}", found.origin);
    }
}
