//! Genotypes and bases as the channels of a network's input: a lookup of what each code is at each
//! position, fitted on training rows.

use serde::{Deserialize, Serialize};

use super::covariate::CovariateEncoder;
use super::error::DataError;
use super::impute::Imputer;
use super::matrix::CodeCounts;
pub use super::preprocess::{Encoding, Impute, OneHotMissing, Preprocessing};
use super::{Coding, Dataset, preselect};

/// [`Preprocessing`] fitted on training rows. What is kept is what was counted; the lookup follows from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Fitted", into = "Fitted")]
pub struct Encoder {
    fitted: Fitted,
    channels: usize,
    /// Codes, and one for a missing one.
    slots: usize,
    /// Positions × slots × channels.
    table: Vec<f32>,
}

/// What is learned of the training rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Fitted {
    coding: Coding,
    preprocessing: Preprocessing,
    /// How often each code occurs at each position of the input.
    counts: Vec<CodeCounts>,
    learned: Learned,
    covariates: CovariateEncoder,
}

/// What is costly to learn of the training rows, and the same whatever the encoding.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    /// The dataset's positions that are the input's, ascending; all where `None`.
    columns: Option<Vec<u32>>,
    imputer: Option<Imputer>,
}

impl Learned {
    /// Learns of `rows`, which must be the training rows.
    ///
    /// # Errors
    /// Where copies of an allele are needed and there are bases.
    pub fn fit(dataset: &Dataset, preprocessing: &Preprocessing, rows: &[usize]) -> Result<Self, DataError> {
        let select = |snps| preselect::select(dataset, rows, snps);
        let neighbours = preprocessing.impute == Impute::Neighbours;
        Ok(Learned {
            columns: preprocessing.preselect.map(select).transpose()?,
            imputer: neighbours.then(|| Imputer::fit(dataset, rows)).transpose()?,
        })
    }
}

impl Encoder {
    /// Fits on `rows`, which must be the training rows; missing genotypes are left out.
    ///
    /// # Errors
    /// As [`Preprocessing::check`].
    pub fn fit(
        dataset: &Dataset,
        preprocessing: impl Into<Preprocessing>,
        rows: &[usize],
    ) -> Result<Self, DataError> {
        let preprocessing = preprocessing.into();
        preprocessing.check(dataset.coding())?;
        let learned = Learned::fit(dataset, &preprocessing, rows)?;
        Self::with(dataset, preprocessing, rows, learned)
    }

    /// Fits on the rows of which the rest has been `learned` before.
    ///
    /// # Errors
    /// As [`Preprocessing::check`].
    pub fn with(
        dataset: &Dataset,
        preprocessing: Preprocessing,
        rows: &[usize],
        learned: Learned,
    ) -> Result<Self, DataError> {
        preprocessing.check(dataset.coding())?;
        let mut counts = dataset.matrix.counts(rows);
        if let Some(columns) = &learned.columns {
            counts = columns.iter().map(|column| counts[*column as usize]).collect();
        }
        let covariates = CovariateEncoder::fit(dataset.covariates(), rows);
        Ok(Fitted { coding: dataset.coding(), preprocessing, counts, learned, covariates }.into())
    }

    /// The dataset's positions that are the input's, ascending; all where `None`.
    pub fn columns(&self) -> Option<&[u32]> {
        self.fitted.learned.columns.as_deref()
    }

    /// The dataset's position of each of the input's.
    pub fn places(&self) -> Vec<usize> {
        match self.columns() {
            Some(columns) => columns.iter().map(|column| *column as usize).collect(),
            None => (0..self.positions()).collect(),
        }
    }

    pub(super) fn imputer(&self) -> Option<&Imputer> {
        self.fitted.learned.imputer.as_ref()
    }

    /// Of the covariates.
    pub fn covariates(&self) -> &CovariateEncoder {
        &self.fitted.covariates
    }

    /// Positions of the input.
    pub fn positions(&self) -> usize {
        self.fitted.counts.len()
    }

    /// Channels a position.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Values of an individual's input.
    pub fn width(&self) -> usize {
        self.positions() * self.channels
    }

