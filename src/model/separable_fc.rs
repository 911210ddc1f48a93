//! Separable fully connected layers (Alexandari, Shrikumar & Kundaje 2017): convolutions and max pooling,
//! then a layer that learns positions and channels apart, a fully connected one and the output.
//!
//! The defaults are the network of the paper's simulated TF-binding data (§2.4); what is searched stands
//! around them. The paper gives ReLU to the convolutions and says nothing of the fully connected layer:
//! it is taken to have one too, which `fc_activation` changes.

use super::architecture::Architecture;
use super::block::Behind;
use super::conv_stack::{self, ConvBlock, Pool};
use super::dense_stack::DenseBlock;
use super::layer::{Activation, Dense, Flatten, Regularize, SeparableFc};
use super::table::{PENALTY, SHARE};
use super::{Input, Model, ModelError, ModelRow};
use crate::domain::setting::{Accepts, Is, Preset, Setting, Settings, Variant};
use crate::domain::table::Row;
use crate::kernel::Padding;

const SETTINGS: &[Setting] = &[
    Setting::new("layers", Accepts::Int { min: 1, max: 16 }, Preset::Int(2), "convolutions"),
    Setting::new(
        "filters",
        Accepts::Int { min: 1, max: 4096 },
        Preset::SearchInt { low: 10, high: 100, log: true },
        "filters of each convolution",
    ),
    Setting::new(
        "kernel",
        Accepts::Int { min: 1, max: 1_000_000 },
        Preset::SearchInt { low: 5, high: 25, log: false },
        "positions under a filter",
    ),
    Setting::new(
        "stride",
        Accepts::Int { min: 1, max: i64::MAX },
        Preset::Int(1),
        "positions between two applications of the first convolution: more for tens of thousands",
    ),
    Setting::new(
        "activation",
        Accepts::Word(Activation::WORDS),
        Preset::Word("relu"),
        "activation of the convolutions",
    ),
    Setting::new(
        "pool",
        Accepts::Int { min: 1, max: 65_536 },
        Preset::Int(10),
        "neighbouring outputs of which the largest is kept",
    ),
    Setting::new(
        "pool_stride",
        Accepts::Int { min: 1, max: 65_536 },
        Preset::Int(5),
        "outputs between two pools",
    ),
    Setting::new(
        "separable",
        Accepts::Bool,
        Preset::Bool(true),
        "whether the separable layer stands before the fully connected one",
    ),
    // The paper's networks have 18, 648 and 1,000.
    Setting::new(
        "neurons",
        Accepts::IntOr { min: 1, max: 1_000_000, word: "match" },
        Preset::SearchInt { low: 18, high: 1000, log: true },
        "units of the separable layer, or `match`: as many as need no more weights than going without it",
    )
    .when("separable", Is::True),
    Setting::new(
        "symmetric",
        Accepts::Bool,
        Preset::SearchBool,
        "whether the weights of positions mirror each other around the middle",
    )
    .when("separable", Is::True),
    Setting::new(
        "curvature",
        PENALTY,
        Preset::Float(0.0),
        "penalty on the curvature of the weights of positions",
    )
    .when("symmetric", Is::True),
    Setting::new(
        "units",
        Accepts::Int { min: 1, max: 65_536 },
        Preset::SearchInt { low: 10, high: 100, log: true },
        "units of the fully connected layer",
    ),
    Setting::new(
        "fc_activation",
        Accepts::Word(Activation::WORDS),
        Preset::Word("relu"),
        "activation of the fully connected layer",
    ),
    Setting::new(
        "dropout",
        SHARE,
        Preset::SearchFloat { low: 0.0, high: 0.7, log: false },
        "share of the fully connected layer's outputs that training drops",
    ),
];

const VARIANTS: &[Variant] = &[
    Variant {
        name: "standard",
        help: "the paper's network for TF binding without the separable layer",
        values: &[
            ("filters", Preset::Int(50)),
            ("kernel", Preset::Int(11)),
            ("separable", Preset::Bool(false)),
            ("units", Preset::Int(50)),
            ("dropout", Preset::Float(0.5)),
        ],
    },
    Variant {
        name: "separable",
        help: "the paper's network for TF binding with the separable layer, of no more weights",
        values: &[
            ("filters", Preset::Int(50)),
            ("kernel", Preset::Int(11)),
            ("neurons", Preset::Word("match")),
            ("symmetric", Preset::Bool(false)),
            ("units", Preset::Int(50)),
            ("dropout", Preset::Float(0.5)),
        ],
    },
    Variant {
        name: "symmetric",
        help: "the paper's network for TF binding with the symmetric separable layer",
        values: &[
            ("filters", Preset::Int(50)),
            ("kernel", Preset::Int(11)),
            ("neurons", Preset::Word("match")),
            ("symmetric", Preset::Bool(true)),
            ("units", Preset::Int(50)),
            ("dropout", Preset::Float(0.5)),
        ],
    },
];

