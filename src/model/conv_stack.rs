//! Convolution blocks and the settings that describe a stack of them.

use super::ModelError;
use super::architecture::Architecture;
use super::block::{Behind, Norm};
use super::layer::{Activation, AveragePool1d, Conv1d, ConvMaxPool1d, MaxPool1d, Penalty, Regularize};
use super::table::{SHARE, penalties};
use crate::domain::setting::{Accepts, Is, Preset, Setting, Settings};
use crate::domain::value::significant;
use crate::kernel::Padding;

/// Pooling without padding, as in Keras.
#[derive(Debug, Clone, Copy)]
pub struct Pool {
    /// Whether the mean is kept, not the largest.
    pub average: bool,
    /// Neighbours that become one.
    pub size: usize,
    /// Positions between two pools.
    pub stride: usize,
}

/// A convolution, what follows it, and pooling.
#[derive(Debug, Clone, Copy)]
pub struct ConvBlock {
    /// Filters.
    pub filters: usize,
    /// Positions under a filter.
    pub kernel: usize,
    /// Positions between two applications.
    pub stride: usize,
    /// What happens at the ends.
    pub padding: Padding,
    /// Penalties of the convolution.
    pub regularize: Regularize,
    /// What follows it.
    pub behind: Behind,
    /// The pooling at the block's end.
    pub pool: Option<Pool>,
}

impl ConvBlock {
    /// Adds its layers. Where what stands between convolution and max pooling grows with its input, the
    /// largest of a pool is the same before and after it: the block then pools first, in one operation
    /// with the convolution, and activates what is left. (Where `relu` makes a whole pool 0, its gradient
    /// is 0 either way.)
    ///
    /// # Errors
    /// Where a layer does not fit.
    pub fn push(&self, plan: &mut Architecture) -> Result<(), ModelError> {
        let ConvBlock { filters, kernel, stride, padding, regularize, behind, .. } = *self;
        let free = behind.is_monotone() && regularize.activity == Penalty::default();
        match self.pool.filter(|pool| free && !pool.average && pool.stride == pool.size) {
            Some(Pool { size: pool, .. }) => {
                plan.push(ConvMaxPool1d { filters, kernel, stride, padding, pool, regularize })?;
                behind.push(plan)
            }
            None => {
                plan.push(Conv1d { filters, kernel, stride, padding, regularize })?;
                behind.push(plan)?;
                self.pool.map_or(Ok(()), |pool| pool.push(plan))
            }
        }
    }
}

impl Pool {
    fn push(self, plan: &mut Architecture) -> Result<(), ModelError> {
        let Pool { average, size, stride } = self;
        if average {
            plan.push(AveragePool1d { size, stride })?;
        } else {
            plan.push(MaxPool1d { size, stride })?;
        }
        Ok(())
    }
}

/// Adds one block after the other.
///
/// # Errors
/// Where a layer does not fit; the text names the block where there are several.
pub fn push(plan: &mut Architecture, blocks: &[ConvBlock]) -> Result<(), ModelError> {
    for (i, block) in blocks.iter().enumerate() {
        block.push(plan).map_err(|ModelError::Shape(text)| match i {
            0 => ModelError::Shape(text),
            _ => ModelError::Shape(format!("{text} (in block {})", i + 1)),
        })?;
    }
    Ok(())
}

const LENGTH: Accepts = Accepts::Int { min: 1, max: 1_000_000 };

