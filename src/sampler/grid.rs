//! Grid search: every combination of some values of each parameter, in an order shuffled by the study's seed.
//! In a conditional space the combinations are those of the parameters that are active.

use std::collections::{BTreeMap, HashSet};

use super::{Sampler, SamplerError, SamplerRow, Suggestion};
use crate::domain::history::History;
use crate::domain::seed::derive;
use crate::domain::setting::{Accepts, Preset, Setting};
use crate::domain::space::{Distribution, SearchSpace};
use crate::domain::value::{Params, Value};

/// Its row in the table of samplers.
pub const ROW: SamplerRow = SamplerRow {
    name: "grid",
    help: "every combination of some values of each parameter, in a shuffled order, until all are tried",
    settings: &[Setting::new(
        "steps",
        Accepts::Int { min: 2, max: 1000 },
        Preset::Int(5),
        "values of a parameter of real numbers, or of more whole numbers than these; both ends among them",
    )],
    build: |settings| Box::new(GridSearch { steps: settings.count("steps") }),
};

/// Grids of more points are refused: they can't be counted without rounding.
const MOST: u64 = 1_000_000_000_000_000_000;

struct GridSearch {
    steps: usize,
}

impl Sampler for GridSearch {
    fn plan(&self, space: &SearchSpace, trials: usize) -> Result<Option<String>, SamplerError> {
        let size = Grid::of(space, self.steps)?.size;
        let covered = if size > trials as u64 {
            format!("the study's {trials} trials cover the first {trials} of them in a shuffled order")
        } else {
            "the study's trials cover all of them".into()
        };
        Ok(Some(format!("a grid of {} points; {covered}", thousands(size))))
    }

    fn ask(&mut self, space: &SearchSpace, history: &History, _: u64) -> Result<Suggestion, SamplerError> {
        let mut grid = Grid::of(space, self.steps)?;
        let seed = derive(history.study().seed, "grid", 0);
        let tried: HashSet<Vec<u64>> = history.trials().iter().map(|t| bits(&t.point)).collect();
        // As many as there are trials have been passed; those that others took in between stand at the end.
        let first = history.trials().len() as u64 % grid.size;
        for index in (first..grid.size).chain(0..first) {
            let params = grid.point(permuted(index, grid.size, seed));
            let point = space.to_unit(&params).map_err(|e| SamplerError::Failed(format!("grid: {e}")))?;
            if !tried.contains(&bits(&point)) {
                let why = format!("point {} of {}, in a shuffled order", index + 1, thousands(grid.size));
                return Ok(Suggestion::by(ROW.name, params).because(why));
            }
        }
        let size = thousands(grid.size);
        Err(SamplerError::Exhausted(format!("all {size} points of the grid have been tried")))
    }
}

fn bits(point: &[f64]) -> Vec<u64> {
    point.iter().map(|u| u.to_bits()).collect()
}

/// 1234567 as 1,234,567.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// The values of a parameter that stand on the grid, each once, in order.
fn levels(distribution: &Distribution, steps: usize) -> Vec<Value> {
    let all = match distribution {
        Distribution::Choice { .. } => distribution.cardinality(),
        _ => distribution.cardinality().filter(|n| *n <= steps as u64),
    };
    if let Some(count) = all {
        return (0..count).map(|index| distribution.nth(index)).collect();
    }
    let (low, high) = match distribution {
        Distribution::Float { low, high, .. } => (Value::Float(*low), Value::Float(*high)),
        Distribution::Int { low, high, .. } => (Value::Int(*low), Value::Int(*high)),
        Distribution::Choice { .. } => return Vec::new(), // those were all taken
    };
    // From the middle of the first cell to that of the last: evenly, in the logarithm where it says so.
    let [from, to] = [&low, &high].map(|v| distribution.to_unit(v).unwrap_or(0.5));
    let inner = 1..steps - 1;
    let at = |step: usize| distribution.from_unit(from + (to - from) * step as f64 / (steps - 1) as f64);
    let mut values: Vec<Value> =
        std::iter::once(low.clone()).chain(inner.map(at)).chain([high.clone()]).collect();
    values.dedup();
    values
}