/// The row of the table of models.
pub const ROW: ModelRow = Row {
    name: "separable-fc",
    help: "convolutions and a fully connected layer that is separable into positions and channels",
    settings: SETTINGS,
    build: Model { plan, one_hot: false, variants: VARIANTS },
};

fn plan(settings: &Settings, input: Input, outputs: usize) -> Result<Architecture, ModelError> {
    let mut plan = Architecture::new(input.shape());
    conv_stack::push(&mut plan, &convolutions(settings))?;
    let units = settings.count("units");
    if settings.flag("separable") {
        let (length, channels) = plan.output().sequence().map_err(ModelError::Shape)?;
        let neurons = match settings.count_or_word("neurons") {
            Some(neurons) => neurons,
            None => matching(length, channels, units)?,
        };
        let symmetric = settings.flag("symmetric");
        let curvature = if symmetric { settings.float("curvature") } else { 0.0 };
        plan.push(SeparableFc { neurons, symmetric, curvature })?;
    } else {
        plan.push(Flatten)?;
    }
    plan.join(input.covariates)?;
    let behind = Behind {
        dropout: settings.float("dropout"),
        ..Behind::activation(Activation::named(settings.word("fc_activation")))
    };
    DenseBlock { units, regularize: Regularize::default(), behind }.push(&mut plan)?;
    plan.push(Dense { units: outputs, regularize: Regularize::default() })?;
    Ok(plan)
}

/// Equal convolutions, the last with the pooling.
fn convolutions(settings: &Settings) -> Vec<ConvBlock> {
    let layers = settings.count("layers");
    let (size, stride) = (settings.count("pool"), settings.count("pool_stride"));
    let block = |layer: usize| ConvBlock {
        filters: settings.count("filters"),
        kernel: settings.count("kernel"),
        stride: if layer == 0 { settings.count("stride") } else { 1 },
        padding: Padding::Valid,
        regularize: Regularize::default(),
        behind: Behind::activation(Activation::named(settings.word("activation"))),
        pool: (layer + 1 == layers && (size, stride) != (1, 1)).then_some(Pool {
            average: false,
            size,
            stride,
        }),
    };
    (0..layers).map(block).collect()
}

/// The most neurons with which the separable layer and the fully connected one behind it,
/// n (length + channels + units), have no more weights than a fully connected layer alone,
/// length · channels · units (§2.1).
fn matching(length: usize, channels: usize, units: usize) -> Result<usize, ModelError> {
    let alone = length.saturating_mul(channels).saturating_mul(units);
    match alone / (length + channels + units) {
        0 => Err(ModelError::Shape(format!(
            "`neurons` = \"match\" leaves none: one takes {} weights, and the fully connected layer alone has \
             {alone}: set a number, or `separable = false`",
            length + channels + units
        ))),
        neurons => Ok(neurons),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::draw;

    /// The weights of the named layers of a variant for sequences of 200 bases and three tasks.
    fn weights(variant: &str) -> Vec<(String, usize)> {
        let input = Input { positions: 200, channels: 4, covariates: 0 };
        let plan = plan(&draw(&ROW, Some(variant), 0), input, 3).unwrap();
        plan.summary().into_iter().filter(|l| l.weights > 0).map(|l| (l.name, l.weights)).collect()
    }

    #[test]
    fn the_papers_networks_have_648_neurons_and_no_more_weights() {
        // Two valid convolutions leave 180 positions, pools of 10 every 5 leave 35.
        assert_eq!(matching(35, 50, 50).unwrap(), 648);
        let named = |name: &str, n| (name.to_owned(), n);
        let convolutions = [named("conv1d", 11 * 4 * 50 + 50), named("conv1d_1", 11 * 50 * 50 + 50)];
        let standard = weights("standard");
        assert_eq!(standard[..2], convolutions);
        assert_eq!(standard[2..], [named("dense", 35 * 50 * 50 + 50), named("dense_1", 50 * 3 + 3)]);
        let separable = weights("separable");
        assert_eq!(separable[..2], convolutions);
        assert_eq!(separable[2].1, 648 * (35 + 50));
        assert_eq!(separable[3..], [named("dense", 648 * 50 + 50), named("dense_1", 50 * 3 + 3)]);
        assert_eq!(weights("symmetric")[2].1, 648 * (18 + 50));
        let sum = |layers: &[(String, usize)]| layers.iter().map(|(_, n)| n).sum::<usize>();
        assert!(sum(&separable) <= sum(&standard));
        // One neuron more would have more weights.
        assert!(sum(&separable) + 35 + 50 + 50 > sum(&standard));
    }

    #[test]
    fn nothing_to_match_is_said() {
        let message = matching(1, 1, 5).unwrap_err().to_string();
        assert!(message.contains("one takes 7 weights") && message.contains("alone has 5"), "{message}");
    }
}
