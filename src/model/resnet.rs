//! Residual network along the genome (He, Zhang, Ren & Sun 2016, as in seed 004): a stem, stages of
//! residual blocks that each double the filters and halve the positions, the mean over all positions, and
//! the output.
//!
//! A block is convolution → batch norm → activation → convolution → batch norm, added to its own input and
//! then activated. Where the shape changes, the input is projected by a convolution over one position and
//! batch norm (the paper's option B).

use super::architecture::Architecture;
use super::block::{Behind, Norm};
use super::conv_stack::{ConvBlock, Pool};
use super::layer::{Activate, Activation, Dense, Dropout, MeanOverTime, Regularize, Residual};
use super::table::SHARE;
use super::{Input, Model, ModelError, ModelRow};
use crate::domain::setting::{Accepts, Preset, Setting, Settings, Variant};
use crate::domain::table::Row;
use crate::kernel::Padding;

const SETTINGS: &[Setting] = &[
    Setting::new(
        "stages",
        Accepts::Int { min: 1, max: 8 },
        Preset::SearchInt { low: 1, high: 4, log: false },
        "stages; from the second on each doubles the filters and halves the positions",
    ),
    Setting::new(
        "blocks",
        Accepts::Int { min: 1, max: 32 },
        Preset::SearchInt { low: 1, high: 3, log: false },
        "residual blocks of each stage",
    ),
    Setting::new(
        "filters",
        Accepts::Int { min: 1, max: 4096 },
        Preset::SearchInt { low: 8, high: 64, log: true },
        "filters of the stem and the first stage",
    ),
    Setting::new(
        "kernel",
        Accepts::Int { min: 1, max: 999_999 },
        Preset::SearchInts(&[3, 5, 7, 9]),
        "positions under a filter of a block, an odd number",
    ),
    Setting::new(
        "activation",
        Accepts::Word(Activation::WORDS),
        Preset::Word("relu"),
        "activation within and behind the blocks",
    ),
    Setting::new(
        "stem_kernel",
        Accepts::Int { min: 1, max: 999_999 },
        Preset::Int(7),
        "SNPs under a filter of the first convolution, an odd number",
    ),
    Setting::new(
        "stem_stride",
        Accepts::Int { min: 1, max: 1_000_000 },
        Preset::Int(2),
        "SNPs between two applications of a filter of the first convolution",
    ),
    Setting::new(
        "stem_pool",
        Accepts::Int { min: 1, max: 65_536 },
        Preset::Int(3),
        "outputs of the first convolution of which the largest is kept, every second time; 1 for no pooling",
    ),
    Setting::new(
        "dropout",
        SHARE,
        Preset::Float(0.0),
        "share of the means over the positions that training drops",
    ),
];

/// The row of the table of models.
pub const ROW: ModelRow = Row {
    name: "resnet",
    help: "residual blocks of convolutions and batch norm, and the mean over all positions",
    settings: SETTINGS,
    build: Model {
        plan,
        one_hot: false,
        variants: &[Variant {
            name: "resnet18",
            help: "ResNet-18 along one dimension: four stages of two blocks, 64 to 512 filters",
            values: &[
                ("stages", Preset::Int(4)),
                ("blocks", Preset::Int(2)),
                ("filters", Preset::Int(64)),
                ("kernel", Preset::Int(3)),
            ],
        }],
    },
};

