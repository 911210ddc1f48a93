//! CNNGWP: a sparse one-layer convolutional network (Waldmann, Pfeiffer & Mészáros 2020, Frontiers in
//! Genetics 11:25).
//!
//! Convolution along the genome → activation → max pooling → flatten → one linear unit with an L1
//! penalty on its weights.

use super::architecture::Architecture;
use super::layer::{Activate, Activation, ConvMaxPool1d, Dense, Flatten, Penalty, Regularize};
use super::{Input, Model, ModelError, ModelRow};
use crate::domain::setting::{Accepts, Preset, Setting, Settings};
use crate::domain::table::Row;
use crate::kernel::Padding;

const SETTINGS: &[Setting] = &[
    Setting::new(
        "filters",
        Accepts::Int { min: 1, max: 4096 },
        Preset::SearchInt { low: 20, high: 100, log: false },
        "filters of the convolution",
    ),
    Setting::new(
        "kernel",
        Accepts::Int { min: 1, max: 1_000_000 },
        Preset::SearchInt { low: 10, high: 50, log: false },
        "SNPs under a filter",
    ),
    Setting::new(
        "l1",
        Accepts::Float { min: 0.0, max: 1e6 },
        Preset::SearchFloat { low: 1e-3, high: 1.0, log: true },
        "L1 penalty on the weights of the output",
    ),
    Setting::new(
        "stride",
        Accepts::Int { min: 1, max: i64::MAX },
        Preset::Int(2),
        "SNPs between two applications of a filter",
    ),
    Setting::new(
        "pool",
        Accepts::Int { min: 1, max: 65_536 },
        Preset::Int(2),
        "neighbouring outputs of which the largest is kept",
    ),
    Setting::new(
        "padding",
        Accepts::Word(&["same", "valid"]),
        Preset::Word("same"),
        "zeros beyond the ends of the genome, or none",
    ),
    Setting::new(
        "activation",
        Accepts::Word(&["linear", "relu", "elu", "tanh"]),
        Preset::Word("linear"),
        "what is applied to the convolution's outputs",
    ),
];

/// The row of the table of models.
pub const ROW: ModelRow = Row {
    name: "cnn",
    help: "convolution, max pooling and one linear unit with an L1 penalty (CNNGWP)",
    settings: SETTINGS,
    build: Model { plan, one_hot: false, variants: &[] },
};

/// All activations here grow with their input, so that the largest of a pool is the same before and
/// after: the network pools first and activates what is left. (Where `relu` makes a whole pool 0, its
/// gradient is 0 either way.)
fn plan(settings: &Settings, input: Input, outputs: usize) -> Result<Architecture, ModelError> {
    let mut plan = Architecture::new(input.shape());
    plan.push(ConvMaxPool1d {
        filters: settings.count("filters"),
        kernel: settings.count("kernel"),
        stride: settings.count("stride"),
        padding: if settings.word("padding") == "same" { Padding::Same } else { Padding::Valid },
        pool: settings.count("pool"),
        regularize: Regularize::default(),
    })?;
    match Activation::named(settings.word("activation")) {
        Activation::Linear => {}
        activation => drop(plan.push(Activate(activation))?),
    }
    plan.push(Flatten)?;
    let kernel = Penalty { l1: settings.float("l1"), l2: 0.0 };
    plan.push(Dense { units: outputs, regularize: Regularize { kernel, ..Regularize::default() } })?;
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::value::Value;

    fn settings(changes: &[(&str, Value)]) -> Settings {
        let mut settings = Settings::defaults(SETTINGS);
        for (name, value) in [("filters", 64.into()), ("kernel", 27.into()), ("l1", 0.571.into())] {
            settings.0.insert(name.to_owned(), value);
        }
        for (name, value) in changes {
            settings.0.insert((*name).to_owned(), value.clone());
        }
        settings
    }

    fn build(positions: usize, changes: &[(&str, Value)]) -> Result<Architecture, ModelError> {
        plan(&settings(changes), Input { positions, channels: 1 }, 1)
    }

    #[test]
    fn the_papers_network_has_the_papers_weights() {
        // Table 1 of the paper.
        let summary = build(9723, &[]).unwrap().summary();
        let found: Vec<(&[usize], usize)> = summary.iter().map(|l| (&l.output[..], l.weights)).collect();
        let expected: [(&[usize], usize); 4] =
            [(&[4862, 64], 1_792), (&[2431, 64], 0), (&[155_584], 0), (&[1], 155_585)];
        assert_eq!(found, expected);
    }

    #[test]
    fn impossible_shapes_name_both_numbers() {
        let message = |changes: &[(&str, Value)]| build(26, changes).err().unwrap().to_string();
        assert!(message(&[]).starts_with("kernel 27 is longer than the input of 26 positions"));
        let pool = message(&[("kernel", 5.into()), ("pool", 14.into())]);
        assert!(pool.starts_with("pool 14 is larger than the 13 outputs"), "{pool}");
        let stride = message(&[("kernel", 5.into()), ("stride", i64::MAX.into())]);
        assert!(stride.contains("the 1 outputs"), "{stride}");
    }
}
