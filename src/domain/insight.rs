//! What a sampler or a pruner has in mind, as numbers that a screen can draw.
//!
//! Places along a parameter are coordinates of the unit cube of the space that is searched
//! ([`SearchSpace::to_unit`](super::space::SearchSpace::to_unit)); scores are in the study's own units.

use super::trial::TrialId;
use super::value::Params;

/// Along which parameter a person wants to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// The parameter, by its place in the space.
    pub parameter: usize,
    /// At how many places.
    pub places: usize,
}

/// What a sampler has in mind.
#[derive(Debug, Clone, PartialEq)]
pub enum Insight {
    /// A model of the score.
    Slice(Slice),
    /// Densities of good and of other trials.
    Densities(Densities),
}

/// A model's belief along one parameter, the others as in `through`.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// The parameter, by its place in the space.
    pub parameter: usize,
    /// The other parameters' values: those of the best trial.
    pub through: Params,
    /// Where, in [0, 1].
    pub places: Vec<f64>,
    /// At each place: the score that is believed, and the ends of mean ± σ.
    pub belief: Vec<[f64; 3]>,
    /// At each place: how promising it is to look there, from 0 to 1.
    pub acquisition: Vec<f64>,
    /// Its name, such as `log EI` or `UCB, κ 2`.
    pub acquired_by: String,
    /// The point that would be asked next: its place along the parameter, and all of it.
    pub next: Option<(f64, Params)>,
}

/// A Parzen estimator's two densities along one parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Densities {
    /// The parameter, by its place in the space.
    pub parameter: usize,
    /// Where, in [0, 1].
    pub places: Vec<f64>,
    /// The density of good trials, l.
    pub good: Vec<f64>,
    /// The density of the others, g.
    pub bad: Vec<f64>,
    /// How many trials each was made of.
    pub trials: [usize; 2],
    /// The point that would be asked next: its place along the parameter, and all of it.
    pub next: Option<(f64, Params)>,
}

/// A model's belief over two parameters, the others as in the best trial.
#[derive(Debug, Clone, PartialEq)]
pub struct Contour {
    /// The parameters, by their places in the space: across and up.
    pub parameters: [usize; 2],
    /// Places along each, evenly from 0 to 1.
    pub side: usize,
    /// The score that is believed, row by row from below.
    pub belief: Vec<f64>,
}

/// A rung of successive halving.
#[derive(Debug, Clone, PartialEq)]
pub struct Rung {
    /// Its bracket, from 0: one alone has 0.
    pub bracket: usize,
    /// The place of the course at which trials are judged, as a person says it.
    pub at: String,
    /// The trials that came here with their value, best first, and whether each went on.
    pub trials: Vec<(TrialId, f64, bool)>,
}
