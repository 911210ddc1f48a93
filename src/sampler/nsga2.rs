//! NSGA-II (Deb et al. 2002) for two costs: the score, and how large or how slow a network is. What survives are the
//! best of all trials, front by front, and of the last front those that have the most room; parents are chosen by
//! tournaments of two.

use std::cmp::Ordering;

use super::cube::{draw_unseen, startup};
use super::genome::{Genes, NORMAL};
use super::observed::{Observation, Observed};
use super::{Sampler, SamplerError, SamplerRow, Suggestion};
use crate::domain::history::History;
use crate::domain::second::Second;
use crate::domain::seed::{Rng, derive};
use crate::domain::setting::{Accepts, Preset, Setting};
use crate::domain::space::SearchSpace;
use crate::domain::trial::{Origin, TrialId};
use crate::domain::value::counted;
use crate::numeric::pareto::{crowding, fronts};

/// Its row in the table of samplers.
pub const ROW: SamplerRow = SamplerRow {
    name: "nsga2",
    help: "two objectives, the score and the network's size or time (Deb et al. 2002): see `show --pareto`",
    settings: &[
        Setting::new(
            "population",
            Accepts::Int { min: 4, max: 10_000 },
            Preset::Int(20),
            "trials that may become parents; the first ones are a Latin hypercube",
        ),
        Setting::new(
            "second",
            Accepts::Word(&Second::WORDS),
            Preset::Word(Second::Weights.word()),
            "what is to be small besides: how many numbers a network learns, or how long a trial takes",
        ),
        Setting::new(
            "crossover",
            Accepts::Float { min: 0.0, max: 1.0 },
            Preset::Float(0.9),
            "chance of a child to have two parents, from each about half of the genes",
        ),
    ],
    build: |settings| {
        Box::new(Nsga2 {
            population: settings.count("population"),
            // The table admits no other word.
            second: Second::of_word(settings.word("second")).unwrap_or(Second::Weights),
            crossover: settings.float("crossover"),
        })
    },
};

struct Nsga2 {
    population: usize,
    second: Second,
    crossover: f64,
}

/// A trial that may become a parent: its place among the others.
struct Survivor<'a> {
    observation: &'a Observation<'a>,
    front: usize,
    room: f64,
}

impl Sampler for Nsga2 {
    fn ask(&mut self, space: &SearchSpace, history: &History, seed: u64) -> Result<Suggestion, SamplerError> {
        let (observed, genes) = (Observed::of(space, history)?, Genes::of(space, NORMAL));
        let begun = history.trials().len() + history.imported().len();
        let mut rng = Rng::new(derive(seed, "nsga2", 0));
        if begun < self.population || observed.scored.len() < 2 {
            let (params, why) = startup(space, history, self.population, &mut rng);
            return Ok(Suggestion::by("nsga2 startup", params).because(why));
        }
        let survivors = self.survivors(&observed, history);
        let (first, second) = (tournament(&survivors, &mut rng), tournament(&survivors, &mut rng));
        let (father, mother) = (first.observation, second.observation);
        let two = rng.uniform() < self.crossover;
        let from_mother: Vec<bool> = space.parameters.iter().map(|_| two && rng.uniform() < 0.5).collect();
        let mut child = genes.child(&father.point, &mother.point, &from_mother, &mut rng);
        genes.mutate(&mut child, &mut rng);
        let Some((params, again)) = genes.until_new(child, history, &observed, &mut rng) else {
            let draw = Suggestion::by("nsga2 draw", draw_unseen(space, history, &mut rng));
            return Ok(draw.because("a uniform draw: all children are trials already".into()));
        };
        let mut parents: Vec<TrialId> =
            father.trial.into_iter().chain(mother.trial.filter(|_| two)).collect();
        parents.dedup();
        let by = if two { "nsga2 crossover+mutation" } else { "nsga2 mutation" };
        let mutated = counted(1 + again, "mutation");
        let why = match two {
            true => format!("fronts {} and {}, {mutated}", first.front + 1, second.front + 1),
            false => format!("front {}, {mutated}", first.front + 1),
        };
        Ok(Suggestion { params, origin: Origin::bred(by, parents) }.because(why))
    }
}

