//! What is done to genotypes before a network sees them, as the study file's `[data]` says it.

use serde::{Deserialize, Serialize};

use super::Coding;
use super::error::DataError;

/// How a genotype or base is put before a network: one of `data.encoding`, whose channels stand side by
/// side in the order in which they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// One channel: the copies of the counted allele, centred and scaled.
    Additive,
    /// One channel: whether there is at least one copy of the counted allele, centred and scaled.
    Dominant,
    /// One channel: whether there are two copies of the counted allele, centred and scaled.
    Recessive,
    /// One channel: whether there is exactly one copy of the counted allele, centred and scaled.
    Heterozygote,
    /// One channel a genotype (0, 1, 2 copies) or base (A, C, G, T): 1 where it is this one, else 0.
    OneHot,
}

impl Encoding {
    /// Every encoding, in the order of [`WORDS`](Self::WORDS).
    pub const ALL: [Encoding; 5] = [
        Encoding::Additive,
        Encoding::Dominant,
        Encoding::Recessive,
        Encoding::Heterozygote,
        Encoding::OneHot,
    ];

    /// The names in the study file.
    pub const WORDS: [&'static str; 5] = ["additive", "dominant", "recessive", "heterozygote", "onehot"];

    /// Its name in the study file.
    pub const fn name(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// The encoding of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.name() == name)
    }

    /// What `auto` stands for: the encoding that a model prefers for SNPs, one-hot for bases.
    pub fn auto(coding: Coding, preferred: Encoding) -> Self {
        match coding {
            Coding::Dosages => preferred,
            Coding::Bases => Encoding::OneHot,
        }
    }

    /// The number that a dosage (0, 1 or 2) becomes before it is centred and scaled; `None` where each code
    /// has a channel of its own.
    pub(super) const fn score(self, dosage: u8) -> Option<u8> {
        match self {
            Encoding::Additive => Some(dosage),
            Encoding::Dominant => Some((dosage >= 1) as u8),
            Encoding::Recessive => Some((dosage == 2) as u8),
            Encoding::Heterozygote => Some((dosage == 1) as u8),
            Encoding::OneHot => None,
        }
    }
}

/// What a missing genotype is in one-hot channels where nothing else is put in its place:
/// `data.onehot_missing`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OneHotMissing {
    /// The frequency of each code over the training rows.
    #[default]
    Frequencies,
    /// 0 in all channels.
    Zeros,
    /// 1 in a channel of its own, behind the others.
    Channel,
}

impl OneHotMissing {
    /// The names in the study file.
    pub const WORDS: [&'static str; 3] = ["frequencies", "zeros", "channel"];

    /// Its name in the study file.
    pub const fn name(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// What has this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Frequencies, Self::Zeros, Self::Channel].into_iter().find(|missing| missing.name() == name)
    }
}

/// What is put in the place of a missing genotype: `data.impute`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Impute {
    /// Of each channel its mean over the training rows.
    #[default]
    Mean,
    /// The genotype that most training rows have; of those that as many have, the one of fewest copies.
    Mode,
    /// What the training rows have there that are most alike around it: see [`super::impute`]; the mean where
    /// there is nothing to compare.
    Neighbours,
}

impl Impute {
    /// The names in the study file.
    pub const WORDS: [&'static str; 3] = ["mean", "mode", "neighbours"];

    /// Its name in the study file.
    pub const fn name(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// What has this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Mean, Self::Mode, Self::Neighbours].into_iter().find(|impute| impute.name() == name)
    }
}

/// How genotypes or bases become a network's input.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preprocessing {
    /// The encodings whose channels stand side by side; as a kind of network prefers where there is none.
    pub encodings: Vec<Encoding>,
    /// What a missing genotype is in one-hot channels.
    pub onehot_missing: OneHotMissing,
    /// What is put in the place of a missing genotype.
    pub impute: Impute,
    /// How many SNPs are kept, those of smallest p-value over the training rows; all where `None`.
    pub preselect: Option<usize>,
}

impl From<Encoding> for Preprocessing {
    fn from(encoding: Encoding) -> Self {
        Preprocessing { encodings: vec![encoding], ..Preprocessing::default() }
    }
}

impl Preprocessing {
    /// With the encoding that a kind of network prefers, where the study file leaves it open.
    pub fn for_network(&self, coding: Coding, preferred: Encoding) -> Self {
        let mut own = self.clone();
        if own.encodings.is_empty() {
            own.encodings.push(Encoding::auto(coding, preferred));
        }
        own
    }

    /// The encodings' names, for a person.
    pub fn label(&self) -> String {
        let names: Vec<&str> = self.encodings.iter().map(|encoding| encoding.name()).collect();
        if names.is_empty() { "auto".into() } else { names.join(" + ") }
    }

    /// Channels a position.
    pub fn channels(&self, coding: Coding) -> usize {
        self.encodings.iter().map(|encoding| self.channels_of(*encoding, coding)).sum()
    }

    /// Channels a position of one of the encodings.
    pub(super) fn channels_of(&self, encoding: Encoding, coding: Coding) -> usize {
        match encoding {
            Encoding::OneHot => {
                let own_channel = self.onehot_missing == OneHotMissing::Channel;
                coding.codes() + usize::from(own_channel)
            }
            Encoding::Additive | Encoding::Dominant | Encoding::Recessive | Encoding::Heterozygote => 1,
        }
    }

    /// How many of `positions` are left to a network.
    pub fn kept(&self, positions: usize) -> usize {
        self.preselect.map_or(positions, |snps| snps.min(positions))
    }

    /// Whether it suits these data.
    ///
    /// # Errors
    /// Where the alleles of bases are to be counted.
    pub fn check(&self, coding: Coding) -> Result<(), DataError> {
        let counting = self.encodings.iter().find(|encoding| **encoding != Encoding::OneHot);
        match (coding, counting) {
            (Coding::Bases, Some(encoding)) => Err(DataError::Encoding(format!(
                "the encoding `{}` counts alleles, which bases do not have: set `data.encoding` to \
                 \"onehot\" or \"auto\"",
                encoding.name()
            ))),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_name_what_they_stand_for() {
        for word in Encoding::WORDS {
            assert_eq!(Encoding::named(word).map(Encoding::name), Some(word));
        }
        for word in OneHotMissing::WORDS {
            assert_eq!(OneHotMissing::named(word).map(OneHotMissing::name), Some(word));
        }
        for word in Impute::WORDS {
            assert_eq!(Impute::named(word).map(Impute::name), Some(word));
        }
        assert_eq!((Encoding::named("codominant"), Impute::named("median")), (None, None));
    }

    #[test]
    fn what_is_left_open_is_what_the_network_prefers() {
        let open = Preprocessing::default();
        let chosen = |coding| open.for_network(coding, Encoding::Additive).encodings;
        assert_eq!(chosen(Coding::Dosages), [Encoding::Additive]);
        assert_eq!(chosen(Coding::Bases), [Encoding::OneHot]);
        let both = Preprocessing { encodings: vec![Encoding::OneHot, Encoding::Recessive], ..open };
        assert_eq!(both.for_network(Coding::Dosages, Encoding::Additive), both);
        assert_eq!((both.channels(Coding::Dosages), both.label().as_str()), (4, "onehot + recessive"));
        let own = Preprocessing { onehot_missing: OneHotMissing::Channel, ..both };
        assert_eq!(own.channels(Coding::Dosages), 5);
        let refused = own.check(Coding::Bases).unwrap_err().to_string();
        assert!(refused.contains("`recessive`") && refused.contains("onehot"), "{refused}");
    }
}