    /// Writes the codes of one individual, of all positions of the dataset, to `out`, positions × channels.
    pub(super) fn apply(&self, codes: &[u8], out: &mut [f32]) {
        match self.columns() {
            Some(columns) => self.look_up(columns.iter().map(|column| codes[*column as usize]), out),
            None => self.look_up(codes.iter().copied(), out),
        }
    }

    fn look_up(&self, codes: impl Iterator<Item = u8>, out: &mut [f32]) {
        let (missing, channels) = (self.slots - 1, self.channels);
        let entries = codes.zip(self.table.chunks_exact(self.slots * channels));
        if channels == 1 {
            for (x, (code, entry)) in out.iter_mut().zip(entries) {
                *x = entry[usize::from(code).min(missing)];
            }
        } else {
            for (out, (code, entry)) in out.chunks_exact_mut(channels).zip(entries) {
                out.copy_from_slice(&entry[usize::from(code).min(missing) * channels..][..channels]);
            }
        }
    }
}

impl From<Encoder> for Fitted {
    fn from(encoder: Encoder) -> Self {
        encoder.fitted
    }
}

impl From<Fitted> for Encoder {
    fn from(fitted: Fitted) -> Self {
        let Fitted { coding, preprocessing, counts, .. } = &fitted;
        let (channels, slots) = (preprocessing.channels(*coding), coding.codes() + 1);
        let mut table = vec![0.0; counts.len() * slots * channels];
        // Without an encoding there is nothing to look up.
        for (entry, counts) in table.chunks_exact_mut((slots * channels).max(1)).zip(counts) {
            let counts = &counts[..coding.codes()];
            let mut first = 0;
            for encoding in &preprocessing.encodings {
                let of_slot = |slot: usize| slot * channels + first;
                match encoding {
                    Encoding::OneHot => {
                        one_hot(counts, preprocessing.onehot_missing, |slot, c, v| {
                            entry[of_slot(slot) + c] = v;
                        });
                    }
                    scored => standardised(*scored, counts, |slot, v| entry[of_slot(slot)] = v),
                }
                first += preprocessing.channels_of(*encoding, *coding);
            }
            if preprocessing.impute == Impute::Mode
                && let Some(mode) = mode(counts)
            {
                entry.copy_within(mode * channels..(mode + 1) * channels, (slots - 1) * channels);
            }
        }
        Encoder { channels, slots, table, fitted }
    }
}

/// The most frequent code, the first of several; `None` where all are missing.
fn mode(counts: &[u32]) -> Option<usize> {
    let most = counts.iter().copied().max().filter(|most| *most > 0)?;
    counts.iter().position(|count| *count == most)
}

/// Calls `set` with slot and value: the dosage's score less its mean, over its standard deviation. A missing
/// one is the mean, and where the training rows do not differ all are.
fn standardised(encoding: Encoding, counts: &[u32], mut set: impl FnMut(usize, f32)) {
    let scores = || (0..).zip(counts).filter_map(|(code, n)| Some((encoding.score(code)?, *n)));
    let (mean, inverse_sd) = moments(scores());
    for (slot, (score, _)) in scores().enumerate() {
        set(slot, (f32::from(score) - mean) * inverse_sd);
    }
    set(counts.len(), 0.0);
}

/// Calls `set` with slot, channel and value, for those that are not 0.
fn one_hot(counts: &[u32], missing: OneHotMissing, mut set: impl FnMut(usize, usize, f32)) {
    let codes = counts.len();
    (0..codes).for_each(|code| set(code, code, 1.0));
    match missing {
        OneHotMissing::Zeros => {}
        OneHotMissing::Channel => set(codes, codes, 1.0),
        OneHotMissing::Frequencies => {
            let all: u32 = counts.iter().sum();
            for (code, n) in counts.iter().enumerate() {
                // Where nothing is known of a position, all codes are as likely.
                let frequency = match all {
                    0 => 1.0 / codes as f32,
                    all => (f64::from(*n) / f64::from(all)) as f32,
                };
                set(codes, code, frequency);
            }
        }
    }
}