fn plan(settings: &Settings, input: Input, outputs: usize) -> Result<Architecture, ModelError> {
    for setting in ["kernel", "stem_kernel"] {
        let size = settings.count(setting);
        if size.is_multiple_of(2) {
            // Its middle would lie half a position beside the input that is added.
            let (less, more) = (size - 1, size + 1);
            return Err(ModelError::Shape(format!("`{setting}` {size} is even: take {less} or {more}")));
        }
    }
    let activation = Activation::named(settings.word("activation"));
    let mut plan = Architecture::new(input.shape());
    let pool = Pool { average: false, size: settings.count("stem_pool"), stride: 2 };
    let stem = Conv { filters: settings.count("filters"), kernel: settings.count("stem_kernel"), activation };
    stem.block(settings.count("stem_stride"), Some(pool).filter(|pool| pool.size > 1)).push(&mut plan)?;
    for stage in 0..settings.count("stages") {
        let conv = Conv {
            filters: settings.count("filters") << stage,
            kernel: settings.count("kernel"),
            activation,
        };
        for block in 0..settings.count("blocks") {
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            residual(&mut plan, conv, stride).map_err(|ModelError::Shape(text)| {
                ModelError::Shape(format!("{text} (in stage {}: lower `stages` or `kernel`)", stage + 1))
            })?;
        }
    }
    plan.push(MeanOverTime)?;
    if settings.float("dropout") > 0.0 {
        plan.push(Dropout { rate: settings.float("dropout") })?;
    }
    plan.join(input.covariates)?;
    plan.push(Dense { units: outputs, regularize: Regularize::default() })?;
    Ok(plan)
}

/// A convolution, batch norm and an activation.
#[derive(Debug, Clone, Copy)]
struct Conv {
    filters: usize,
    kernel: usize,
    activation: Activation,
}

impl Conv {
    fn block(self, stride: usize, pool: Option<Pool>) -> ConvBlock {
        ConvBlock {
            filters: self.filters,
            kernel: self.kernel,
            stride,
            padding: Padding::Same,
            regularize: Regularize::default(),
            behind: Behind { norm: Norm::Before, ..Behind::activation(self.activation) },
            pool,
        }
    }
}

/// Adds a residual block of two convolutions, the first with this stride, and the activation behind it.
fn residual(plan: &mut Architecture, conv: Conv, stride: usize) -> Result<(), ModelError> {
    let linear = Conv { activation: Activation::Linear, ..conv };
    let mut main = Architecture::new(plan.output());
    conv.block(stride, None).push(&mut main)?;
    linear.block(1, None).push(&mut main)?;
    let mut shortcut = None;
    if main.output() != plan.output() {
        let mut projected = Architecture::new(plan.output());
        Conv { kernel: 1, ..linear }.block(stride, None).push(&mut projected)?;
        shortcut = Some(projected);
    }
    plan.push(Residual { main, shortcut })?;
    plan.push(Activate(conv.activation))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::value::Value;
    use crate::model::tests::draw;

    fn build(positions: usize, given: &[(&str, Value)]) -> Result<Architecture, ModelError> {
        let given = [&[("blocks", 1.into()), ("filters", 8.into())], given].concat();
        plan(&Settings::with(SETTINGS, &given), Input { positions, channels: 1, covariates: 0 }, 1)
    }

    #[test]
    fn resnet18_along_one_dimension_by_hand() {
        let input = Input { positions: 1000, channels: 1, covariates: 0 };
        let plan = plan(&draw(&ROW, Some("resnet18"), 0), input, 10).unwrap();
        let conv = |kernel: usize, channels: usize, filters: usize| {
            kernel * channels * filters + filters + 4 * filters
        };
        let mut expected = conv(7, 1, 64) + 4 * conv(3, 64, 64);
        for filters in [128, 256, 512] {
            // The first block projects its input; the other convolutions keep the channels.
            expected += conv(3, filters / 2, filters) + conv(1, filters / 2, filters);
            expected += 3 * conv(3, filters, filters);
        }
        assert_eq!(plan.weight_count(), expected + 512 * 10 + 10);
        // 500, pooled 249, then halved three times, rounded up.
        let last = plan.summary().into_iter().rev().find(|l| l.output.len() == 2).unwrap();
        assert_eq!(last.output, [32, 512]);
    }

    #[test]
    fn what_does_not_fit_names_the_setting() {
        let message = |positions, given: &[(&str, Value)]| build(positions, given).unwrap_err().to_string();
        let even = message(100, &[("stages", 1.into()), ("kernel", 4.into())]);
        assert_eq!(even, "`kernel` 4 is even: take 3 or 5");
        let short = message(40, &[("stages", 3.into()), ("kernel", 9.into())]);
        assert!(short.contains("kernel 9") && short.contains("(in stage 2"), "{short}");
    }
}