/// The grid of a space, its points numbered in the order of a tree: the parameters one after another.
struct Grid<'a> {
    space: &'a SearchSpace,
    levels: Vec<Vec<Value>>,
    /// The last parameter that a condition on each one belongs to.
    last_use: Vec<usize>,
    /// How many points there are below a parameter, by the values that later conditions ask for.
    counts: BTreeMap<(usize, Vec<Option<usize>>), u64>,
    size: u64,
}

impl<'a> Grid<'a> {
    fn of(space: &'a SearchSpace, steps: usize) -> Result<Self, SamplerError> {
        let levels = space.parameters.iter().map(|p| levels(&p.distribution, steps)).collect();
        let uses =
            |name: &str| space.parameters.iter().rposition(|p| p.when.iter().any(|c| c.parameter == name));
        let last_use = space.parameters.iter().map(|p| uses(&p.name).unwrap_or(0)).collect();
        let mut grid = Grid { space, levels, last_use, counts: BTreeMap::new(), size: 0 };
        grid.size = grid.below(&mut Vec::new());
        if grid.size > MOST {
            return Err(SamplerError::Failed(format!(
                "the grid has more than {} points: search fewer parameters, lower `sampler.steps`, or choose \
                 another sampler",
                thousands(MOST)
            )));
        }
        Ok(grid)
    }

    /// Whether parameter `chosen.len()` is active beside the levels chosen before it.
    fn is_active(&self, chosen: &[Option<usize>]) -> bool {
        self.space.parameters[chosen.len()].when.iter().all(|condition| {
            let parent = self.space.parameters.iter().position(|p| p.name == condition.parameter);
            let level = parent.and_then(|p| Some((p, (*chosen.get(p)?)?)));
            level.is_some_and(|(parent, level)| condition.is.contains(&self.levels[parent][level]))
        })
    }

    /// How many points begin with the levels `chosen`; [`u64::MAX`] for as many or more.
    fn below(&mut self, chosen: &mut Vec<Option<usize>>) -> u64 {
        let depth = chosen.len();
        if depth == self.levels.len() {
            return 1;
        }
        // What no later condition asks for makes no difference.
        let matter = |(i, level): (usize, &Option<usize>)| level.filter(|_| self.last_use[i] >= depth);
        let key = (depth, chosen.iter().enumerate().map(matter).collect());
        if let Some(count) = self.counts.get(&key) {
            return *count;
        }
        let options = self.options(chosen);
        let mut count = 0_u64;
        for option in options {
            chosen.push(option);
            count = count.saturating_add(self.below(chosen));
            chosen.pop();
        }
        self.counts.insert(key, count);
        count
    }

    /// What the next parameter can be: each of its levels, or nothing where it is not active.
    fn options(&self, chosen: &[Option<usize>]) -> Vec<Option<usize>> {
        if self.is_active(chosen) {
            (0..self.levels[chosen.len()].len()).map(Some).collect()
        } else {
            vec![None]
        }
    }

    /// Point `number` of the tree.
    fn point(&mut self, mut number: u64) -> Params {
        let mut chosen = Vec::with_capacity(self.levels.len());
        let mut params = Params::new();
        while chosen.len() < self.levels.len() {
            for option in self.options(&chosen) {
                chosen.push(option);
                let count = self.below(&mut chosen);
                if number < count {
                    break;
                }
                number -= count;
                chosen.pop();
            }
            let parameter = chosen.len() - 1;
            if let Some(level) = chosen[parameter] {
                let name = self.space.parameters[parameter].name.clone();
                params.insert(name, self.levels[parameter][level].clone());
            }
        }
        params
    }
}

