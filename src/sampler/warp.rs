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
}

/// How far the costs, which come best first, are from the best, in units of what a bad but not hopeless
/// cost (the upper quartile) is worse by. All 0 where all are equal.
pub fn units(costs: &[f64]) -> Vec<f64> {
    let best = costs[0];
    // Halves, so that the difference of huge ones is finite.
    let above = |cost: f64| 0.5 * cost - 0.5 * best;
    let last = costs.len() - 1;
    let quartile = above(costs[(3 * last).div_ceil(4)]);
    let scale = if quartile > 0.0 { quartile } else { above(costs[last]) };
    if scale <= 0.0 {
        return vec![0.0; costs.len()];
    }
    costs.iter().map(|cost| (above(*cost) / scale).min(FARTHEST)).collect()
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
    Warped { targets, slopes }
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
