//! Genotypes and bases as the channels of a network's input.

use serde::{Deserialize, Serialize};

use super::error::DataError;
use super::matrix::CodeCounts;
use super::scale::Scaler;
use super::{Coding, Dataset, MISSING};

/// How a genotype or base is put before a network: `data.encoding` of the study file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// One channel: the dosage, centred and scaled.
    Additive,
    /// One channel a genotype (0, 1, 2 copies) or base (A, C, G, T): 1 where it is this one, else 0.
    OneHot,
}

impl Encoding {
    /// The names in the study file.
    pub const WORDS: [&'static str; 2] = ["additive", "onehot"];

    /// Its name in the study file.
    pub const fn name(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// The encoding of a name.
    pub fn named(name: &str) -> Option<Self> {
        [Encoding::Additive, Encoding::OneHot].into_iter().find(|encoding| encoding.name() == name)
    }

    /// What `auto` stands for: the encoding that a model prefers for SNPs, one-hot for bases.
    pub fn auto(coding: Coding, preferred: Encoding) -> Self {
        match coding {
            Coding::Dosages => preferred,
            Coding::Bases => Encoding::OneHot,
        }
    }

    /// Channels a position.
    pub fn channels(self, coding: Coding) -> usize {
        match self {
            Encoding::Additive => 1,
            Encoding::OneHot => coding.codes(),
        }
    }

    /// Whether it can encode these data.
    ///
    /// # Errors
    /// Where bases are to be added up.
    pub fn check(self, coding: Coding) -> Result<(), DataError> {
        match (self, coding) {
            (Encoding::Additive, Coding::Bases) => Err(DataError::Encoding(
                "the encoding `additive` counts alleles, which bases do not have: set `data.encoding` to \
                 \"onehot\" or \"auto\""
                    .into(),
            )),
            (Encoding::Additive, Coding::Dosages) | (Encoding::OneHot, _) => Ok(()),
        }
    }
}

/// An encoding fitted on training rows. What another encoding needs to know of the training rows is
/// another variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Encoder {
    /// See [`Encoding::Additive`].
    Additive(Scaler),
    /// See [`Encoding::OneHot`].
    OneHot(Frequencies),
}

impl Encoder {
    /// Fits on `rows`, which must be the training rows; missing genotypes are left out.
    ///
    /// # Errors
    /// As [`Encoding::check`].
    pub fn fit(dataset: &Dataset, encoding: Encoding, rows: &[usize]) -> Result<Self, DataError> {
        encoding.check(dataset.coding())?;
        Ok(match encoding {
            Encoding::Additive => Encoder::Additive(Scaler::fit(dataset, rows)),
            Encoding::OneHot => Encoder::OneHot(Frequencies::fit(dataset, rows)),
        })
    }

    /// Channels a position.
    pub fn channels(&self) -> usize {
        match self {
            Encoder::Additive(_) => 1,
            Encoder::OneHot(frequencies) => frequencies.channels,
        }
    }

    /// Writes the codes of one individual to `out`, positions × channels. A missing one becomes what the
    /// training rows hold on average there.
    pub(super) fn apply(&self, codes: &[u8], out: &mut [f32]) {
        match self {
            Encoder::Additive(scaler) => scaler.apply(codes, out),
            Encoder::OneHot(frequencies) => frequencies.apply(codes, out),
        }
    }
}

/// The frequency of each code at each position over the training rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frequencies {
    channels: usize,
    /// Positions × channels; each position's add up to 1.
    values: Vec<f32>,
}

impl Frequencies {
    fn fit(dataset: &Dataset, rows: &[usize]) -> Self {
        let channels = dataset.coding().codes();
        let counts = dataset.matrix.counts(rows);
        let values = counts.iter().flat_map(|counts: &CodeCounts| {
            let counts = &counts[..channels];
            let all: u32 = counts.iter().sum();
            // Where nothing is known of a position, all codes are as likely.
            counts.iter().map(move |n| match all {
                0 => 1.0 / channels as f32,
                all => (f64::from(*n) / f64::from(all)) as f32,
            })
        });
        Frequencies { channels, values: values.collect() }
    }

    fn apply(&self, codes: &[u8], out: &mut [f32]) {
        let positions = out.chunks_exact_mut(self.channels).zip(self.values.chunks_exact(self.channels));
        for ((out, frequencies), code) in positions.zip(codes) {
            if *code == MISSING {
                out.copy_from_slice(frequencies);
            } else {
                out.fill(0.0);
                out[usize::from(*code)] = 1.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Target;
    use super::*;

    fn dataset(coding: Coding, positions: usize, codes: Vec<u8>) -> Dataset {
        let values = (0..codes.len() / positions).map(|i| i as f64).collect();
        Dataset::in_memory(coding, positions, codes, Target::quantity("y", values))
    }

    #[test]
    fn a_missing_genotype_has_the_training_rows_frequencies() {
        // Three individuals to train on, one not; the second SNP is missing in all of the three.
        let codes = vec![0, MISSING, 2, MISSING, 2, MISSING, MISSING, 1];
        let dataset = dataset(Coding::Dosages, 2, codes);
        let encoder = Encoder::fit(&dataset, Encoding::OneHot, &[0, 1, 2]).unwrap();
        assert_eq!(encoder.channels(), 3);
        let mut out = vec![f32::NAN; 12];
        dataset.decode(&[3, 0], &encoder, &mut out);
        let third = 1.0_f32 / 3.0;
        assert_eq!(out[..6], [third, 0.0, 2.0 * third, 0.0, 1.0, 0.0]);
        assert_eq!(out[6..], [1.0, 0.0, 0.0, third, third, third]);
    }

    #[test]
    fn bases_have_four_channels_and_no_sum() {
        let dataset = dataset(Coding::Bases, 3, vec![0, 1, 2, 3, MISSING, 2, 3, 1, MISSING]);
        let encoder = Encoder::fit(&dataset, Encoding::OneHot, &[0, 1]).unwrap();
        let mut out = vec![f32::NAN; 12];
        dataset.decode(&[1], &encoder, &mut out);
        assert_eq!(out, [0., 0., 0., 1., 0., 1., 0., 0., 0., 0., 1., 0.]);
        let refused = Encoder::fit(&dataset, Encoding::Additive, &[0, 1]).unwrap_err().to_string();
        assert!(refused.contains("`additive`") && refused.contains("onehot"), "{refused}");
        assert_eq!(Encoding::auto(Coding::Bases, Encoding::Additive), Encoding::OneHot);
        assert_eq!(Encoding::auto(Coding::Dosages, Encoding::Additive), Encoding::Additive);
    }

    proptest! {
        #[test]
        fn every_position_adds_up_to_one(
            codes in proptest::collection::vec(prop_oneof![0_u8..3, Just(MISSING)], 5 * 7),
        ) {
            let dataset = dataset(Coding::Dosages, 7, codes);
            let encoder = Encoder::fit(&dataset, Encoding::OneHot, &[0, 2, 3]).unwrap();
            let mut out = vec![f32::NAN; 5 * 7 * 3];
            dataset.decode(&[4, 3, 2, 1, 0], &encoder, &mut out);
            for position in out.chunks(3) {
                prop_assert!((position.iter().sum::<f32>() - 1.0).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn an_encoding_is_found_by_its_name() {
        for word in Encoding::WORDS {
            assert_eq!(Encoding::named(word).map(Encoding::name), Some(word));
        }
        assert_eq!(Encoding::named("dominant"), None);
    }
}
