//! Local convolutional network (Pook, Freudenthal, Korte & Simianer 2020, Frontiers in Genetics
//! 11:561497) as easyPheno builds and searches it: one locally connected layer, whose filters have
//! weights of their own at each position, max pooling, and dense layers that decrease.
//!
//! Names and ranges are easyPheno's. Where it steps through a range (by 0.05 or 0.1), the range is
//! searched as a continuum: its values have an order that a list of choices would hide.

use super::architecture::Architecture;
use super::block::{Behind, Norm};
use super::dense_stack::{self, DenseBlock};
use super::layer::{Activation, Dense, Flatten, LocalConv1d, MaxPool1d, Penalty, Regularize};
use super::table::{PENALTY, SHARE};
use super::{Input, Model, ModelError, ModelRow};
use crate::domain::setting::{Accepts, Is, Preset, Setting, Settings, Variant};
use crate::domain::table::Row;

const SETTINGS: &[Setting] = &[
    Setting::new("filters", Accepts::Int { min: 1, max: 4096 }, Preset::Int(1), "filters at each position"),
    Setting::new(
        "kernel_size_exp",
        Accepts::Float { min: 0.0, max: 20.0 },
        Preset::SearchFloats(&[2.6, 3.0, 3.4, 3.6, 3.9]),
        "binary logarithm of the SNPs under a filter",
    ),
    Setting::new(
        "stride_perc_of_kernel_size",
        Accepts::Float { min: 0.001, max: 10.0 },
        Preset::SearchFloat { low: 0.5, high: 1.0, log: false },
        "SNPs between two filters relative to the kernel",
    ),
    Setting::new(
        "act_function",
        Accepts::Word(Activation::WORDS),
        Preset::SearchWords(&["relu", "tanh"]),
        "activation of all layers but the output",
    ),
    Setting::new(
        "dropout",
        SHARE,
        Preset::SearchFloat { low: 0.0, high: 0.5, log: false },
        "share of outputs of each layer that training drops",
    ),
    Setting::new(
        "maxpool",
        Accepts::Int { min: 1, max: 65_536 },
        Preset::Int(16),
        "neighbouring outputs of which the largest is kept",
    ),
    Setting::new(
        "n_layers",
        Accepts::Int { min: 0, max: 16 },
        Preset::SearchInt { low: 1, high: 3, log: false },
        "hidden dense layers",
    ),
    Setting::new(
        "n_initial_units_factor",
        Accepts::Float { min: 1e-6, max: 100.0 },
        Preset::SearchFloat { low: 0.1, high: 0.7, log: false },
        "units of the first dense layer relative to its inputs",
    )
    .when("n_layers", Is::AtLeast(1)),
    Setting::new(
        "perc_decrease_per_layer",
        SHARE,
        Preset::SearchFloat { low: 0.2, high: 0.5, log: false },
        "share of units that each further dense layer has less",
    )
    .when("n_layers", Is::AtLeast(2)),
    Setting::new(
        "batch_norm",
        Accepts::Word(Norm::WORDS),
        Preset::Word("after"),
        "batch normalisation before or after the activation of each layer but the output",
    ),
    Setting::new("local_l1", PENALTY, Preset::Float(0.0), "L1 penalty on the kernels of the local layer"),
    Setting::new("local_l2", PENALTY, Preset::Float(0.0), "L2 penalty on the kernels of the local layer"),
    Setting::new("l1", PENALTY, Preset::Float(0.0), "L1 penalty on the weights of the output"),
    Setting::new("l2", PENALTY, Preset::Float(0.0), "L2 penalty on the weights of the output"),
];

/// The row of the table of models.
pub const ROW: ModelRow = Row {
    name: "local-cnn",
    help: "locally connected layer, max pooling and dense layers (easyPheno, Pook 2020)",
    settings: SETTINGS,
    build: Model {
        plan,
        one_hot: true,
        variants: &[Variant {
            name: "large",
            help: "easyPheno's search from 20,000 SNPs on: kernels of 8 to 128",
            values: &[("kernel_size_exp", Preset::SearchFloats(&[3.0, 4.0, 5.0, 6.0, 7.0]))],
        }],
    },
};