/// Mean and inverse standard deviation (population, with n below; 0 without a spread) of scores that each
/// occur so often, in exact integers up to the last division.
fn moments(scores: impl Iterator<Item = (u8, u32)>) -> (f32, f32) {
    let (mut n, mut sum, mut squares) = (0, 0, 0);
    for (score, count) in scores {
        let (score, count) = (u64::from(score), u64::from(count));
        n += count;
        sum += score * count;
        squares += score * score * count;
    }
    // n² times the variance; never negative, by Cauchy and Schwarz.
    let spread = n * squares - sum * sum;
    let mean = sum as f64 / n.max(1) as f64;
    let inverse_sd = if spread > 0 { n as f64 / (spread as f64).sqrt() } else { 0.0 };
    (mean as f32, inverse_sd as f32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{MISSING, Target};
    use super::*;

    fn dataset(coding: Coding, positions: usize, codes: Vec<u8>) -> Dataset {
        let values = (0..codes.len() / positions).map(|i| i as f64).collect();
        Dataset::in_memory(coding, positions, codes, Target::quantity("y", values))
    }

    fn decoded(dataset: &Dataset, encoder: &Encoder, rows: &[usize]) -> Vec<f32> {
        let mut out = vec![f32::NAN; rows.len() * encoder.width()];
        dataset.decode(rows, encoder, &mut out);
        out
    }

    #[test]
    fn fitting_uses_the_training_rows_alone_and_leaves_missing_genotypes_out() {
        // Four individuals; the last is not in training and would change every number.
        let codes = vec![0, 1, MISSING, 2, 1, MISSING, 2, 1, 1, 0, 0, 2];
        let dataset = dataset(Coding::Dosages, 3, codes);
        let encoder = Encoder::fit(&dataset, Encoding::Additive, &[0, 1, 2]).unwrap();
        let out = decoded(&dataset, &encoder, &[3, 0]);
        let (mean, sd) = (4.0 / 3.0, (8.0_f32 / 9.0).sqrt());
        assert!((out[0] + mean / sd).abs() < 1e-6);
        assert_eq!(out[1..3], [0.0, 0.0], "these do not vary in training");
        assert_eq!(out[5], 0.0, "missing is the mean");
    }

    #[test]
    fn dominance_has_four_readings_that_stand_side_by_side() {
        // Dosages 0, 0, 1, 2 and a missing one to train on.
        let dataset = dataset(Coding::Dosages, 1, vec![0, 0, 1, 2, MISSING, 1]);
        let encodings =
            vec![Encoding::Heterozygote, Encoding::Dominant, Encoding::Recessive, Encoding::Additive];
        let preprocessing = Preprocessing { encodings, ..Preprocessing::default() };
        let encoder = Encoder::fit(&dataset, preprocessing, &[0, 1, 2, 3, 4]).unwrap();
        let out = decoded(&dataset, &encoder, &[0, 2, 3, 4]);
        let third = (0.25_f32 * 0.75).sqrt();
        let additive = (0.6875_f32).sqrt();
        let expected = [
            [-0.25 / third, -1.0, -0.25 / third, -0.75 / additive],
            [0.75 / third, 1.0, -0.25 / third, 0.25 / additive],
            [-0.25 / third, 1.0, 0.75 / third, 1.25 / additive],
            [0.0; 4],
        ];
        for (found, expected) in out.iter().zip(expected.as_flattened()) {
            assert!((found - expected).abs() < 1e-6, "{out:?}");
        }
        let additive = Encoder::fit(&dataset, Encoding::Additive, &[0, 1, 2, 3, 4]).unwrap();
        let alone = decoded(&dataset, &additive, &[0, 2, 3, 4]);
        let beside: Vec<f32> = out.iter().skip(3).step_by(4).copied().collect();
        assert_eq!(alone, beside, "bit for bit");
    }

    #[test]
    fn a_missing_genotype_has_the_training_rows_frequencies() {
        // Three individuals to train on, one not; the second SNP is missing in all of the three.
        let codes = vec![0, MISSING, 2, MISSING, 2, MISSING, MISSING, 1];
        let dataset = dataset(Coding::Dosages, 2, codes);
        let encoder = Encoder::fit(&dataset, Encoding::OneHot, &[0, 1, 2]).unwrap();
        assert_eq!((encoder.positions(), encoder.channels()), (2, 3));
        let out = decoded(&dataset, &encoder, &[3, 0]);
        let third = 1.0_f32 / 3.0;
        assert_eq!(out[..6], [third, 0.0, 2.0 * third, 0.0, 1.0, 0.0]);
        assert_eq!(out[6..], [1.0, 0.0, 0.0, third, third, third]);
    }

    #[test]
    fn a_missing_genotype_is_what_the_study_file_wants() {
        let dataset = dataset(Coding::Dosages, 2, vec![0, MISSING, 2, 1, 2, 0, MISSING, MISSING]);
        let fit = |encodings: &[Encoding], onehot_missing, impute| {
            let preprocessing =
                Preprocessing { encodings: encodings.to_vec(), onehot_missing, impute, preselect: None };
            Encoder::fit(&dataset, preprocessing, &[0, 1, 2]).unwrap()
        };
        let onehot = |missing, impute| decoded(&dataset, &fit(&[Encoding::OneHot], missing, impute), &[3]);
        assert_eq!(onehot(OneHotMissing::Zeros, Impute::Mean), [0.0; 6]);
        assert_eq!(
            onehot(OneHotMissing::Channel, Impute::Mean),
            [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            "the fourth channel"
        );
        // The second SNP has 0 and 1 as often: the fewest copies count.
        assert_eq!(onehot(OneHotMissing::Frequencies, Impute::Mode), [0., 0., 1., 1., 0., 0.]);
        let mode = fit(&[Encoding::Additive], OneHotMissing::Frequencies, Impute::Mode);
        let (found, second) = (decoded(&dataset, &mode, &[3]), decoded(&dataset, &mode, &[2]));
        assert_eq!(found, second, "2 and 0 copies");
        assert!(found[0] > 0.5 && found[1] < -0.5);
    }

    #[test]
    fn bases_have_four_channels_and_no_sum() {
        let dataset = dataset(Coding::Bases, 3, vec![0, 1, 2, 3, MISSING, 2, 3, 1, MISSING]);
        let encoder = Encoder::fit(&dataset, Encoding::OneHot, &[0, 1]).unwrap();
        let out = decoded(&dataset, &encoder, &[1]);
        assert_eq!(out, [0., 0., 0., 1., 0., 1., 0., 0., 0., 0., 1., 0.]);
        let refused = Encoder::fit(&dataset, Encoding::Additive, &[0, 1]).unwrap_err().to_string();
        assert!(refused.contains("`additive`") && refused.contains("onehot"), "{refused}");
    }

    proptest! {
        #[test]
        fn channels_keep_their_promises_whatever_the_codes(
            codes in proptest::collection::vec(prop_oneof![0_u8..3, Just(MISSING)], 5 * 7),
        ) {
            let dataset = dataset(Coding::Dosages, 7, codes);
            let train = [0, 2, 3];
            let encoder = Encoder::fit(&dataset, Encoding::OneHot, &train).unwrap();
            for position in decoded(&dataset, &encoder, &[4, 3, 2, 1, 0]).chunks(3) {
                prop_assert!((position.iter().sum::<f32>() - 1.0).abs() < 1e-6);
            }
            for encoding in Encoding::ALL.into_iter().filter(|e| *e != Encoding::OneHot) {
                let encoder = Encoder::fit(&dataset, encoding, &train).unwrap();
                let out = decoded(&dataset, &encoder, &train);
                for position in 0..7 {
                    let sum: f32 = out.iter().skip(position).step_by(7).sum();
                    prop_assert!(sum.abs() < 1e-5, "centred: {sum}");
                }
            }
        }

        #[test]
        fn what_is_kept_encodes_alike(
            codes in proptest::collection::vec(prop_oneof![0_u8..3, Just(MISSING)], 5 * 7),
        ) {
            let dataset = dataset(Coding::Dosages, 7, codes);
            let preprocessing = Preprocessing {
                encodings: Encoding::ALL.to_vec(),
                onehot_missing: OneHotMissing::Channel,
                preselect: Some(4),
                impute: Impute::Mean,
            };
            let encoder = Encoder::fit(&dataset, preprocessing, &[0, 2, 3]).unwrap();
            let kept: Encoder = serde_json::from_str(&serde_json::to_string(&encoder).unwrap()).unwrap();
            prop_assert_eq!(&kept, &encoder);
        }
    }
}
