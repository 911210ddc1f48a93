//! Centring and scaling, fitted on training rows only.

/// What is done to the trait before training: `data.trait_scale` of the study file. Scores are always
/// in the trait's own units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraitScale {
    /// Mean 0 (seed 001's scheme: penalties are then in the trait's own units).
    Center,
    /// Mean 0 and standard deviation 1, so that learning rates and penalties suit any trait.
    Standardize,
}