fn plan(settings: &Settings, input: Input, outputs: usize) -> Result<Architecture, ModelError> {
    let mut plan = Architecture::new(input.shape());
    let behind = Behind {
        activation: Activation::named(settings.word("act_function")),
        norm: Norm::named(settings.word("batch_norm")),
        dropout: settings.float("dropout"),
        spatial: false,
    };
    local(&mut plan, settings, behind)?;
    plan.push(Flatten)?;
    plan.join(input.covariates)?;
    let mut units = 0;
    for layer in 0..settings.count("n_layers") {
        let (factor, decrease) = ("n_initial_units_factor", "perc_decrease_per_layer");
        units = match layer {
            0 => dense_stack::first(plan.output().size(), settings.float(factor), factor)?,
            _ => dense_stack::next(units, settings.float(decrease), decrease)?,
        };
        DenseBlock { units, regularize: Regularize::default(), behind }.push(&mut plan)?;
    }
    plan.push(Dense { units: outputs, regularize: kernel_penalty(settings, "") })?;
    Ok(plan)
}

/// The penalties on a layer's kernel, behind their prefix.
fn kernel_penalty(settings: &Settings, prefix: &str) -> Regularize {
    let strength = |name: &str| settings.float(&format!("{prefix}{name}"));
    Regularize { kernel: Penalty { l1: strength("l1"), l2: strength("l2") }, ..Regularize::default() }
}

/// The locally connected layer, what follows it, and max pooling.
fn local(plan: &mut Architecture, settings: &Settings, behind: Behind) -> Result<(), ModelError> {
    let exponent = settings.float("kernel_size_exp");
    // Rounded down as in easyPheno.
    let kernel = libm::exp2(exponent) as usize;
    let (positions, _) = plan.output().sequence().map_err(ModelError::Shape)?;
    if kernel > positions {
        return Err(ModelError::Shape(format!(
            "kernel {kernel} (2^{exponent}) is longer than the input of {positions} positions: lower \
             `kernel_size_exp`"
        )));
    }
    let stride = ((kernel as f64 * settings.float("stride_perc_of_kernel_size")) as usize).max(1);
    let filters = settings.count("filters");
    plan.push(LocalConv1d { filters, kernel, stride, regularize: kernel_penalty(settings, "local_") })?;
    behind.push(plan)?;
    let (size, (outputs, _)) =
        (settings.count("maxpool"), plan.output().sequence().map_err(ModelError::Shape)?);
    if size > outputs {
        return Err(ModelError::Shape(format!(
            "`maxpool` {size} is larger than the {outputs} outputs of the locally connected layer: lower it, \
             `kernel_size_exp` or `stride_perc_of_kernel_size`"
        )));
    }
    if size > 1 {
        plan.push(MaxPool1d { size, stride: size })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::value::Value;

    fn build(positions: usize, changes: &[(&'static str, Value)]) -> Result<Architecture, ModelError> {
        let mut given: Vec<(&str, Value)> = vec![
            ("kernel_size_exp", 3.0.into()),
            ("stride_perc_of_kernel_size", 0.5.into()),
            ("act_function", "relu".into()),
            ("dropout", 0.2.into()),
            ("n_layers", 2.into()),
            ("n_initial_units_factor", 0.7.into()),
            ("perc_decrease_per_layer", 0.3.into()),
        ];
        for (name, value) in changes {
            given.retain(|(other, _)| other != name);
            given.push((*name, value.clone()));
        }
        plan(&Settings::with(SETTINGS, &given), Input { positions, channels: 4, covariates: 0 }, 1)
    }

    #[test]
    fn easyphenos_network_by_hand() {
        // Kernel 8, stride 4: 249 positions with 8 × 4 weights and a bias each; pools of 16 leave 15.
        let plan = build(1000, &[]).unwrap();
        let found: Vec<(String, usize)> =
            plan.summary().into_iter().filter(|l| l.weights > 0).map(|l| (l.name, l.weights)).collect();
        let expected = [
            ("locally_connected1d", 249 * (8 * 4 + 1)),
            ("batch_normalization", 4),
            ("dense", 15 * 10 + 10),
            ("batch_normalization_1", 40),
            ("dense_1", 10 * 7 + 7),
            ("batch_normalization_2", 28),
            ("dense_2", 7 + 1),
        ];
        assert_eq!(found, expected.map(|(name, weights)| (name.to_owned(), weights)));
    }

    #[test]
    fn what_does_not_fit_names_the_setting() {
        let message =
            |positions, changes: &[(&'static str, Value)]| build(positions, changes).unwrap_err().to_string();
        let kernel = message(7, &[]);
        assert!(kernel.contains("kernel 8") && kernel.contains("of 7 positions: lower `kernel_size_exp`"));
        let pool = message(60, &[]);
        assert!(pool.starts_with("`maxpool` 16 is larger than the 14 outputs"), "{pool}");
        let units = message(1000, &[("n_initial_units_factor", 0.05.into())]);
        assert!(units.starts_with("`n_initial_units_factor` 0.0500 of 15 inputs leaves no unit"), "{units}");
    }
}