impl Nsga2 {
    /// The best of all trials. One of which the second cost is not known is the last in it.
    fn survivors<'a>(&self, observed: &'a Observed<'_>, history: &History) -> Vec<Survivor<'a>> {
        let known = |o: &Observation<'_>| o.trial.and_then(|id| self.second.of(history.trial(id)?));
        let costs: Vec<[f64; 2]> =
            observed.scored.iter().map(|o| [o.cost, known(o).unwrap_or(f64::INFINITY)]).collect();
        let fronts = fronts(&costs);
        let rooms = crowding(&costs, &fronts);
        let placed = observed.scored.iter().zip(fronts).zip(rooms);
        let mut all: Vec<Survivor<'_>> =
            placed.map(|((observation, front), room)| Survivor { observation, front, room }).collect();
        all.sort_by(crowded);
        all.truncate(self.population);
        all
    }
}

/// The lower front first, and within it the one with more room (Deb et al. 2002, crowded comparison).
fn crowded(a: &Survivor<'_>, b: &Survivor<'_>) -> Ordering {
    a.front.cmp(&b.front).then(b.room.total_cmp(&a.room))
}

fn tournament<'s, 'a>(survivors: &'s [Survivor<'a>], rng: &mut Rng) -> &'s Survivor<'a> {
    let (a, b) = (&survivors[rng.below(survivors.len())], &survivors[rng.below(survivors.len())]);
    if crowded(a, b).is_le() { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::event::Event;
    use crate::domain::setting::Settings;
    use crate::domain::testing::{Scripted, float, space};
    use crate::domain::value::Value;

    /// The front of f = x² + …, g = (x − 2)² + …, whose Pareto set is 0 ≤ x ≤ 2, the others at 0 (Schaffer).
    #[test]
    fn it_finds_a_front_and_covers_it() {
        let space = space([("x", float(-10.0, 10.0)), ("y", float(-1.0, 1.0)), ("z", float(-1.0, 1.0))]);
        let mut sampler = (ROW.build)(&Settings::defaults(ROW.settings));
        let mut study = Scripted::new(&space, Direction::Maximize, 3);
        for i in 0..300 {
            let found = sampler.ask(&space, study.history(), derive(3, "ask", i)).unwrap();
            assert_eq!(found.origin.parents.is_empty(), i < 20, "{:?}", found.origin);
            let [x, y, z] = ["x", "y", "z"].map(|name| found.params[name].as_f64().unwrap());
            let trial = study.start(found.params);
            let weights = Some((((x - 2.0).powi(2) + y * y + z * z) * 1e6) as u64);
            study.apply(Event::TrialCompleted { trial, score: -(x * x + y * y + z * z), weights });
        }
        let trials = study.history().trials();
        let costs: Vec<[f64; 2]> =
            trials.iter().map(|t| [-t.score.unwrap(), t.weights.unwrap() as f64]).collect();
        let ranks = fronts(&costs);
        let front: Vec<f64> = (0..trials.len())
            .filter(|i| ranks[*i] == 0)
            .map(|i| trials[i].params.get("x").and_then(Value::as_f64).unwrap())
            .collect();
        assert!(front.len() >= 20 && front.iter().all(|x| (-0.5..2.5).contains(x)), "{front:?}");
        for part in 0..4 {
            let within = |x: &&f64| (0.5 * f64::from(part)..0.5 * f64::from(part + 1)).contains(*x);
            assert!(front.iter().filter(within).count() >= 2, "part {part}: {front:?}");
        }
    }

    #[test]
    fn without_a_second_cost_the_score_decides() {
        let space = space([("x", float(0.0, 1.0))]);
        let mut study = Scripted::new(&space, Direction::Minimize, 3);
        for i in 0..40 {
            let x = f64::from(i) / 40.0;
            study.complete(space.from_unit(&[x]), x);
        }
        let sampler = Nsga2 { population: 5, second: Second::Weights, crossover: 0.9 };
        let observed = Observed::of(&space, study.history()).unwrap();
        let survivors: Vec<_> = sampler
            .survivors(&observed, study.history())
            .iter()
            .map(|c| c.observation.trial.unwrap())
            .collect();
        assert_eq!(survivors, [0, 1, 2, 3, 4]);
    }
}
