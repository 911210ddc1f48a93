//! How the scores of groups of trials are spread.

use super::survey::Survey;
use crate::domain::direction::Direction;

/// What makes trials a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum By {
    /// What suggested them.
    #[default]
    Source,
    /// Their kind.
    Kind,
}

/// Trials that have something in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// What that is.
    pub name: String,
    /// Their scores, best first; never empty.
    pub scores: Vec<f64>,
}

impl Group {
    /// The score that a share `q` of them reaches: 0 is the best one, 1 the worst, ½ the median; evenly between
    /// neighbours.
    pub fn quantile(&self, q: f64) -> f64 {
        let last = self.scores.len().saturating_sub(1);
        let place = q.clamp(0.0, 1.0) * last as f64;
        let (below, above) = (place.floor() as usize, place.ceil() as usize);
        match (self.scores.get(below), self.scores.get(above)) {
            (Some(a), Some(b)) => a + (b - a) * place.fract(),
            _ => f64::NAN,
        }
    }

    /// The share with a score as good as `score` or better.
    pub fn share(&self, score: f64, direction: Direction) -> f64 {
        let better = self.scores.partition_point(|s| !direction.is_better(score, *s));
        better as f64 / self.scores.len().max(1) as f64
    }
}

/// All complete trials as one group, then the groups of them where there are several.
pub fn groups(survey: &Survey, by: By) -> Vec<Group> {
    let names = match by {
        By::Source => &survey.sources,
        By::Kind => &survey.kinds,
    };
    let mut groups: Vec<Group> =
        names.iter().map(|n| Group { name: n.clone(), scores: Vec::new() }).collect();
    let mut all = Group { name: "all".to_owned(), scores: Vec::with_capacity(survey.ranked.len()) };
    for point in survey.ranked.iter().filter_map(|id| survey.points.get(*id)) {
        all.scores.push(point.score);
        let place = match by {
            By::Source => survey.source(point),
            By::Kind => point.kind,
        };
        if let Some(group) = groups.get_mut(place) {
            group.scores.push(point.score);
        }
    }
    groups.retain(|group| !group.scores.is_empty());
    if groups.len() < 2 {
        groups.clear();
    }
    if !all.scores.is_empty() {
        groups.insert(0, all);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::kinds;
    use crate::domain::testing::{Scripted, space};
    use crate::domain::value::Params;

    #[test]
    fn quantiles_and_shares_in_both_directions() {
        let group = Group { name: String::new(), scores: vec![1.0, 2.0, 2.0, 5.0] };
        assert_eq!([0.0, 0.5, 0.75, 1.0].map(|q| group.quantile(q)), [1.0, 2.0, 2.75, 5.0]);
        let shares = [0.5, 1.0, 2.0, 4.0, 5.0].map(|s| group.share(s, Direction::Minimize));
        assert_eq!(shares, [0.0, 0.25, 0.75, 0.75, 1.0]);
        let upward = Group { name: String::new(), scores: vec![0.9, 0.5] };
        assert_eq!([0.95, 0.9, 0.6, 0.1].map(|s| upward.share(s, Direction::Maximize)), [0.0, 0.5, 0.5, 1.0]);
    }

    #[test]
    fn groups_by_kind_sum_to_all_and_one_alone_is_all() {
        let script = kinds();
        let survey = Survey::of(script.history());
        let found = groups(&survey, By::Kind);
        assert_eq!((found[0].name.as_str(), found[0].scores.len()), ("all", 6));
        assert_eq!(found[1..].iter().map(|g| g.scores.len()).sum::<usize>(), 6);
        assert!(found[1..].iter().all(|g| g.scores.is_sorted()));
        assert_eq!(groups(&survey, By::Source).len(), 1);
        let mut study = Scripted::new(&space([]), Direction::Maximize, 1);
        study.fail(Params::new());
        assert_eq!(groups(&Survey::of(study.history()), By::Kind), []);
    }
}
