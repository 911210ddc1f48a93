//! Which networks predict, once a search is over.

/// The `[ensemble]` table of the study file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EnsembleConfig {
    /// One, with the params of the best trial.
    #[default]
    None,
    /// Waldmann et al. (2020), "Model averaged ensemble predictions": the search is run several times, and the
    /// params of the winners are averaged.
    Averaged {
        /// How often the search is run.
        replicates: usize,
        /// Networks that are trained with the averaged params.
        refits: usize,
    },
    /// The best trials' params (Lakshminarayanan et al. 2017, with other params besides other seeds).
    Top {
        /// How many of the best trials.
        top: usize,
        /// Networks that are trained with the params of each.
        refits: usize,
    },
}

impl EnsembleConfig {
    /// The names of the kinds in the study file.
    pub const WORDS: [&'static str; 3] = ["none", "averaged", "top"];

    /// Its kind's name in the study file.
    pub const fn name(&self) -> &'static str {
        match self {
            EnsembleConfig::None => "none",
            EnsembleConfig::Averaged { .. } => "averaged",
            EnsembleConfig::Top { .. } => "top",
        }
    }

    /// How often the search is run.
    pub const fn replicates(&self) -> usize {
        match self {
            EnsembleConfig::Averaged { replicates, .. } => *replicates,
            EnsembleConfig::None | EnsembleConfig::Top { .. } => 1,
        }
    }

    /// Networks that are trained with the same params.
    pub const fn refits(&self) -> usize {
        match self {
            EnsembleConfig::None => 1,
            EnsembleConfig::Averaged { refits, .. } | EnsembleConfig::Top { refits, .. } => *refits,
        }
    }
}
