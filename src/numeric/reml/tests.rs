use super::*;
use crate::domain::seed::Rng;

const N: usize = 60;

/// A kernel from `markers` random columns, with ones where it is to have full rank.
fn kernel(markers: usize, seed: u64) -> Dense {
    let mut rng = Rng::new(seed);
    let values = (0..N * markers).map(|_| rng.normal() / (markers as f64).sqrt()).collect();
    let mut kernel = Dense::zeros(N, N);
    kernel.add_gram(&Dense::new(N, markers, values));
    kernel.mirror();
    kernel
}

/// An intercept and a covariate.
fn fixed() -> Dense {
    let mut rng = Rng::new(9);
    Dense::new(N, 2, (0..2 * N).map(|i| if i < N { 1.0 } else { rng.normal() }).collect())
}

/// 3 + 2 × the covariate + what a kernel explains + noise.
fn observed(kernel: &Dense, x: &Dense, genetic: f64) -> Vec<f64> {
    let mut rng = Rng::new(4);
    let effects: Vec<f64> = (0..N).map(|_| rng.normal()).collect();
    let genetic_part = kernel.times(&effects);
    (0..N).map(|i| 3.0 + 2.0 * x.at(i, 1) + genetic * genetic_part[i] + 0.5 * rng.normal()).collect()
}

/// h² K + (1 − h²) I.
fn one(kernel: &Dense, share: f64) -> Covariance {
    let mut matrix = kernel.clone();
    let mut slope = kernel.clone();
    matrix.values_mut().iter_mut().for_each(|v| *v *= share);
    for i in 0..N {
        matrix.column_mut(i)[i] += 1.0 - share;
        slope.column_mut(i)[i] -= 1.0;
    }
    Covariance { matrix, derivatives: vec![slope] }
}

fn close(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() < within, "{found}, not {expected}");
}

#[test]
fn the_spectral_and_the_general_way_agree() {
    let (kernel, x) = (kernel(200, 1), fixed());
    let y = observed(&kernel, &x, 1.0);
    let spectral = spectral(&Eigen::of(&kernel).unwrap(), &x, &y).unwrap();
    let covariance = |theta: &[f64], _| one(&kernel, theta[0]);
    let general = general(covariance, &x, &y, &[vec![0.5]], &[(0.0, 0.9999)]).unwrap();
    assert!(spectral.parameters[0] > 0.1 && spectral.parameters[0] < 0.99, "{spectral:?}");
    close(spectral.parameters[0], general.parameters[0], 1e-3);
    close(spectral.deviance, general.deviance, 1e-6);
    close(spectral.fixed[1], general.fixed[1], 1e-3);
    spectral.weights.iter().zip(&general.weights).for_each(|(a, b)| close(*a, *b, 1e-2));
    // Nothing near it is more likely.
    for share in [0.9, 0.99, 1.01, 1.1].map(|f| (f * spectral.parameters[0]).min(1.0 - 1e-6)) {
        assert!(at(&covariance, &x, &y, &[share], false).unwrap().0.deviance >= spectral.deviance - 1e-9);
    }
}

#[test]
fn the_gradient_is_that_of_the_deviance() {
    let (a, b, x) = (kernel(100, 1), kernel(30, 2), fixed());
    let y = observed(&a, &x, 1.0);
    let covariance = |theta: &[f64], _| {
        let mixed = a.values().iter().zip(b.values()).map(|(a, b)| (1.0 - theta[1]) * a + theta[1] * b);
        let mut found = one(&Dense::new(N, N, mixed.collect()), theta[0]);
        let other = a.values().iter().zip(b.values()).map(|(a, b)| theta[0] * (b - a)).collect();
        found.derivatives.push(Dense::new(N, N, other));
        found
    };
    let theta = [0.4, 0.3];
    let (_, gradient) = at(&covariance, &x, &y, &theta, true).unwrap();
    for k in 0..2 {
        let moved = |by: f64| {
            let mut theta = theta;
            theta[k] += by;
            at(&covariance, &x, &y, &theta, false).unwrap().0.deviance
        };
        close(gradient[k], (moved(1e-5) - moved(-1e-5)) / 2e-5, 1e-4 * (1.0 + gradient[k].abs()));
    }
}

#[test]
fn a_kernel_that_explains_nothing_gets_no_share() {
    let (kernel, x) = (kernel(200, 1), Dense::new(N, 1, vec![1.0; N]));
    let eigen = Eigen::of(&kernel).unwrap();
    // All of the trait lies where the kernel varies least.
    let y: Vec<f64> = (0..N).map(|i| 5.0 + eigen.vectors.at(i, 0) + eigen.vectors.at(i, 1)).collect();
    let found = spectral(&eigen, &x, &y).unwrap();
    assert_eq!(found.parameters, [0.0]);
    assert!(found.weights.iter().all(|w| *w == 0.0));
    close(found.fixed[0], y.iter().sum::<f64>() / N as f64, 1e-9);
}

#[test]
fn clones_and_few_markers_make_a_singular_kernel_that_is_fine() {
    let (kernel, x) = (kernel(5, 1), fixed());
    let y = observed(&kernel, &x, 3.0);
    let found = spectral(&Eigen::of(&kernel).unwrap(), &x, &y).unwrap();
    assert!(found.weights.iter().chain(&found.parameters).all(|v| v.is_finite()), "{found:?}");
    // Wholly explained by the kernel: the share stays below 1.
    let exact: Vec<f64> = kernel.times(&y).iter().map(|v| v + 1.0).collect();
    let found = spectral(&Eigen::of(&kernel).unwrap(), &x, &exact).unwrap();
    assert!(found.parameters[0] > 0.99 && found.parameters[0] < 1.0, "{found:?}");
}

#[test]
fn nothing_to_estimate_from_is_an_error() {
    let kernel = Eigen::of(&kernel(200, 1)).unwrap();
    let ones = Dense::new(N, 1, vec![1.0; N]);
    assert_eq!(spectral(&kernel, &ones, &[2.0; N]).unwrap_err(), RemlError::NoVariance);
    let all = Dense::new(N, N, (0..N * N).map(|i| f64::from(u8::from(i % (N + 1) == 0))).collect());
    let error = spectral(&kernel, &all, &fixed().column(1).to_vec()).unwrap_err();
    assert_eq!(error, RemlError::NothingLeft { fixed: N, observations: N });
}
