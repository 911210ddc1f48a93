//! The second objective of a search for two: what is to be small besides a good score.

use super::trial::Trial;

/// What is to be small besides a good score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Second {
    /// How many numbers the network learns.
    Weights,
    /// How long the trial took.
    Seconds,
}

impl Second {
    /// Both.
    pub const ALL: [Second; 2] = [Second::Weights, Second::Seconds];
    /// The words of both, as the study file and the command line say them.
    pub const WORDS: [&str; 2] = [Second::Weights.word(), Second::Seconds.word()];

    /// The one that a word names.
    pub fn of_word(word: &str) -> Option<Self> {
        Second::ALL.into_iter().find(|second| second.word() == word)
    }

    /// As the study file says it.
    pub const fn word(self) -> &'static str {
        match self {
            Second::Weights => "weights",
            Second::Seconds => "seconds",
        }
    }

    /// That of a complete trial, where it is known.
    pub fn of(self, trial: &Trial) -> Option<f64> {
        trial.score?;
        match self {
            Second::Weights => trial.weights.map(|weights| weights as f64),
            Second::Seconds => Some(trial.seconds(trial.finished?)),
        }
    }
}
