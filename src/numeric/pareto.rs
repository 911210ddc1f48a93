//! Points with two costs: which of them others beat in both.

/// The front of each point (Deb et al. 2002, fast non-dominated sorting): 0 of those that no other beats, 1 of those
/// that only these do, and so on. A point beats another if it is better in one cost and no worse in the other.
pub fn fronts(points: &[[f64; 2]]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|a, b| compare(&points[*a], &points[*b]));
    let mut fronts = vec![0; points.len()];
    // Of each front the point that came last: the least in the second cost so far.
    let mut last: Vec<[f64; 2]> = Vec::new();
    for index in order {
        let point = points[index];
        // No later one has a smaller first cost, so the second decides; equal points do not beat one another.
        let beats = |other: &[f64; 2]| other[1] < point[1] || (other[1] == point[1] && other[0] < point[0]);
        let front = last.partition_point(beats);
        fronts[index] = front;
        if front == last.len() {
            last.push(point);
        } else {
            last[front] = point;
        }
    }
    fronts
}

fn compare(a: &[f64; 2], b: &[f64; 2]) -> std::cmp::Ordering {
    a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1]))
}

/// How much room each point has within its own front (Deb et al. 2002, crowding distance): the ends have the most,
/// and those of which a cost is not finite none, nor do the others see them.
pub fn crowding(points: &[[f64; 2]], fronts: &[usize]) -> Vec<f64> {
    let mut room = vec![0.0; points.len()];
    let is_known = |i: &usize| points[*i].iter().all(|cost| cost.is_finite());
    let mut order: Vec<usize> = (0..points.len()).filter(is_known).collect();
    order.sort_by(|a, b| fronts[*a].cmp(&fronts[*b]).then(compare(&points[*a], &points[*b])));
    for front in order.chunk_by(|a, b| fronts[*a] == fronts[*b]) {
        let ends = [front[0], front[front.len() - 1]];
        ends.iter().for_each(|end| room[*end] = f64::INFINITY);
        for cost in [|p: &[f64; 2]| p[0], |p: &[f64; 2]| p[1]] {
            let apart = |a: usize, b: usize| (cost(&points[a]) - cost(&points[b])).abs();
            let width = apart(ends[0], ends[1]);
            for neighbours in front.windows(3) {
                // Costs that are all the same leave no room.
                if width > 0.0 && width.is_finite() {
                    room[neighbours[1]] += apart(neighbours[2], neighbours[0]) / width;
                }
            }
        }
    }
    room
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::seed::Rng;

    fn beats(a: &[f64; 2], b: &[f64; 2]) -> bool {
        a[0] <= b[0] && a[1] <= b[1] && a != b
    }

    #[test]
    fn fronts_are_those_of_the_definition() {
        let mut rng = Rng::new(2);
        for round in 0..30 {
            let points: Vec<[f64; 2]> = (0..40)
                .map(|_| [rng.below(8) as f64, if round % 3 == 0 { 1.0 } else { rng.below(8) as f64 }])
                .collect();
            let found = fronts(&points);
            for (i, point) in points.iter().enumerate() {
                let before = (0..40).filter(|j| beats(&points[*j], point)).map(|j| found[j] + 1).max();
                assert_eq!(found[i], before.unwrap_or(0), "{points:?}");
            }
        }
    }

    #[test]
    fn the_ends_of_a_front_have_the_most_room_and_crowded_points_the_least() {
        let points = [[0.0, 10.0], [1.0, 8.0], [1.1, 7.9], [9.0, 1.0], [10.0, 0.0], [11.0, 11.0]];
        let ranks = fronts(&points);
        assert_eq!(ranks, [0, 0, 0, 0, 0, 1]);
        let room = crowding(&points, &ranks);
        assert!(room[0].is_infinite() && room[4].is_infinite() && room[5].is_infinite());
        assert!((room[1] - (0.11 + 0.21)).abs() < 1e-12 && room[3] > room[1], "{room:?}");
        let unknown = [[0.0, f64::INFINITY], [1.0, f64::INFINITY], [2.0, f64::INFINITY]];
        assert_eq!(fronts(&unknown), [0, 1, 2]);
        assert_eq!(crowding(&unknown, &[0, 1, 2]), [0.0; 3]);
        // One more on the front, of which the second cost is not known: all else stays as it is.
        let more = [&points[..], &[[-1.0, f64::INFINITY]]].concat();
        let ranks = fronts(&more);
        assert_eq!(ranks[6], 0);
        assert_eq!(crowding(&more, &ranks), [&room[..], &[0.0]].concat());
    }
}
