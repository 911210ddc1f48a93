//! Where a trial's params come from: the trials that they were bred from, and those bred from it.

use crate::domain::history::History;
use crate::domain::trial::{Trial, TrialId};

/// Most lines of a tree.
const LINES: usize = 60;

/// The trials that have `trial` among their parents.
pub fn children(history: &History, trial: TrialId) -> Vec<TrialId> {
    let born = history.trials().iter().filter(|t| t.origin.parents.contains(&trial));
    born.map(|t| t.id).collect()
}

/// A trial and its ancestors as a tree of lines, each a trial in the words of `name`. An ancestor that stands
/// higher up already is not followed again.
pub fn ancestors(history: &History, trial: TrialId, name: impl Fn(&Trial) -> String) -> Vec<String> {
    let (mut lines, mut seen) = (Vec::new(), Vec::new());
    // What is still to be drawn, the next one last: the trial, what stands before it, whether it is the last parent.
    let mut open = vec![(trial, String::new(), None)];
    while let Some((id, indent, is_last)) = open.pop() {
        let Some(trial) = history.trial(id) else { continue };
        if lines.len() == LINES {
            lines.push("…".to_owned());
            break;
        }
        let (branch, below) = match is_last {
            None => ("", String::new()),
            Some(true) => ("└─ ", format!("{indent}   ")),
            Some(false) => ("├─ ", format!("{indent}│  ")),
        };
        let again = seen.contains(&id) && !trial.origin.parents.is_empty();
        lines.push(format!("{indent}{branch}{}{}", name(trial), if again { " (see above)" } else { "" }));
        if again {
            continue;
        }
        seen.push(id);
        let parents = trial.origin.parents.iter().enumerate().rev();
        let count = trial.origin.parents.len();
        open.extend(parents.map(|(place, parent)| (*parent, below.clone(), Some(place + 1 == count))));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::direction::Direction;
    use crate::domain::event::Event;
    use crate::domain::testing::{Scripted, space};
    use crate::domain::trial::Origin;
    use crate::domain::value::Params;

    #[test]
    fn a_tree_names_each_ancestor_and_follows_it_once() {
        let mut study = Scripted::new(&space([]), Direction::Minimize, 1);
        for (trial, parents) in [vec![], vec![], vec![0, 1], vec![2, 0], vec![3, 2]].into_iter().enumerate() {
            let origin = Origin::bred("genetic crossover", parents);
            study.apply(Event::TrialStarted { trial, params: Params::new(), seed: 0, slot: 0, origin });
        }
        assert_eq!(children(study.history(), 0), [2, 3]);
        let tree = ancestors(study.history(), 4, |t| t.id.to_string());
        assert_eq!(tree, ["4", "├─ 3", "│  ├─ 2", "│  │  ├─ 0", "│  │  └─ 1", "│  └─ 0", "└─ 2 (see above)"]);
    }
}
