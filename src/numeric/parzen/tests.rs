use super::*;

const SHAPE: Shape = Shape { prior: 1.0, bandwidth: 1.0, least: 0.01, smoothing: 1.0 };

/// Eight cells, the first ones wider, as whole numbers have them in the logarithm.
fn cells() -> Axis {
    let bound = |i: usize| libm::log(1.0 + 2.0 * i as f64) / libm::log(17.0);
    let cell = |i| Cell { place: 0.5 * (bound(i) + bound(i + 1)), width: bound(i + 1) - bound(i) };
    Axis::Cells((0..8).map(cell).collect())
}

/// Places along an axis and the width that each stands for.
fn grid(axis: &Axis) -> Vec<(f64, f64)> {
    let even = |n: usize| (0..n).map(|i| ((i as f64 + 0.5) / n as f64, 1.0 / n as f64)).collect();
    match axis {
        Axis::Real => even(2000),
        Axis::Cells(cells) => cells.iter().map(|c| (c.place, c.width)).collect(),
        Axis::Choices(count) => even(*count),
    }
}

/// Points that lie on the axes' places, at their middle and their ends.
fn points(axes: &[(usize, Axis)]) -> Vec<Vec<f64>> {
    let at = |i: usize| {
        let place = |(_, axis): &(usize, Axis)| grid(axis)[[0, 1, 4][i] * (grid(axis).len() - 1) / 4].0;
        axes.iter().map(place).collect()
    };
    (0..3).map(at).collect()
}

fn axes() -> [Axis; 3] {
    [Axis::Real, cells(), Axis::Choices(3)]
}

/// The density along one axis at each place of its grid, times the place's width.
fn masses(axes: &[(usize, Axis)], shape: &Shape) -> Vec<f64> {
    let points = points(axes);
    let points: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
    let parzen = Parzen::fit(axes, &points, &[2.0, 0.5, 1.0], shape);
    let grid = grid(&axes[0].1);
    let at: Vec<Vec<f64>> = grid.iter().map(|(place, _)| vec![*place]).collect();
    parzen.log_density(&at).iter().zip(&grid).map(|(log, (_, width))| libm::exp(*log) * width).collect()
}

#[test]
fn the_density_integrates_to_one_along_each_kind_of_axis() {
    for axis in axes() {
        for bandwidth in [0.05, 0.5, 3.0] {
            for prior in [0.0, 1.0] {
                let shape = Shape { bandwidth, prior, ..SHAPE };
                let sum: f64 = masses(&[(0, axis.clone())], &shape).iter().sum();
                assert!((sum - 1.0).abs() < 1e-4, "{axis:?} {bandwidth} {prior}: {sum}");
            }
        }
    }
}

#[test]
fn the_density_of_several_axes_integrates_to_one() {
    let axes = [(0, Axis::Real), (1, cells()), (2, Axis::Choices(3))];
    let points = points(&axes);
    let points: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
    let parzen = Parzen::fit(&axes, &points, &[1.0; 3], &SHAPE);
    let mut sum = 0.0;
    for (a, width) in grid(&Axis::Real).iter().step_by(10) {
        for (b, cell) in grid(&axes[1].1) {
            let at: Vec<Vec<f64>> = grid(&axes[2].1).iter().map(|(c, _)| vec![*a, b, *c]).collect();
            let mass = |log: &f64| libm::exp(*log) * width * 10.0 * cell / 3.0;
            sum += parzen.log_density(&at).iter().map(mass).sum::<f64>();
        }
    }
    assert!((sum - 1.0).abs() < 0.01, "{sum}");
}

#[test]
fn draws_follow_the_density() {
    const DRAWS: usize = 40_000;
    for axis in axes() {
        let axes = [(0, axis.clone())];
        let masses = masses(&axes, &SHAPE);
        let points = points(&axes);
        let points: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
        let parzen = Parzen::fit(&axes, &points, &[2.0, 0.5, 1.0], &SHAPE);
        let grid = grid(&axis);
        // Bins of a continuum are wider than its grid.
        let per_bin = grid.len().div_ceil(20);
        let mut counts = vec![0.0; grid.len().div_ceil(per_bin)];
        let (mut rng, mut point) = (Rng::new(3), [0.0]);
        for _ in 0..DRAWS {
            parzen.draw(&mut rng, &mut point);
            let near =
                |a: &&(f64, f64), b: &&(f64, f64)| (a.0 - point[0]).abs().total_cmp(&(b.0 - point[0]).abs());
            let place = grid.iter().min_by(near).unwrap();
            let index = grid.iter().position(|g| g == place).unwrap();
            assert!(axis == Axis::Real || (place.0 - point[0]).abs() < 1e-12, "{axis:?}: {point:?}");
            counts[index / per_bin] += 1.0;
        }
        for (count, masses) in counts.iter().zip(masses.chunks(per_bin)) {
            let expected = masses.iter().sum::<f64>() * DRAWS as f64;
            assert!((count - expected).abs() < 4.5 * expected.sqrt(), "{axis:?}: {count} {expected}");
        }
    }
}

#[test]
fn no_points_and_many_equal_ones() {
    let axes = [(0, Axis::Real), (1, Axis::Choices(2))];
    let at = [vec![0.3, 0.25], vec![0.9, 0.75]];
    assert_eq!(Parzen::fit(&axes, &[], &[], &SHAPE).log_density(&at), [0.0, 0.0]);
    let points = vec![&[0.3, 0.25][..]; 1000];
    for prior in [0.0, 1.0] {
        let shape = Shape { prior, smoothing: prior, ..SHAPE };
        let parzen = Parzen::fit(&axes, &points, &vec![1.0; 1000], &shape);
        let log = parzen.log_density(&at);
        assert!(log[0] > 3.0 && log[0] < 6.0 && log[1] < -6.0 && log[1].is_finite(), "{log:?}");
    }
}

#[test]
fn the_error_function_is_close() {
    for i in 0..600 {
        let x = f64::from(i) * 0.01;
        assert!((erf(x) - libm::erf(x)).abs() < 1.5e-7, "{x}");
    }
}
