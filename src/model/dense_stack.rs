//! Hidden dense layers and the settings that describe them, for every model that ends in some.
//!
//! A number of layers has units of their own (`units_1` …, the first also as a `factor` of the inputs);
//! a number of `further` layers behind them `decrease` step by step, as in easyPheno.

use super::ModelError;
use super::architecture::Architecture;
use super::block::{Behind, Norm, same_or};
use super::layer::{Activation, Dense, Regularize};
use super::table::penalties;
use crate::domain::setting::{Preset, Settings};
use crate::domain::value::significant;

/// A dense layer and what follows it.
#[derive(Debug, Clone, Copy)]
pub struct DenseBlock {
    /// Outputs.
    pub units: usize,
    /// Penalties of the dense layer.
    pub regularize: Regularize,
    /// What follows.
    pub behind: Behind,
}

impl DenseBlock {
    /// Adds its layers.
    ///
    /// # Errors
    /// Where a layer does not fit.
    pub fn push(&self, plan: &mut Architecture) -> Result<(), ModelError> {
        plan.push(Dense { units: self.units, regularize: self.regularize })?;
        self.behind.push(plan)
    }
}

/// What a model's table says where the others' say something else.
pub struct Presets {
    /// Layers with units of their own.
    pub layers: Preset,
    /// The units of each.
    pub units: Preset,
    /// What `activation` accepts.
    pub activations: &'static [&'static str],
    /// The activation.
    pub activation: Preset,
    /// The share that dropout drops.
    pub dropout: Preset,
}

/// The settings of the hidden dense layers, each name behind a prefix, penalties apart.
macro_rules! dense_settings {
    ($prefix:literal, $presets:expr) => {{
        use crate::domain::setting::{Accepts, Is, Preset, Setting};
        use crate::model::block::{Norm, SAME_OR_ACTIVATION};
        use crate::model::table::SHARE;
        const LAYERS: &str = concat!($prefix, "layers");
        const PRESETS: crate::model::dense_stack::Presets = $presets;
        const fn units(name: &'static str, layer: i64, help: &'static str) -> Setting {
            let accepts = Accepts::Int { min: 1, max: 65_536 };
            Setting::new(name, accepts, PRESETS.units, help).when(LAYERS, Is::AtLeast(layer))
        }
        const fn row(name: &'static str, accepts: Accepts, preset: Preset, help: &'static str) -> Setting {
            Setting::new(name, accepts, preset, help).when(LAYERS, Is::AtLeast(1))
        }
        const FIRST: Accepts = Accepts::IntOr { min: 1, max: 65_536, word: "factor" };
        const FACTOR: Accepts = Accepts::Float { min: 1e-6, max: 100.0 };
        const FURTHER: Accepts = Accepts::Int { min: 0, max: 16 };
        [
            Setting::new(
                LAYERS,
                Accepts::Int { min: 0, max: 5 },
                PRESETS.layers,
                "hidden dense layers that have units of their own",
            ),
            row(
                concat!($prefix, "units_1"),
                FIRST,
                PRESETS.units,
                "units of the first dense layer, or `factor`: a share of its inputs",
            ),
            Setting::new(
                concat!($prefix, "factor"),
                FACTOR,
                Preset::Float(0.5),
                "units of the first dense layer relative to its inputs",
            )
            .when(concat!($prefix, "units_1"), Is::OneOf(&["factor"])),
            units(concat!($prefix, "units_2"), 2, "units of the second dense layer"),
            units(concat!($prefix, "units_3"), 3, "units of the third dense layer"),
            units(concat!($prefix, "units_4"), 4, "units of the fourth dense layer"),
            units(concat!($prefix, "units_5"), 5, "units of the fifth dense layer"),
            row(
                concat!($prefix, "further"),
                FURTHER,
                Preset::Int(0),
                "dense layers behind those, each smaller than the one before",
            ),
            Setting::new(
                concat!($prefix, "decrease"),
                SHARE,
                Preset::Float(0.3),
                "share of units that each further dense layer has less",
            )
            .when(concat!($prefix, "further"), Is::AtLeast(1)),
            row(
                concat!($prefix, "activation"),
                Accepts::Word(PRESETS.activations),
                PRESETS.activation,
                "activation of the dense layers",
            ),
            row(
                concat!($prefix, "last_activation"),
                Accepts::Word(SAME_OR_ACTIVATION),
                Preset::Word("same"),
                "activation of the last hidden dense layer",
            ),
            row(
                concat!($prefix, "batch_norm"),
                Accepts::Word(Norm::WORDS),
                Preset::Word("none"),
                "batch normalisation before or after the dense layers' activation",
            ),
            row(
                concat!($prefix, "dropout"),
                SHARE,
                PRESETS.dropout,
                "share of the dense layers' outputs that training drops",
            ),
        ]
    }};
}
pub(super) use dense_settings;

