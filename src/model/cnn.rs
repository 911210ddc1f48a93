//! Convolutional networks: blocks of convolutions, dense layers, and one linear output.
//!
//! As it stands CNNGWP, the sparse one-layer network of Waldmann, Pfeiffer & Mészáros 2020, Frontiers in
//! Genetics 11:25: convolution along the genome → activation → max pooling → flatten → one linear unit
//! with an L1 penalty on its weights. Its variants are the networks of other papers and programs.

use super::architecture::Architecture;
use super::conv_stack;
use super::dense_stack::{self, Presets, dense_settings};
use super::layer::{Activation, Dense, Flatten, Penalty, Regularize};
use super::table::{PENALTY, concat, count, penalty_settings, when};
use super::{Input, Model, ModelError, ModelRow};
use crate::domain::setting::{Is, Preset, Setting, Settings, Variant};
use crate::domain::table::Row;

const SETTINGS: &[Setting] = &concat::<{ count(PARTS) }>(PARTS);
const PARTS: &[&[Setting]] = &[
    conv_stack::SETTINGS,
    OUTPUT,
    &dense_settings!(
        "dense_",
        Presets {
            layers: Preset::Int(0),
            units: Preset::Int(64),
            activations: SAME_OR_ACTIVATION,
            activation: Preset::Word("same"),
            dropout: Preset::Float(0.0),
        }
    ),
    &penalty_settings!("conv_", "convolutions"),
    &when(penalty_settings!("dense_", "hidden dense layers"), "dense_layers", Is::AtLeast(1)),
];

const OUTPUT: &[Setting] = &[
    Setting::new(
        "l1",
        PENALTY,
        Preset::SearchFloat { low: 1e-3, high: 1.0, log: true },
        "L1 penalty on the weights of the output",
    ),
    Setting::new("l2", PENALTY, Preset::Float(0.0), "L2 penalty on the weights of the output"),
];

const VARIANTS: &[Variant] = &[
    Variant {
        name: "cnngwp",
        help: "CNNGWP: one sparse convolution, its filters, kernel and penalty searched as in the paper",
        values: &[
            ("filters", Preset::SearchInt { low: 20, high: 100, log: false }),
            ("kernel", Preset::SearchInt { low: 10, high: 50, log: false }),
            ("l1", Preset::SearchFloat { low: 0.1, high: 1.0, log: false }),
        ],
    },
    Variant {
        name: "dlpipeline",
        help: "the network of DLpipeline: 32 filters over 3 SNPs, 64 relu and 32 softplus units",
        values: &[
            ("filters", Preset::Int(32)),
            ("kernel", Preset::Int(3)),
            ("stride", Preset::Int(3)),
            ("padding", Preset::Word("valid")),
            ("dense_layers", Preset::Int(2)),
            ("dense_units_1", Preset::Int(64)),
            ("dense_units_2", Preset::Int(32)),
            ("dense_activation", Preset::Word("relu")),
            ("dense_last_activation", Preset::Word("softplus")),
            ("l1", Preset::Float(0.0)),
        ],
    },
    // easyPheno has one dropout rate, here the convolutions and the dense layer have one each.
    Variant {
        name: "easypheno",
        help: "easyPheno's search for at most 15,000 SNPs; it codes them one-hot, which is `data.encoding`",
        values: &[
            ("blocks", Preset::SearchInt { low: 1, high: 3, log: false }),
            ("filters", Preset::Int(4)),
            ("growth", Preset::Float(2.0)),
            ("growth_every", Preset::Int(2)),
            ("kernel", Preset::SearchInt { low: 2, high: 8, log: false }),
            ("stride", Preset::Word("fraction")),
            ("stride_fraction", Preset::SearchFloat { low: 0.5, high: 1.0, log: false }),
            ("padding", Preset::Word("valid")),
            ("activation", Preset::SearchWords(&["relu", "tanh"])),
            ("batch_norm", Preset::Word("after")),
            ("dropout", Preset::SearchFloat { low: 0.0, high: 0.5, log: false }),
            ("pool", Preset::Word("kernel")),
            ("pool_after", Preset::Word("last")),
            ("dense_layers", Preset::Int(1)),
            ("dense_units_1", Preset::Word("factor")),
            ("dense_factor", Preset::SearchFloat { low: 0.2, high: 1.0, log: false }),
            ("dense_batch_norm", Preset::Word("after")),
            ("dense_dropout", Preset::SearchFloat { low: 0.0, high: 0.5, log: false }),
            ("l1", Preset::Float(0.0)),
        ],
    },
    Variant {
        name: "lenet",
        help: "LeNet-5 along one dimension: 6 and 16 filters over 5 SNPs, 120 and 84 units",
        values: &[
            ("blocks", Preset::Int(2)),
            ("filters", Preset::Int(6)),
            ("growth", Preset::Float(16.0 / 6.0)),
            ("kernel", Preset::Int(5)),
            ("stride", Preset::Int(1)),
            ("padding", Preset::Word("valid")),
            ("activation", Preset::Word("relu")),
            ("batch_norm", Preset::Word("before")),
            ("dense_layers", Preset::Int(2)),
            ("dense_units_1", Preset::Int(120)),
            ("dense_units_2", Preset::Int(84)),
            ("l1", Preset::Float(0.0)),
        ],
    },
];

/// The row of the table of models.
pub const ROW: ModelRow = Row {
    name: "cnn",
    help: "convolutions, pooling, dense layers and a linear output with an L1 penalty (CNNGWP)",
    settings: SETTINGS,
    build: Model { plan, one_hot: false, variants: VARIANTS },
};

