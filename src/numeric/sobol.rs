//! Sobol' points (1967) with Owen's scrambling (1995): every 2^k points of the sequence fill the unit cube
//! more evenly than independent draws, in each coordinate alone and in many pairs.

use crate::domain::seed::derive;

/// Bits of a coordinate: the sequence has 2³² points.
const BITS: u32 = 32;

/// How many coordinates have direction numbers.
pub const DIMENSIONS: usize = DIRECTIONS.len() + 1;

/// Of the second coordinate and those after it: the primitive polynomial modulo 2, its coefficients as the
/// bits of a number, and the first direction numbers. Joe & Kuo (2008), `new-joe-kuo-6.21201`. The first
/// coordinate is van der Corput's sequence.
#[rustfmt::skip]
const DIRECTIONS: [(u32, &[u32]); 63] = [
    (3, &[1]),
    (7, &[1, 3]),
    (11, &[1, 3, 1]),
    (13, &[1, 1, 1]),
    (19, &[1, 1, 3, 3]),
    (25, &[1, 3, 5, 13]),
    (37, &[1, 1, 5, 5, 17]),
    (41, &[1, 1, 5, 5, 5]),
    (47, &[1, 1, 7, 11, 19]),
    (55, &[1, 1, 5, 1, 1]),
    (59, &[1, 1, 1, 3, 11]),
    (61, &[1, 3, 5, 5, 31]),
    (67, &[1, 3, 3, 9, 7, 49]),
    (91, &[1, 1, 1, 15, 21, 21]),
    (97, &[1, 3, 1, 13, 27, 49]),
    (103, &[1, 1, 1, 15, 7, 5]),
    (109, &[1, 3, 1, 15, 13, 25]),
    (115, &[1, 1, 5, 5, 19, 61]),
    (131, &[1, 3, 7, 11, 23, 15, 103]),
    (137, &[1, 3, 7, 13, 13, 15, 69]),
    (143, &[1, 1, 3, 13, 7, 35, 63]),
    (145, &[1, 3, 5, 9, 1, 25, 53]),
    (157, &[1, 3, 1, 13, 9, 35, 107]),
    (167, &[1, 3, 1, 5, 27, 61, 31]),
    (171, &[1, 1, 5, 11, 19, 41, 61]),
    (185, &[1, 3, 5, 3, 3, 13, 69]),
    (191, &[1, 1, 7, 13, 1, 19, 1]),
    (193, &[1, 3, 7, 5, 13, 19, 59]),
    (203, &[1, 1, 3, 9, 25, 29, 41]),
    (211, &[1, 3, 5, 13, 23, 1, 55]),
    (213, &[1, 3, 7, 3, 13, 59, 17]),
    (229, &[1, 3, 1, 3, 5, 53, 69]),
    (239, &[1, 1, 5, 5, 23, 33, 13]),
    (241, &[1, 1, 7, 7, 1, 61, 123]),
    (247, &[1, 1, 7, 9, 13, 61, 49]),
    (253, &[1, 3, 3, 5, 3, 55, 33]),
    (285, &[1, 3, 1, 15, 31, 13, 49, 245]),
    (299, &[1, 3, 5, 15, 31, 59, 63, 97]),
    (301, &[1, 3, 1, 11, 11, 11, 77, 249]),
    (333, &[1, 3, 1, 11, 27, 43, 71, 9]),
    (351, &[1, 1, 7, 15, 21, 11, 81, 45]),
    (355, &[1, 3, 7, 3, 25, 31, 65, 79]),
    (357, &[1, 3, 1, 1, 19, 11, 3, 205]),
    (361, &[1, 1, 5, 9, 19, 21, 29, 157]),
    (369, &[1, 3, 7, 11, 1, 33, 89, 185]),
    (391, &[1, 3, 3, 3, 15, 9, 79, 71]),
    (397, &[1, 3, 7, 11, 15, 39, 119, 27]),
    (425, &[1, 1, 3, 1, 11, 31, 97, 225]),
    (451, &[1, 1, 1, 3, 23, 43, 57, 177]),
    (463, &[1, 3, 7, 7, 17, 17, 37, 71]),
    (487, &[1, 3, 1, 5, 27, 63, 123, 213]),
    (501, &[1, 1, 3, 5, 11, 43, 53, 133]),
    (529, &[1, 3, 5, 5, 29, 17, 47, 173, 479]),
    (539, &[1, 3, 3, 11, 3, 1, 109, 9, 69]),
    (545, &[1, 1, 1, 5, 17, 39, 23, 5, 343]),
    (557, &[1, 3, 1, 5, 25, 15, 31, 103, 499]),
    (563, &[1, 1, 1, 11, 11, 17, 63, 105, 183]),
    (601, &[1, 1, 5, 11, 9, 29, 97, 231, 363]),
    (607, &[1, 1, 5, 15, 19, 45, 41, 7, 383]),
    (617, &[1, 3, 7, 7, 31, 19, 83, 137, 221]),
    (623, &[1, 1, 1, 3, 23, 15, 111, 223, 83]),
    (631, &[1, 1, 5, 13, 31, 15, 55, 25, 161]),
    (637, &[1, 1, 3, 13, 25, 47, 39, 87, 257]),
];