/// The settings of a stack of blocks, penalties apart.
pub const SETTINGS: &[Setting] = &[
    Setting::new("blocks", Accepts::Int { min: 1, max: 16 }, Preset::Int(1), "convolution blocks"),
    Setting::new(
        "filters",
        Accepts::Int { min: 1, max: 4096 },
        Preset::SearchInt { low: 20, high: 100, log: false },
        "filters of the first convolution",
    ),
    Setting::new(
        "growth",
        Accepts::Float { min: 0.01, max: 16.0 },
        Preset::Float(1.0),
        "factor by which the filters grow from block to block",
    )
    .when("blocks", Is::AtLeast(2)),
    Setting::new(
        "growth_every",
        Accepts::Int { min: 1, max: 16 },
        Preset::Int(1),
        "blocks after which the filters grow",
    )
    .when("blocks", Is::AtLeast(2)),
    Setting::new(
        "kernel",
        LENGTH,
        Preset::SearchInt { low: 10, high: 50, log: false },
        "SNPs under a filter",
    ),
    Setting::new(
        "stride",
        Accepts::IntOr { min: 1, max: i64::MAX, word: "fraction" },
        Preset::Int(2),
        "SNPs between two applications of a filter, or `fraction`: a share of the kernel",
    ),
    Setting::new(
        "stride_fraction",
        Accepts::Float { min: 0.001, max: 10.0 },
        Preset::Float(0.5),
        "SNPs between two applications of a filter relative to the kernel",
    )
    .when("stride", Is::OneOf(&["fraction"])),
    Setting::new(
        "padding",
        Accepts::Word(&["same", "valid"]),
        Preset::Word("same"),
        "zeros beyond the ends of the genome, or none",
    ),
    Setting::new(
        "activation",
        Accepts::Word(Activation::WORDS),
        Preset::Word("linear"),
        "what is applied to the convolution's outputs",
    ),
    Setting::new(
        "batch_norm",
        Accepts::Word(Norm::WORDS),
        Preset::Word("none"),
        "batch normalisation before or after the convolutions' activation",
    ),
    Setting::new(
        "dropout",
        SHARE,
        Preset::Float(0.0),
        "share of the convolutions' outputs that training drops",
    ),
    Setting::new(
        "dropout_kind",
        Accepts::Word(&["unit", "spatial"]),
        Preset::Word("unit"),
        "whether dropout drops single outputs of a convolution or whole filters",
    ),
    Setting::new(
        "pooling",
        Accepts::Word(&["max", "average"]),
        Preset::Word("max"),
        "what is kept of neighbouring outputs",
    ),
    Setting::new(
        "pool",
        Accepts::IntOr { min: 1, max: 65_536, word: "kernel" },
        Preset::Int(2),
        "neighbouring outputs of which one is kept, 1 for no pooling, or `kernel`: as many as its SNPs",
    ),
    Setting::new(
        "pool_stride",
        Accepts::IntOr { min: 1, max: 65_536, word: "pool" },
        Preset::Word("pool"),
        "outputs between two pools, or `pool`: they follow each other",
    ),
    Setting::new(
        "pool_after",
        Accepts::Word(&["each", "last"]),
        Preset::Word("each"),
        "whether each block pools or the last alone",
    )
    .when("blocks", Is::AtLeast(2)),
];

/// Most filters of a block.
const MOST_FILTERS: usize = 65_536;

/// The blocks that `settings` describe; penalties stand behind the prefix `conv_`.
///
/// # Errors
/// Where the filters grow beyond [`MOST_FILTERS`].
pub fn blocks(settings: &Settings) -> Result<Vec<ConvBlock>, ModelError> {
    let count = settings.count("blocks");
    let kernel = settings.count("kernel");
    let stride = settings.count_or_word("stride").unwrap_or_else(|| {
        // Rounded down as in easyPheno.
        ((kernel as f64 * settings.float("stride_fraction")) as usize).max(1)
    });
    let size = settings.count_or_word("pool").unwrap_or(kernel);
    let pool = Pool {
        average: settings.word("pooling") == "average",
        size,
        stride: settings.count_or_word("pool_stride").unwrap_or(size),
    };
    let pools = |block: usize| block + 1 == count || settings.word("pool_after") == "each";
    let filters = |block: usize| {
        let first = settings.count("filters");
        if block == 0 {
            return first;
        }
        let times = (block / settings.count("growth_every")) as f64;
        // A whole number in f64; the cast can't lose more than a size that no machine holds.
        (first as f64 * libm::pow(settings.float("growth"), times)).round().max(1.0) as usize
    };
    if let Some(block) = (0..count).find(|block| filters(*block) > MOST_FILTERS) {
        return Err(ModelError::Shape(format!(
            "`growth` {} brings the filters of block {} to {}, more than {MOST_FILTERS}: lower it or `blocks`",
            significant(settings.float("growth"), 3),
            block + 1,
            filters(block)
        )));
    }
    let block = |block: usize| ConvBlock {
        filters: filters(block),
        kernel,
        stride,
        padding: if settings.word("padding") == "same" { Padding::Same } else { Padding::Valid },
        regularize: penalties(settings, "conv_"),
        behind: Behind {
            activation: Activation::named(settings.word("activation")),
            norm: Norm::named(settings.word("batch_norm")),
            dropout: settings.float("dropout"),
            spatial: settings.word("dropout_kind") == "spatial",
        },
        pool: (size > 1 && pools(block)).then_some(pool),
    };
    Ok((0..count).map(block).collect())
}
