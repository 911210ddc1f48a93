//! CNNGWP: a sparse one-layer convolutional network (Waldmann, Pfeiffer & Mészáros 2020, Frontiers in
//! Genetics 11:25).
//!
//! Convolution along the genome → activation → max pooling → flatten → one linear unit with an L1
//! penalty on its weights.

use candle_core::{Device, Result, Tensor, Var};

use super::init::{glorot_uniform, zeros};
use super::{Input, Layer, ModelError, ModelRow, Network};
use crate::domain::seed::Rng;
use crate::domain::setting::{Accepts, Preset, Setting, Settings};
use crate::domain::table::Row;
use crate::kernel::{ConvShape, ConvSpec, Padding, conv_max_pool1d, dense1, l1_norm};

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
    build: |settings, input, rng, device| Ok(Box::new(Cnn::new(settings, input, rng, device)?)),
};

struct Cnn {
    spec: ConvSpec,
    shape: ConvShape,
    activation: fn(&Tensor) -> Result<Tensor>,
    l1: f64,
    conv_kernel: Var,
    conv_bias: Var,
    dense_kernel: Var,
    dense_bias: Var,
}

impl Cnn {
    fn new(
        settings: &Settings,
        input: Input,
        rng: &mut Rng,
        device: &Device,
    ) -> std::result::Result<Self, ModelError> {
        let (taps, filters) = (settings.count("kernel"), settings.count("filters"));
        let spec = ConvSpec {
            stride: settings.count("stride"),
            padding: if settings.word("padding") == "same" { Padding::Same } else { Padding::Valid },
            pool: settings.count("pool"),
        };
        if taps > input.snps {
            return Err(ModelError::Shape(format!(
                "kernel {taps} is longer than the input of {} SNPs: lower `model.kernel`",
                input.snps
            )));
        }
        let shape = ConvShape::new(spec, input.snps, input.channels, taps, filters).map_err(|problem| {
            ModelError::Shape(format!("{problem}: lower `model.pool` or `model.stride`"))
        })?;
        let (channels, outputs) = (input.channels, shape.pooled * filters);
        Ok(Cnn {
            spec,
            shape,
            activation: activation(settings.word("activation")),
            l1: settings.float("l1"),
            conv_kernel: glorot_uniform(
                (taps, channels, filters),
                taps * channels,
                taps * filters,
                rng,
                device,
            )?,
            conv_bias: zeros(filters, device)?,
            dense_kernel: glorot_uniform((outputs, 1), outputs, 1, rng, device)?,
            dense_bias: zeros(1, device)?,
        })
    }
}

/// All of them grow with their input, so that the largest of a pool is the same before and after: the
/// network pools first and activates what is left. (Where `relu` makes a whole pool 0, its gradient is
/// 0 either way.)
fn activation(word: &str) -> fn(&Tensor) -> Result<Tensor> {
    match word {
        "relu" => Tensor::relu,
        "elu" => |x| x.elu(1.0),
        "tanh" => Tensor::tanh,
        _ => |x| Ok(x.clone()),
    }
}

impl Network for Cnn {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let pooled = conv_max_pool1d(x, &self.conv_kernel, &self.conv_bias, self.spec)?;
        let features = (self.activation)(&pooled)?.flatten_from(1)?;
        dense1(&features, &self.dense_kernel)?.broadcast_add(&self.dense_bias)
    }

    fn penalty(&self) -> Result<Option<Tensor>> {
        if self.l1 == 0.0 {
            return Ok(None);
        }
        Ok(Some((l1_norm(&self.dense_kernel)? * self.l1)?))
    }

    fn weights(&self) -> Vec<(String, Var)> {
        let named = [
            ("conv1d.kernel", &self.conv_kernel),
            ("conv1d.bias", &self.conv_bias),
            ("dense.kernel", &self.dense_kernel),
            ("dense.bias", &self.dense_bias),
        ];
        named.map(|(name, var)| (name.to_owned(), var.clone())).into()
    }

    fn summary(&self) -> Vec<Layer> {
        let ConvShape { convolved, pooled, filters, .. } = self.shape;
        let layer = |name: &str, output: Vec<usize>, weights: &[&Var]| Layer {
            name: name.to_owned(),
            output,
            weights: weights.iter().map(|w| w.elem_count()).sum(),
        };
        vec![
            layer("conv1d", vec![convolved, filters], &[&self.conv_kernel, &self.conv_bias]),
            layer("max_pooling1d", vec![pooled, filters], &[]),
            layer("flatten", vec![pooled * filters], &[]),
            layer("dense", vec![1], &[&self.dense_kernel, &self.dense_bias]),
        ]
    }
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

    fn build(snps: usize, changes: &[(&str, Value)]) -> std::result::Result<Cnn, ModelError> {
        Cnn::new(&settings(changes), Input { snps, channels: 1 }, &mut Rng::new(1), &Device::Cpu)
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
        assert!(message(&[]).starts_with("kernel 27 is longer than the input of 26 SNPs"));
        let pool = message(&[("kernel", 5.into()), ("pool", 14.into())]);
        assert!(pool.starts_with("pool 14 is larger than the 13 outputs"), "{pool}");
        let stride = message(&[("kernel", 5.into()), ("stride", i64::MAX.into())]);
        assert!(stride.contains("the 1 outputs"), "{stride}");
    }

    #[test]
    fn activation_and_pooling_commute() {
        for word in ["linear", "relu", "elu", "tanh"] {
            let x = Tensor::new(&[-2.0_f32, -1.0, -0.5, 3.0], &Device::Cpu).unwrap();
            let before = activation(word)(&x).unwrap().to_vec1::<f32>().unwrap();
            assert!(before.windows(2).all(|w| w[0] <= w[1]), "{word} is not monotone: {before:?}");
        }
    }
}
