//! Costs as the surrogate likes them: of mean 0 and variance 1, and without a few bad ones so far out that
//! the good ones look alike.
//!
//! A family of maps, from none to a logarithm of the distance from the best. Which one fits is for the
//! evidence to say: the density of the costs under a warped process is that of the warped ones times the
//! map's slopes (Snelson, Rasmussen & Ghahramani 2004).

/// The maps to choose from: how strongly they bend. 0 leaves all but far outliers as they are.
pub const BENDS: [f64; 3] = [0.0, 2.0, 20.0];

/// Beyond this many units, costs count by their logarithm under every map.
const STRAIGHT: f64 = 4.0;
/// The most units that anything counts as: scores of 1e300 are as bad as scores of 1e12.
const FARTHEST: f64 = 1e12;

/// Warped costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Warped {
    /// In the order of the costs.
    pub targets: Vec<f64>,
    /// The logarithm of the map's slope at each, where costs are in units of their own spread.
    pub slopes: Vec<f64>,
    /// The map.
    pub map: Map,
}

/// A map of units, and how what came of it was standardised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Map {
    bend: f64,
    mean: f64,
    sd: f64,
}

/// The way from costs to targets, to go back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Way {
    best: f64,
    scale: f64,
    map: Map,
}

impl Way {
    /// The way of `costs`, which come best first, under `map`.
    pub fn of(costs: &[f64], map: Map) -> Self {
        Way { best: costs[0], scale: scale(costs).max(0.0), map }
    }

    /// The cost that a target stands for. The map is monotone: quantiles of targets become those of costs.
    pub fn back(&self, target: f64) -> f64 {
        let Map { bend, mean, sd } = self.map;
        let v = target * sd + mean;
        let unit = match bend > 0.0 {
            true => libm::expm1(bend * v) / bend,
            false if v <= STRAIGHT => v,
            false => STRAIGHT - 1.0 + libm::exp(v - STRAIGHT),
        };
        (2.0 * (0.5 * self.best + unit.min(FARTHEST) * self.scale)).clamp(-f64::MAX, f64::MAX)
    }
}

/// How far the costs, which come best first, are from the best, in units of what a bad but not hopeless
/// cost (the upper quartile) is worse by. All 0 where all are equal.
pub fn units(costs: &[f64]) -> Vec<f64> {
    let scale = scale(costs);
    if scale <= 0.0 {
        return vec![0.0; costs.len()];
    }
    costs.iter().map(|cost| (above(*cost, costs[0]) / scale).min(FARTHEST)).collect()
}

/// Half of how far a cost is above the best, so that the difference of huge ones is finite.
fn above(cost: f64, best: f64) -> f64 {
    0.5 * cost - 0.5 * best
}

/// Half of the unit.
fn scale(costs: &[f64]) -> f64 {
    let last = costs.len() - 1;
    let quartile = above(costs[(3 * last).div_ceil(4)], costs[0]);
    if quartile > 0.0 { quartile } else { above(costs[last], costs[0]) }
}

/// The `units` under the map of `bend`, standardised.
pub fn warp(units: &[f64], bend: f64) -> Warped {
    let map = |u: f64| match bend > 0.0 {
        true => (libm::log1p(bend * u) / bend, -libm::log1p(bend * u)),
        false if u <= STRAIGHT => (u, 0.0),
        false => (STRAIGHT + libm::log(u - STRAIGHT + 1.0), -libm::log(u - STRAIGHT + 1.0)),
    };
    let (mut targets, mut slopes): (Vec<f64>, Vec<f64>) = units.iter().map(|u| map(*u)).unzip();
    let n = targets.len() as f64;
    let mean = targets.iter().sum::<f64>() / n;
    let variance = targets.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / n;
    let sd = if variance > 0.0 { variance.sqrt() } else { 1.0 };
    targets.iter_mut().for_each(|t| *t = (*t - mean) / sd);
    slopes.iter_mut().for_each(|s| *s -= libm::log(sd));
    Warped { targets, slopes, map: Map { bend, mean, sd } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_map_keeps_the_order_is_standardised_and_knows_its_slopes() {
        let costs: Vec<f64> = (0..30).map(|i| libm::exp(0.4 * f64::from(i)) - 3.0).collect();
        let at = units(&costs);
        assert_eq!((at[0], costs.len()), (0.0, at.len()));
        for bend in BENDS {
            let warped = warp(&at, bend);
            let n = at.len() as f64;
            let mean = warped.targets.iter().sum::<f64>() / n;
            let variance = warped.targets.iter().map(|t| t * t).sum::<f64>() / n;
            assert!(mean.abs() < 1e-12 && (variance - 1.0).abs() < 1e-12);
            assert!(warped.targets.windows(2).all(|pair| pair[0] < pair[1]));
            for i in 1..at.len() {
                let mean_slope = (warped.targets[i] - warped.targets[i - 1]) / (at[i] - at[i - 1]);
                let (low, high) =
                    (warped.slopes[i].min(warped.slopes[i - 1]), warped.slopes[i].max(warped.slopes[i - 1]));
                let log = libm::log(mean_slope);
                assert!(low - 1e-9 <= log && log <= high + 1e-9, "{bend} {i}: {low} {log} {high}");
            }
        }
    }

    #[test]
    fn the_way_back_leads_to_the_costs_and_on() {
        let costs: Vec<f64> = (0..30).map(|i| libm::exp(0.4 * f64::from(i)) - 3.0).collect();
        for bend in BENDS {
            let warped = warp(&units(&costs), bend);
            let way = Way::of(&costs, warped.map);
            for (cost, target) in costs.iter().zip(&warped.targets) {
                assert!((way.back(*target) - cost).abs() < 1e-9 * (1.0 + cost.abs()), "{bend} {cost}");
            }
            let beyond: Vec<f64> = (-40..40).map(|i| way.back(f64::from(i) / 2.0)).collect();
            assert!(beyond.is_sorted() && beyond.iter().all(|cost| cost.is_finite()), "{bend} {beyond:?}");
            assert!(way.back(warped.targets[0] - 0.5) < costs[0], "better than the best is possible");
            assert!(way.back(1e6).is_finite() && way.back(-1e6).is_finite());
        }
        let equal = warp(&units(&[2.0; 5]), 2.0);
        assert_eq!(Way::of(&[2.0; 5], equal.map).back(1.0), 2.0);
    }

    #[test]
    fn equal_and_huge_costs_stay_finite() {
        assert_eq!(units(&[2.0; 5]), [0.0; 5]);
        assert_eq!(warp(&[0.0; 5], 2.0).targets, [0.0; 5]);
        for costs in [vec![-1e308, 0.0, 1e308], vec![0.0, 1e-300, 1e300, 1e300], vec![5.0, 5.0, 5.0, 6.0]] {
            for bend in BENDS {
                let warped = warp(&units(&costs), bend);
                assert!(warped.targets.iter().chain(&warped.slopes).all(|v| v.is_finite()), "{costs:?}");
            }
        }
    }
}
