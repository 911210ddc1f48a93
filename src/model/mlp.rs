//! Multilayer perceptron: dense layers on all SNPs (DLpipeline, Pérez-Enciso & Zingaretti 2019, Genes
//! 10:553; easyPheno; DeepEvolve as modified by Bellot, de los Campos & Pérez-Enciso 2018).

use super::architecture::Architecture;
use super::dense_stack::{self, Presets, dense_settings};
use super::layer::{Activation, Dense, Flatten, OneToOne, Penalty, Regularize};
use super::table::{PENALTY, concat, count, penalties, penalty_settings};
use super::{Input, Model, ModelError, ModelRow};
use crate::domain::setting::{Accepts, Is, Preset, Setting, Settings, Variant};
use crate::domain::table::Row;

/// DLpipeline's advice: no more than five layers or about a hundred units, up to four activations, and one
/// of the ways to regularise.
const SETTINGS: &[Setting] = &concat::<{ count(PARTS) }>(PARTS);
const PARTS: &[&[Setting]] = &[
    &dense_settings!(
        "",
        Presets {
            layers: Preset::SearchInt { low: 1, high: 5, log: false },
            units: Preset::SearchInt { low: 16, high: 128, log: true },
            activations: super::layer::Activation::WORDS,
            activation: Preset::SearchWords(&["relu", "elu", "tanh", "softplus"]),
            dropout: Preset::SearchFloat { low: 0.0, high: 0.5, log: false },
        }
    ),
    &penalty_settings!("", "dense layers"),
    &[
        Setting::new(
            "one_to_one",
            Accepts::Bool,
            Preset::Bool(false),
            "whether each input is first multiplied by a weight of its own, which penalties may take out",
        ),
        Setting::new("one_to_one_l1", PENALTY, Preset::Float(0.0), "L1 penalty on the inputs' own weights")
            .when("one_to_one", Is::True),
        Setting::new("one_to_one_l2", PENALTY, Preset::Float(0.0), "L2 penalty on the inputs' own weights")
            .when("one_to_one", Is::True),
    ],
];

const VARIANTS: &[Variant] = &[
    Variant {
        name: "dlpipeline",
        help: "the network of DLpipeline: 64 relu and 32 softplus units",
        values: &[
            ("layers", Preset::Int(2)),
            ("units_1", Preset::Int(64)),
            ("units_2", Preset::Int(32)),
            ("activation", Preset::Word("relu")),
            ("last_activation", Preset::Word("softplus")),
            ("dropout", Preset::Float(0.0)),
        ],
    },
    Variant {
        name: "easypheno",
        help: "easyPheno's search for at most 20,000 SNPs: units are a share of the inputs and decrease",
        values: &[
            ("layers", Preset::Int(1)),
            ("units_1", Preset::Word("factor")),
            ("factor", Preset::SearchFloat { low: 0.1, high: 0.7, log: false }),
            ("further", Preset::SearchInt { low: 0, high: 4, log: false }),
            ("decrease", Preset::SearchFloat { low: 0.1, high: 0.5, log: false }),
            ("activation", Preset::SearchWords(&["relu", "tanh"])),
            ("batch_norm", Preset::Word("after")),
            ("dropout", Preset::SearchFloat { low: 0.0, high: 0.5, log: false }),
        ],
    },
    // An L2 penalty on both factors of an effect b = u·v is the LASSO's 2·√(λ₁λ₂)·|b| on their product (Hoff 2017,
    // Computational Statistics & Data Analysis 115:186), whose weights near 0 no longer jitter under Adam.
    Variant {
        name: "sparse",
        help: "no hidden layer, a weight for each input and L2 penalties on both: the LASSO as a network",
        values: &[
            ("layers", Preset::Int(0)),
            ("one_to_one", Preset::Bool(true)),
            ("one_to_one_l2", Preset::SearchFloat { low: 0.05, high: 1.0, log: true }),
            ("l2", Preset::SearchFloat { low: 0.05, high: 1.0, log: true }),
        ],
    },
    // One gene holds the units of all layers, as in https://github.com/jliphard/DeepEvolve.
    Variant {
        name: "deepevolve",
        help: "DeepEvolve's genes: one to five layers of equal size",
        values: &[
            ("layers", Preset::Int(1)),
            ("units_1", Preset::SearchInts(&[16, 32, 64, 128])),
            ("further", Preset::SearchInt { low: 0, high: 4, log: false }),
            ("decrease", Preset::Float(0.0)),
            (
                "activation",
                Preset::SearchWords(&[
                    "relu",
                    "elu",
                    "tanh",
                    "sigmoid",
                    "hard-sigmoid",
                    "softplus",
                    "linear",
                ]),
            ),
            ("dropout", Preset::Float(0.0)),
        ],
    },
];