/// The direction numbers of a coordinate, each at its place among the bits.
fn directions(dimension: usize) -> [u32; BITS as usize] {
    let mut v = [0_u32; BITS as usize];
    let Some((polynomial, first)) = dimension.checked_sub(1).and_then(|d| DIRECTIONS.get(d)) else {
        return std::array::from_fn(|bit| 1 << (BITS - 1 - bit as u32));
    };
    let degree = first.len();
    for bit in 0..BITS as usize {
        v[bit] = match first.get(bit) {
            Some(m) => m << (BITS - 1 - bit as u32),
            // Joe & Kuo (2008), eq. 2, for numbers that are shifted to their places.
            None => (1..degree)
                .filter(|k| polynomial >> (degree - k) & 1 == 1)
                .fold(v[bit - degree] ^ (v[bit - degree] >> degree), |sum, k| sum ^ v[bit - k]),
        };
    }
    v
}

/// A coordinate of point `index`, as the bits behind the point; `dimension` is below [`DIMENSIONS`].
fn plain(dimension: usize, index: u32) -> u32 {
    let v = directions(dimension);
    (0..BITS).filter(|bit| index >> bit & 1 == 1).fold(0, |x, bit| x ^ v[bit as usize])
}

/// Owen's nested uniform scrambling: each bit is flipped or not as a coin says that belongs to the bits
/// before it. A net stays a net, and each point alone is uniform.
fn scrambled(bits: u32, seed: u64) -> u32 {
    (0..BITS).fold(0, |scrambled, bit| {
        // The bits before it, behind a 1 that tells prefixes of different lengths apart.
        let before = (1_u64 << bit) | (u64::from(bits) >> (BITS - bit));
        let coin = (derive(seed, "owen", before) & 1) as u32;
        (scrambled << 1) | ((bits >> (BITS - 1 - bit) & 1) ^ coin)
    })
}

/// A coordinate, in (0, 1), of point `index` of the scrambled sequence that `seed` stands for. Coordinates from
/// [`DIMENSIONS`] on are independent draws (padding: Owen 1998).
pub fn coordinate(dimension: usize, index: u32, seed: u64) -> f64 {
    let own = derive(seed, "dimension", dimension as u64);
    let bits = if dimension < DIMENSIONS {
        scrambled(plain(dimension, index), own)
    } else {
        (derive(own, "padding", u64::from(index)) & u64::from(u32::MAX)) as u32
    };
    (f64::from(bits) + 0.5) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first points of the sequence in the order of their numbers, as scipy.stats.qmc.Sobol(scramble=False)
    /// gives them in the order of Gray's code.
    #[test]
    fn unscrambled_points_are_those_of_joe_and_kuo() {
        let point = |index: u32| [0, 1, 2, 3, 4].map(|d| f64::from(plain(d, index)) / 4_294_967_296.0);
        assert_eq!(point(0), [0.0; 5]);
        assert_eq!(point(1), [0.5; 5]);
        assert_eq!(point(5), [0.625, 0.125, 0.875, 0.625, 0.625]);
        assert_eq!(point(11), [0.8125, 0.6875, 0.8125, 0.0625, 0.4375]);
        let last = [DIMENSIONS - 2, DIMENSIONS - 1].map(|d| f64::from(plain(d, 13)) / 4_294_967_296.0);
        assert_eq!(last, [0.9375, 0.1875]);
    }

    #[test]
    fn a_scrambled_coordinate_fills_every_stratum() {
        for dimension in [0, 1, 17, DIMENSIONS - 1] {
            for block in [0, 5] {
                let points = (0..64).map(|i| coordinate(dimension, block * 64 + i, 3));
                let mut strata: Vec<usize> = points.map(|u| (u * 64.0) as usize).collect();
                strata.sort_unstable();
                assert!(strata.into_iter().eq(0..64), "dimension {dimension}, block {block}");
            }
        }
    }

    #[test]
    fn pairs_of_coordinates_are_nets_and_seeds_differ() {
        // The first two coordinates are a (0, m, 2)-net: one point in each cell of 8 × 8.
        let cell = |i: u32| [0, 1].map(|d| (coordinate(d, i, 9) * 8.0) as usize);
        let mut cells: Vec<[usize; 2]> = (0..64).map(cell).collect();
        cells.sort_unstable();
        cells.dedup();
        assert_eq!(cells.len(), 64);
        assert_ne!(coordinate(3, 7, 1), coordinate(3, 7, 2));
        let padded = (0..4000).map(|i| coordinate(DIMENSIONS + 2, i, 1)).sum::<f64>() / 4000.0;
        assert!((padded - 0.5).abs() < 0.02, "{padded}");
    }
}
