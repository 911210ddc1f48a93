//! Covariance matrix adaptation (Hansen 2016, "The CMA evolution strategy: a tutorial", arXiv:1604.00772): a normal
//! distribution that learns from ranked points where and in which directions to look.

use super::jacobi::eigen;

/// A distribution and what it remembers of its way. Equation numbers are the tutorial's.
#[derive(Debug, Clone, PartialEq)]
pub struct Cma {
    mean: Vec<f64>,
    sigma: f64,
    /// Of λ ranked points, the worse half negative (eq. 53).
    weights: Vec<f64>,
    mu_eff: f64,
    /// Learning rates: of σ's path, its damping, of C's path, of the rank-one and the rank-μ update.
    c_sigma: f64,
    damping: f64,
    c_c: f64,
    c_1: f64,
    c_mu: f64,
    /// E‖N(0, I)‖.
    chi: f64,
    covariance: Vec<f64>,
    path_sigma: Vec<f64>,
    path_c: Vec<f64>,
    /// Of the covariance: eigenvectors by columns, square roots of the eigenvalues.
    axes: Vec<f64>,
    lengths: Vec<f64>,
    generation: i32,
}

/// How many points a generation has where nothing else is said (eq. 48).
pub fn usual_size(dimensions: usize) -> usize {
    4 + (3.0 * libm::log(dimensions.max(1) as f64)) as usize
}