fn plan(settings: &Settings, input: Input, outputs: usize) -> Result<Architecture, ModelError> {
    let mut plan = Architecture::new(input.shape());
    conv_stack::push(&mut plan, &conv_stack::blocks(settings)?)?;
    plan.push(Flatten)?;
    plan.join(input.covariates)?;
    let convolutions = Activation::named(settings.word("activation"));
    dense_stack::push(&mut plan, settings, "dense_", convolutions)?;
    let kernel = Penalty { l1: settings.float("l1"), l2: settings.float("l2") };
    plan.push(Dense { units: outputs, regularize: Regularize { kernel, ..Regularize::default() } })?;
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::value::Value;
    use crate::model::tests::draw;

    fn build(positions: usize, changes: &[(&str, Value)]) -> Result<Architecture, ModelError> {
        let paper = [("filters", 64.into()), ("kernel", 27.into()), ("l1", 0.571.into())];
        let others = paper.iter().filter(|(name, _)| changes.iter().all(|(other, _)| name != other));
        let given: Vec<(&str, Value)> = others.chain(changes).cloned().collect();
        plan(&Settings::with(SETTINGS, &given), Input { positions, channels: 1, covariates: 0 }, 1)
    }

    fn names(plan: &Architecture) -> Vec<String> {
        plan.summary().into_iter().map(|layer| layer.name).collect()
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
    fn lenet_along_one_dimension() {
        let plan =
            plan(&draw(&ROW, Some("lenet"), 0), Input { positions: 32, channels: 1, covariates: 0 }, 10)
                .unwrap();
        let found: Vec<(Vec<usize>, usize)> =
            plan.summary().into_iter().filter(|l| l.weights > 0).map(|l| (l.output, l.weights)).collect();
        let expected = [
            (vec![28, 6], 5 * 6 + 6),
            (vec![28, 6], 4 * 6),
            (vec![10, 16], 5 * 6 * 16 + 16),
            (vec![10, 16], 4 * 16),
            (vec![120], 5 * 16 * 120 + 120),
            (vec![84], 120 * 84 + 84),
            (vec![10], 84 * 10 + 10),
        ];
        assert_eq!(found, expected);
        let block = ["conv1d", "batch_normalization", "activation", "max_pooling1d"];
        assert_eq!(names(&plan)[..4], block);
    }

    #[test]
    fn easyphenos_blocks_grow_every_second_time_and_pool_once() {
        let given = [
            ("blocks", 3.into()),
            ("filters", 4.into()),
            ("growth", 2.0.into()),
            ("growth_every", 2.into()),
            ("kernel", 5.into()),
            ("stride", "fraction".into()),
            ("stride_fraction", 0.5.into()),
            ("padding", "valid".into()),
            ("activation", "relu".into()),
            ("batch_norm", "after".into()),
            ("dropout", 0.1.into()),
            ("pool", "kernel".into()),
            ("pool_after", "last".into()),
            ("dense_layers", 1.into()),
            ("dense_units_1", "factor".into()),
            ("dense_factor", 0.5.into()),
        ];
        let plan = build(300, &given).unwrap();
        // Stride ⌊5/2⌋: 148, 72 and 34 positions; pools of 5 leave 6 of the last.
        let shapes: Vec<Vec<usize>> =
            plan.summary().into_iter().filter(|l| l.name.starts_with("conv1d")).map(|l| l.output).collect();
        assert_eq!(shapes, [[148, 4], [72, 4], [34, 8]]);
        assert_eq!(names(&plan).iter().filter(|n| n.starts_with("max_pooling1d")).count(), 1);
        let units: Vec<Vec<usize>> =
            plan.summary().into_iter().filter(|l| l.name.starts_with("dense")).map(|l| l.output).collect();
        assert_eq!(units, [[24], [1]]);
    }

    #[test]
    fn pooling_is_fused_only_where_that_changes_nothing() {
        let fused = |changes: &[(&str, Value)]| {
            // The fused operation activates behind the pooling.
            let names = names(&build(100, &[&[("activation", "relu".into())], changes].concat()).unwrap());
            let at = |kind| names.iter().position(|name| name == kind).unwrap();
            at("activation") > names.iter().position(|name| name.contains("pooling1d")).unwrap()
        };
        assert!(fused(&[]));
        assert!(!fused(&[("pooling", "average".into())]));
        assert!(!fused(&[("pool", 4.into()), ("pool_stride", 2.into())]));
        assert!(!fused(&[("batch_norm", "before".into())]));
        assert!(!fused(&[("dropout", 0.5.into())]));
        assert!(!fused(&[("conv_activity_l2", 0.5.into())]));
    }

    #[test]
    fn impossible_shapes_name_both_numbers() {
        let message = |changes: &[(&str, Value)]| build(26, changes).err().unwrap().to_string();
        assert!(message(&[]).starts_with("kernel 27 is longer than the input of 26 positions"));
        let pool = message(&[("kernel", 5.into()), ("pool", 14.into())]);
        assert!(pool.starts_with("pool 14 is larger than the 13 outputs"), "{pool}");
        let stride = message(&[("kernel", 5.into()), ("stride", i64::MAX.into())]);
        assert!(stride.contains("the 1 outputs"), "{stride}");
        let second = message(&[("kernel", 9.into()), ("blocks", 2.into())]);
        assert!(second.ends_with("(in block 2)") && second.contains("input of 6 positions"), "{second}");
    }
}