/// The row of the table of models.
pub const ROW: ModelRow = Row {
    name: "mlp",
    help: "multilayer perceptron: dense layers on all SNPs",
    settings: SETTINGS,
    build: Model { plan, one_hot: false, variants: VARIANTS },
};

fn plan(settings: &Settings, input: Input, outputs: usize) -> Result<Architecture, ModelError> {
    let mut plan = Architecture::new(input.shape());
    plan.push(Flatten)?;
    if settings.flag("one_to_one") {
        let penalty = Penalty { l1: settings.float("one_to_one_l1"), l2: settings.float("one_to_one_l2") };
        plan.push(OneToOne { penalty })?;
    }
    plan.join(input.covariates)?;
    dense_stack::push(&mut plan, settings, "", Activation::Linear)?;
    let kernel = penalties(settings, "").kernel;
    plan.push(Dense { units: outputs, regularize: Regularize { kernel, ..Regularize::default() } })?;
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::value::Value;

    fn layers(positions: usize, given: &[(&str, Value)]) -> Result<Vec<(String, usize)>, ModelError> {
        let plan =
            plan(&Settings::with(SETTINGS, given), Input { positions, channels: 1, covariates: 0 }, 1)?;
        Ok(plan.summary().into_iter().map(|l| (l.name, l.weights)).collect())
    }

    #[test]
    fn dlpipelines_network() {
        let given = [
            ("layers", 2.into()),
            ("units_1", 64.into()),
            ("units_2", 32.into()),
            ("activation", "relu".into()),
            ("last_activation", "softplus".into()),
            ("dropout", 0.0.into()),
        ];
        let found = layers(200, &given).unwrap();
        let dense: Vec<usize> =
            found.iter().filter(|(name, _)| name.starts_with("dense")).map(|(_, n)| *n).collect();
        assert_eq!(dense, [200 * 64 + 64, 64 * 32 + 32, 32 + 1]);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["flatten", "dense", "activation", "dense_1", "activation_1", "dense_2"]);
    }

    #[test]
    fn units_may_decrease_and_no_hidden_layer_is_a_linear_model() {
        let mut given: Vec<(&str, Value)> = vec![
            ("layers", 1.into()),
            ("units_1", "factor".into()),
            ("factor", 0.5.into()),
            ("further", 2.into()),
            ("decrease", 0.5.into()),
            ("activation", "tanh".into()),
            ("batch_norm", "after".into()),
            ("dropout", 0.25.into()),
        ];
        let names = ["dense", "activation", "batch_normalization", "dropout"];
        let found = layers(20, &given).unwrap();
        for (i, units) in [10, 5, 2].into_iter().enumerate() {
            let before = [20, 10, 5][i];
            let weights: Vec<usize> = found[1 + 4 * i..][..4].iter().map(|(_, n)| *n).collect();
            assert_eq!(weights, [before * units + units, 0, 4 * units, 0], "{found:?}");
            assert!(found[1 + 4 * i..].iter().zip(names).all(|((name, _), kind)| name.starts_with(kind)));
        }
        given[3].1 = 4.into();
        let message = layers(20, &given).unwrap_err().to_string();
        assert!(message.starts_with("`decrease` 0.500 of 1 units leaves none"), "{message}");
        let linear = layers(20, &[("layers", 0.into())]).unwrap();
        assert_eq!(linear, [("flatten".to_owned(), 0), ("dense".to_owned(), 21)]);
    }
}