impl Cma {
    /// The distribution around `mean` with standard deviation `sigma` in each coordinate, for generations of `size`
    /// points, at least 4.
    pub fn new(mean: Vec<f64>, sigma: f64, size: usize) -> Self {
        let (dimensions, lambda) = (mean.len(), size.max(4));
        let n = dimensions as f64;
        let raw: Vec<f64> =
            (1..=lambda).map(|i| libm::log((lambda as f64 + 1.0) / 2.0) - libm::log(i as f64)).collect();
        let effective = |part: &[f64]| {
            let (sum, squares) = part.iter().fold((0.0, 0.0), |(s, q), w| (s + w, q + w * w));
            if squares > 0.0 { (sum, sum * sum / squares) } else { (sum, 0.0) }
        };
        let (positive, negative) = raw.split_at(lambda / 2);
        let ((sum, mu_eff), (sum_negative, mu_eff_negative)) = (effective(positive), effective(negative));
        let c_sigma = (mu_eff + 2.0) / (n + mu_eff + 5.0);
        let damping = 1.0 + 2.0 * (((mu_eff - 1.0) / (n + 1.0)).sqrt() - 1.0).max(0.0) + c_sigma;
        let c_c = (4.0 + mu_eff / n) / (n + 4.0 + 2.0 * mu_eff / n);
        let c_1 = 2.0 / ((n + 1.3).powi(2) + mu_eff);
        let c_mu = 2.0 * (0.25 + mu_eff + 1.0 / mu_eff - 2.0) / ((n + 2.0).powi(2) + mu_eff);
        let c_mu = c_mu.min(1.0 - c_1);
        // Eq. 50 to 53.
        let limits = [
            1.0 + c_1 / c_mu,
            1.0 + 2.0 * mu_eff_negative / (mu_eff + 2.0),
            (1.0 - c_1 - c_mu).max(0.0) / (n * c_mu),
        ];
        let most = limits.into_iter().fold(f64::INFINITY, f64::min);
        let weight = |w: &f64| if *w >= 0.0 { w / sum } else { most * w / -sum_negative };
        let identity: Vec<f64> = (0..dimensions * dimensions)
            .map(|at| f64::from(u8::from(at / dimensions == at % dimensions)))
            .collect();
        Cma {
            weights: raw.iter().map(weight).collect(),
            mu_eff,
            c_sigma,
            damping,
            c_c,
            c_1,
            c_mu,
            chi: n.sqrt() * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n)),
            path_sigma: vec![0.0; dimensions],
            path_c: vec![0.0; dimensions],
            axes: identity.clone(),
            covariance: identity,
            lengths: vec![1.0; dimensions],
            generation: 0,
            mean,
            sigma,
        }
    }

    /// How many points make a generation.
    pub fn size(&self) -> usize {
        self.weights.len()
    }

    /// Its middle.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The longest standard deviation in any direction.
    pub fn longest(&self) -> f64 {
        self.sigma * self.lengths.iter().copied().fold(0.0, f64::max)
    }

    /// The longest over the shortest.
    pub fn eccentricity(&self) -> f64 {
        let shortest = self.lengths.iter().copied().fold(f64::INFINITY, f64::min);
        self.lengths.iter().copied().fold(0.0, f64::max) / shortest
    }

    /// The point that stands for standard normal draws `z` (eq. 38 to 40).
    pub fn point(&self, z: &[f64]) -> Vec<f64> {
        let n = self.mean.len();
        let axis = |i: usize| (0..n).map(|k| self.axes[i * n + k] * self.lengths[k] * z[k]).sum::<f64>();
        (0..n).map(|i| self.mean[i] + self.sigma * axis(i)).collect()
    }

    /// C^(−1/2) y.
    fn whitened(&self, y: &[f64]) -> Vec<f64> {
        let n = y.len();
        let along = |k: usize| (0..n).map(|i| self.axes[i * n + k] * y[i]).sum::<f64>() / self.lengths[k];
        let turned: Vec<f64> = (0..n).map(along).collect();
        (0..n).map(|i| (0..n).map(|k| self.axes[i * n + k] * turned[k]).sum()).collect()
    }

    /// Learns from a generation, best first; see [`size`](Self::size). Points that were not drawn from this
    /// distribution are pulled in as far as drawn ones lie (Hansen 2011, "Injecting external solutions").
    pub fn tell(&mut self, ranked: &[&[f64]]) {
        let dimensions = self.mean.len();
        let n = dimensions as f64;
        let reach = n.sqrt() + 2.0 * n / (n + 2.0);
        let steps: Vec<(Vec<f64>, f64)> = ranked
            .iter()
            .map(|x| {
                let y: Vec<f64> = x.iter().zip(&self.mean).map(|(x, m)| (x - m) / self.sigma).collect();
                let length = norm(&self.whitened(&y));
                let pull = if length > reach { reach / length } else { 1.0 };
                (y.iter().map(|y| y * pull).collect(), length * pull)
            })
            .collect();
        let mut shift = vec![0.0; dimensions];
        for ((y, _), w) in steps.iter().zip(&self.weights).filter(|(_, w)| **w > 0.0) {
            shift.iter_mut().zip(y).for_each(|(s, y)| *s += w * y);
        }
        // Eq. 41 to 44: the mean, and the step size by the length of its path.
        self.mean.iter_mut().zip(&shift).for_each(|(m, s)| *m += self.sigma * s);
        let gain = (self.c_sigma * (2.0 - self.c_sigma) * self.mu_eff).sqrt();
        let white = self.whitened(&shift);
        self.path_sigma.iter_mut().zip(&white).for_each(|(p, w)| *p = (1.0 - self.c_sigma) * *p + gain * w);
        self.generation += 1;
        let length = norm(&self.path_sigma);
        let settled = 1.0 - libm::pow(1.0 - self.c_sigma, 2.0 * f64::from(self.generation));
        let stalled = length / settled.sqrt() >= (1.4 + 2.0 / (n + 1.0)) * self.chi;
        // Eq. 45 to 47: the covariance.
        let gain = if stalled { 0.0 } else { (self.c_c * (2.0 - self.c_c) * self.mu_eff).sqrt() };
        self.path_c.iter_mut().zip(&shift).for_each(|(p, s)| *p = (1.0 - self.c_c) * *p + gain * s);
        let lost = if stalled { self.c_1 * self.c_c * (2.0 - self.c_c) } else { 0.0 };
        let total: f64 = self.weights.iter().sum();
        let keep = 1.0 + lost - self.c_1 - self.c_mu * total;
        let mut next: Vec<f64> = self.covariance.iter().map(|c| keep * c).collect();
        let mut add = |factor: f64, y: &[f64]| {
            for i in 0..dimensions {
                for j in 0..dimensions {
                    next[i * dimensions + j] += factor * y[i] * y[j];
                }
            }
        };
        add(self.c_1, &self.path_c);
        for ((y, length), w) in steps.iter().zip(&self.weights) {
            let scaled = if *w >= 0.0 { *w } else { w * n / (length * length).max(f64::MIN_POSITIVE) };
            add(self.c_mu * scaled, y);
        }
        self.sigma *= libm::exp(((self.c_sigma / self.damping) * (length / self.chi - 1.0)).min(1.0));
        self.adopt(next);
    }

    /// Takes a covariance unless it is none any more.
    fn adopt(&mut self, covariance: Vec<f64>) {
        let (values, axes) = eigen(self.mean.len(), &covariance);
        if values.iter().all(|value| value.is_finite() && *value > 0.0) {
            (self.covariance, self.axes) = (covariance, axes);
            self.lengths = values.iter().map(|value| value.sqrt()).collect();
        }
    }
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::seed::Rng;

    /// The best value after `generations` from 0.8 in each coordinate.
    fn run(dimensions: usize, generations: usize, f: fn(&[f64]) -> f64) -> (f64, Cma) {
        let mut cma = Cma::new(vec![0.8; dimensions], 0.3, usual_size(dimensions));
        let (mut rng, mut best) = (Rng::new(1), f64::INFINITY);
        for _ in 0..generations {
            let draw = |rng: &mut Rng| (0..dimensions).map(|_| rng.normal()).collect::<Vec<_>>();
            let mut points: Vec<Vec<f64>> = (0..cma.size()).map(|_| cma.point(&draw(&mut rng))).collect();
            points.sort_by(|a, b| f(a).total_cmp(&f(b)));
            best = best.min(f(&points[0]));
            cma.tell(&points.iter().map(Vec::as_slice).collect::<Vec<_>>());
        }
        (best, cma)
    }

    #[test]
    fn it_converges_on_the_sphere_as_fast_as_the_tutorial_says() {
        // Hansen's purecma needs about 170 generations of 9 points from 1 to 1e-12 in six dimensions.
        let (best, cma) = run(6, 180, |x| x.iter().map(|x| x * x).sum());
        assert!(best < 1e-10, "{best}");
        assert_eq!(cma.size(), 9);
    }

    #[test]
    fn it_learns_the_axes_of_an_ellipsoid_and_turns_with_a_valley() {
        let (best, cma) = run(4, 250, |x| (0..4).map(|i| 10_f64.powi(2 * i as i32) * x[i] * x[i]).sum());
        assert!(best < 1e-10 && cma.eccentricity() > 200.0, "{best} {}", cma.eccentricity());
        let rosenbrock =
            |x: &[f64]| (0..3).map(|i| 100.0 * (x[i + 1] - x[i] * x[i]).powi(2) + (1.0 - x[i]).powi(2)).sum();
        let (best, _) = run(4, 400, rosenbrock);
        assert!(best < 1e-8, "{best}");
    }

    #[test]
    fn weights_are_those_of_the_tutorial() {
        let cma = Cma::new(vec![0.0; 10], 1.0, 10);
        let positive: f64 = cma.weights.iter().filter(|w| **w > 0.0).sum();
        assert!((positive - 1.0).abs() < 1e-12 && cma.weights.is_sorted_by(|a, b| a >= b));
        // Values of the cmaes package (Nomura & Shibata) for 10 dimensions and 10 points.
        assert!((cma.mu_eff - 3.167_299_3).abs() < 1e-6, "{}", cma.mu_eff);
        assert!(cma.weights.iter().filter(|w| **w < 0.0).count() == 5);
    }

    #[test]
    fn degenerate_generations_do_no_harm() {
        let mut cma = Cma::new(vec![0.5], 0.2, 4);
        for _ in 0..50 {
            let before = cma.longest();
            cma.tell(&[&[0.5][..]; 4]);
            assert!(cma.longest() < before, "all points at the mean narrow it");
        }
        let drawn = cma.point(&[1.0])[0];
        assert!(cma.mean() == [0.5] && drawn > 0.5 && drawn < 0.51, "{drawn}");
        let mut cma = Cma::new(vec![0.5; 3], 1e-8, 4);
        cma.tell(&[&[0.0, 1.0, 1e6][..]; 4]);
        assert!(cma.mean().iter().all(|m| (m - 0.5).abs() < 1e-6), "pulled in");
    }
}