/// Adds the hidden dense layers that `settings` with this prefix describe; `same` is what that word
/// stands for as their activation.
///
/// # Errors
/// Where a share of the inputs or of a layer's units leaves none.
pub fn push(
    plan: &mut Architecture,
    settings: &Settings,
    prefix: &str,
    same: Activation,
) -> Result<(), ModelError> {
    let name = |setting: &str| format!("{prefix}{setting}");
    if settings.count(&name("layers")) == 0 {
        return Ok(());
    }
    let activation = same_or(settings.word(&name("activation")), same);
    let last = same_or(settings.word(&name("last_activation")), activation);
    let mut block = DenseBlock {
        units: 0,
        regularize: penalties(settings, prefix),
        behind: Behind {
            activation,
            norm: Norm::named(settings.word(&name("batch_norm"))),
            dropout: settings.float(&name("dropout")),
            spatial: false,
        },
    };
    let sizes = sizes(plan.output().size(), settings, prefix)?;
    for (i, units) in sizes.iter().enumerate() {
        block.units = *units;
        if i + 1 == sizes.len() {
            block.behind.activation = last;
        }
        block.push(plan)?;
    }
    Ok(())
}

/// The units of each hidden layer behind `inputs` values.
fn sizes(inputs: usize, settings: &Settings, prefix: &str) -> Result<Vec<usize>, ModelError> {
    let name = |setting: &str| format!("{prefix}{setting}");
    let mut sizes = Vec::new();
    for layer in 1..=settings.count(&name("layers")) {
        sizes.push(match settings.count_or_word(&name(&format!("units_{layer}"))) {
            Some(units) => units,
            None => first(inputs, settings.float(&name("factor")), &name("factor"))?,
        });
    }
    for _ in 0..settings.count(&name("further")) {
        let before = sizes.last().copied().unwrap_or(inputs);
        sizes.push(next(before, settings.float(&name("decrease")), &name("decrease"))?);
    }
    Ok(sizes)
}

/// The units of a first layer, `factor` of its inputs, rounded down as easyPheno does.
///
/// # Errors
/// Where that is none; the text names the `setting`.
pub fn first(inputs: usize, factor: f64, setting: &str) -> Result<usize, ModelError> {
    share(inputs, factor).ok_or_else(|| {
        ModelError::Shape(format!(
            "`{setting}` {} of {inputs} inputs leaves no unit: raise it",
            significant(factor, 3)
        ))
    })
}

/// The units of a layer that has `decrease` less than the one `before` it, rounded down as easyPheno does.
///
/// # Errors
/// Where that is none; the text names the `setting`.
pub fn next(before: usize, decrease: f64, setting: &str) -> Result<usize, ModelError> {
    share(before, 1.0 - decrease).ok_or_else(|| {
        let problem =
            format!("`{setting}` {} of {before} units leaves none behind them", significant(decrease, 3));
        ModelError::Shape(format!("{problem}: lower it or the number of layers"))
    })
}

fn share(of: usize, factor: f64) -> Option<usize> {
    Some((of as f64 * factor) as usize).filter(|units| *units > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_rounded_down_and_never_vanish_silently() {
        assert_eq!(first(15, 0.7, "factor").unwrap(), 10);
        assert_eq!(next(10, 0.3, "decrease").unwrap(), 7);
        let message = first(8, 0.1, "dense_factor").unwrap_err().to_string();
        assert_eq!(message, "`dense_factor` 0.100 of 8 inputs leaves no unit: raise it");
        let message = next(1, 0.5, "decrease").unwrap_err().to_string();
        assert!(message.starts_with("`decrease` 0.500 of 1 units leaves none"), "{message}");
    }
}