/// Where `index` of `0..size` goes in an order that `seed` stands for: a Feistel network over the least even
/// number of bits, walked until it falls into the range (Black & Rogaway 2002), so that an order of any
/// length needs no memory.
fn permuted(index: u64, size: u64, seed: u64) -> u64 {
    let half = (u64::BITS - (size - 1).leading_zeros()).div_ceil(2).max(1);
    let mask = (1_u64 << half) - 1;
    let mut at = index;
    loop {
        let (mut left, mut right) = (at >> half, at & mask);
        for round in 0..4 {
            (left, right) = (right, left ^ (derive(seed ^ right, "feistel", round) & mask));
        }
        at = left << half | right;
        if at < size {
            return at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::testing::{Scripted, choice, conditional, float, int, space};

    #[test]
    fn an_order_holds_each_index_once_and_depends_on_the_seed() {
        for size in [1, 2, 3, 16, 100, 1025] {
            let mut order: Vec<u64> = (0..size).map(|i| permuted(i, size, 7)).collect();
            assert!(size < 100 || order != (0..size).map(|i| permuted(i, size, 8)).collect::<Vec<_>>());
            order.sort_unstable();
            assert!(order.into_iter().eq(0..size), "{size}");
        }
    }

    #[test]
    fn levels_are_all_values_or_evenly_thinned() {
        let floats = |d: &Distribution, steps| {
            levels(d, steps).iter().map(|v| v.as_f64().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(floats(&float(-1.0, 1.0), 5), [-1.0, -0.5, 0.0, 0.5, 1.0]);
        assert_eq!(floats(&int(5, 50), 4), [5.0, 20.0, 35.0, 50.0]);
        assert_eq!(floats(&int(3, 6), 4), [3.0, 4.0, 5.0, 6.0]);
        assert_eq!(floats(&float(2.0, 2.0), 4), [2.0]);
        let log = Distribution::Int { low: 1, high: 1000, log: true };
        let found = floats(&log, 4);
        assert_eq!((found[0], found[3]), (1.0, 1000.0));
        assert!(found[1] > 4.0 && found[1] < 20.0, "{found:?}");
        assert_eq!(levels(&choice(&["a", "b", "c"]), 2).len(), 3);
    }

    #[test]
    fn a_conditional_grid_is_a_tree_and_ends() {
        let space = conditional();
        let mut sampler = GridSearch { steps: 3 };
        let plan = sampler.plan(&space, 10).unwrap().unwrap();
        assert!(plan.starts_with("a grid of 15 points; the study's 10 trials cover the first 10"), "{plan}");
        let mut study = Scripted::new(&space, Direction::Minimize, 3);
        // One of the grid's points that was enqueued is not asked again.
        study
            .complete(Params::from([("kind".into(), "cnn".into()), ("cnn.pool".into(), Value::Int(2))]), 1.0);
        for _ in 1..15 {
            let params = sampler.ask(&space, study.history(), 1).unwrap().params;
            assert!(study.history().trials().iter().all(|t| t.params != params));
            study.complete(params, 1.0);
        }
        let end = sampler.ask(&space, study.history(), 1).unwrap_err();
        assert_eq!(end.to_string(), "all 15 points of the grid have been tried");
        assert!(matches!(end, SamplerError::Exhausted(_)));
    }

    #[test]
    fn a_grid_beyond_counting_is_refused() {
        let names: Vec<String> = (0..40).map(|i| format!("x{i}")).collect();
        let parameters =
            names.iter().map(|name| space([(name.as_str(), float(0.0, 1.0))]).parameters.remove(0));
        let wide = SearchSpace { parameters: parameters.collect() };
        let refused = GridSearch { steps: 5 }.plan(&wide, 10).unwrap_err().to_string();
        assert!(refused.contains("more than 1,000,000,000,000,000,000 points"), "{refused}");
    }
}
