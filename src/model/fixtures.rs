//! Layers against Keras and PyTorch: the cases of tests/fixtures, whose makers stand beside them.

use std::path::Path;

use candle_core::{Device, Tensor, Var};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::architecture::{Architecture, Network};
use super::layer::*;
use crate::domain::seed::Rng;
use crate::kernel::Padding;

/// Of the largest entry of a tensor.
const TOLERANCE: f64 = 1e-5;
/// A tensor with nothing beyond it is 0 because all cancels out, as the gradient of a bias before batch norm
/// does: terms of the order of 1, of which rounding is left.
const CANCELLED: f64 = 1e-12;

/// A tensor of a fixture.
#[derive(Debug, Clone, Deserialize)]
pub struct Numbers {
    pub dims: Vec<usize>,
    pub values: Vec<f64>,
}

impl Numbers {
    /// As candle has it.
    pub fn tensor(&self) -> Tensor {
        let values: Vec<f32> = self.values.iter().map(|v| *v as f32).collect();
        Tensor::from_vec(values, self.dims.clone(), &Device::Cpu).unwrap()
    }

    /// What is wrong with `found`; nothing where it agrees.
    pub fn differs(&self, found: &Tensor, what: &str) -> Option<String> {
        if found.dims() != self.dims {
            return Some(format!("{what} has the shape {:?}, not {:?}", found.dims(), self.dims));
        }
        let found = found.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let largest = self.values.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
        let largest = if largest <= CANCELLED { 1.0 } else { largest };
        let errors = found.iter().zip(&self.values).map(|(found, v)| (f64::from(*found) - v).abs() / largest);
        let error = errors.fold(0.0, |most, e| if e > most || e.is_nan() { e } else { most });
        let agrees = error <= TOLERANCE;
        (!agrees).then(|| format!("{what} is off by {error:.1e}: {found:?}, not {:?}", self.values))
    }
}

/// Reads a file of tests/fixtures.
pub fn read<T: DeserializeOwned>(file: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// A layer as the fixtures describe it, with Keras' names.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Description {
    Conv1d {
        filters: usize,
        kernel: usize,
        stride: usize,
        padding: String,
        #[serde(default)]
        regularize: Strengths,
    },
    /// The two in one operation; no fixture says so, [`fused`] does.
    #[serde(skip)]
    ConvMaxPool1d(ConvMaxPool1d),
    #[serde(rename = "locally_connected1d")]
    LocallyConnected {
        filters: usize,
        kernel: usize,
        stride: usize,
        #[serde(default)]
        regularize: Strengths,
    },
    Dense {
        units: usize,
        #[serde(default)]
        regularize: Strengths,
    },
    #[serde(rename = "max_pooling1d")]
    MaxPooling {
        size: usize,
        stride: usize,
    },
    #[serde(rename = "average_pooling1d")]
    AveragePooling {
        size: usize,
        stride: usize,
    },
    BatchNormalization,
    Lstm {
        units: usize,
        return_sequences: bool,
    },
    SeparableFc {
        neurons: usize,
        symmetric: bool,
        curvature: f64,
    },
    Activation {
        word: String,
    },
    Flatten,
    Residual {
        main: Vec<Description>,
        shortcut: Option<Vec<Description>>,
    },
}

/// [`Regularize`] in JSON.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Strengths {
    kernel: Elastic,
    bias: Elastic,
    activity: Elastic,
}

/// [`Penalty`] in JSON.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct Elastic {
    l1: f64,
    l2: f64,
}

impl Strengths {
    fn regularize(&self) -> Regularize {
        let [kernel, bias, activity] =
            [self.kernel, self.bias, self.activity].map(|of| Penalty { l1: of.l1, l2: of.l2 });
        Regularize { kernel, bias, activity }
    }
}

fn padding(word: &str) -> Padding {
    match word {
        "same" => Padding::Same,
        "valid" => Padding::Valid,
        _ => panic!("no padding {word}"),
    }
}

impl Description {
    fn push(&self, plan: &mut Architecture) {
        let behind = plan.output();
        let pushed = match self.clone() {
            Description::Conv1d { filters, kernel, stride, padding: word, regularize } => plan.push(Conv1d {
                filters,
                kernel,
                stride,
                padding: padding(&word),
                regularize: regularize.regularize(),
            }),
            Description::ConvMaxPool1d(layer) => plan.push(layer),
            Description::LocallyConnected { filters, kernel, stride, regularize } => {
                plan.push(LocalConv1d { filters, kernel, stride, regularize: regularize.regularize() })
            }
            Description::Dense { units, regularize } => {
                plan.push(Dense { units, regularize: regularize.regularize() })
            }
            Description::MaxPooling { size, stride } => plan.push(MaxPool1d { size, stride }),
            Description::AveragePooling { size, stride } => plan.push(AveragePool1d { size, stride }),
            Description::BatchNormalization => plan.push(BatchNorm),
            Description::Lstm { units, return_sequences } => plan.push(Lstm { units, return_sequences }),
            Description::SeparableFc { neurons, symmetric, curvature } => {
                plan.push(SeparableFc { neurons, symmetric, curvature })
            }
            Description::Activation { word } => {
                assert!(Activation::WORDS.contains(&word.as_str()), "no activation {word}");
                plan.push(Activate(Activation::named(&word)))
            }
            Description::Flatten => plan.push(Flatten),
            Description::Residual { main, shortcut } => plan.push(Residual {
                main: architecture(behind, &main),
                shortcut: shortcut.map(|layers| architecture(behind, &layers)),
            }),
        };
        pushed.unwrap();
    }
}

/// The architecture of these layers behind an input.
pub fn architecture(input: Shape, layers: &[Description]) -> Architecture {
    let mut plan = Architecture::new(input);
    for layer in layers {
        layer.push(&mut plan);
    }
    plan
}

/// The shape of one row of `x`.
fn sample(x: &Numbers) -> Shape {
    match x.dims[..] {
        [_, positions, channels] => Shape::Sequence { positions, channels },
        [_, units] => Shape::Flat(units),
        _ => panic!("no input has the dimensions {:?}", x.dims),
    }
}

/// A network of these layers with these weights, for inputs such as `x`.
pub fn network(layers: &[Description], x: &Numbers, weights: &[Numbers]) -> Network {
    let network = Network::new(architecture(sample(x), layers), &mut Rng::new(1), &Device::Cpu).unwrap();
    let own = network.weights();
    assert_eq!(own.len(), weights.len(), "weights of {layers:?}");
    for ((_, var), values) in own.iter().zip(weights) {
        var.set(&values.tensor()).unwrap();
    }
    network
}

/// The layers with each convolution and the max pooling behind it made one; `None` where there are none.
fn fused(layers: &[Description]) -> Option<Vec<Description>> {
    let mut found = Vec::new();
    for layer in layers {
        match (found.last(), layer) {
            (
                Some(Description::Conv1d { filters, kernel, stride, padding: word, regularize }),
                Description::MaxPooling { size, stride: step },
            ) if size == step => {
                let one = ConvMaxPool1d {
                    filters: *filters,
                    kernel: *kernel,
                    stride: *stride,
                    padding: padding(word),
                    pool: *size,
                    regularize: regularize.regularize(),
                };
                found.pop();
                found.push(Description::ConvMaxPool1d(one));
            }
            _ => found.push(layer.clone()),
        }
    }
    (found.len() < layers.len()).then_some(found)
}

#[derive(Debug, Deserialize)]
struct Layers {
    cases: Vec<Case>,
    #[serde(default)]
    dropout: Vec<DropoutCase>,
    #[serde(default)]
    summaries: Vec<SummaryCase>,
}

/// Layers with weights, and what comes of inputs one after another.
#[derive(Debug, Deserialize)]
struct Case {
    name: String,
    layers: Vec<Description>,
    weights: Vec<Numbers>,
    passes: Vec<PassCase>,
}

/// The gradients are those of Σ output · cotangent + penalties; a weight has a gradient, or a state after
/// the pass.
#[derive(Debug, Deserialize)]
struct PassCase {
    mode: String,
    input: Numbers,
    cotangent: Numbers,
    output: Numbers,
    penalty: f64,
    input_gradient: Numbers,
    gradients: Vec<Option<Numbers>>,
    state: Vec<Option<Numbers>>,
}

impl PassCase {
    fn problems(&self, network: &Network) -> Vec<String> {
        let x = Var::from_tensor(&self.input.tensor()).unwrap();
        let mode = if self.mode == "train" { Mode::Train } else { Mode::Evaluate };
        let mut rng = Rng::new(1);
        let mut pass = Pass::new(mode, &mut rng);
        let y = network.forward(&x, &mut pass).unwrap();
        let mut problems: Vec<_> = self.output.differs(&y, "the output").into_iter().collect();
        let penalties = [network.penalty().unwrap(), pass.penalty().unwrap()].into_iter().flatten();
        let zero = Tensor::new(0.0_f32, &Device::Cpu).unwrap();
        let penalty = penalties.fold(zero, |sum, next| (sum + next).unwrap());
        let expected = Numbers { dims: vec![], values: vec![self.penalty] };
        problems.extend(expected.differs(&penalty, "the penalty"));
        let goal = ((y * self.cotangent.tensor()).unwrap().sum_all().unwrap() + penalty).unwrap();
        let gradients = goal.backward().unwrap();
        let mut gradient = |var: &Var, expected: &Numbers, what: &str| match gradients.get(var) {
            Some(found) => problems.extend(expected.differs(found, &format!("the gradient of {what}"))),
            None => problems.push(format!("{what} has no gradient")),
        };
        gradient(&x, &self.input_gradient, "the input");
        for ((name, var), expected) in network.weights().iter().zip(&self.gradients) {
            if let Some(expected) = expected {
                gradient(var, expected, name);
            }
        }
        for ((name, var), expected) in network.weights().iter().zip(&self.state) {
            problems.extend(expected.as_ref().and_then(|e| e.differs(var, &format!("{name} after it"))));
        }
        problems
    }
}

/// What is wrong with layers in any pass.
fn problems(case: &Case, layers: &[Description]) -> Vec<String> {
    let network = network(layers, &case.passes[0].input, &case.weights);
    let of_pass = |(i, pass): (usize, &PassCase)| {
        let problems = pass.problems(&network).into_iter();
        problems.map(|problem| format!("{}, pass {i}: {problem}", case.name)).collect::<Vec<_>>()
    };
    case.passes.iter().enumerate().flat_map(of_pass).collect()
}

#[test]
fn layers_agree_with_keras_and_pytorch() {
    let mut wrong = Vec::new();
    for file in ["layers.json", "separable_fc.json"] {
        for case in read::<Layers>(file).cases {
            wrong.extend(problems(&case, &case.layers));
            if let Some(layers) = fused(&case.layers) {
                wrong.extend(problems(&case, &layers).into_iter().map(|p| format!("fused, {p}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{} problems:\n{}", wrong.len(), wrong.join("\n"));
}

#[derive(Debug, Deserialize)]
struct DropoutCase {
    kind: String,
    rate: f64,
    values: Vec<f64>,
    same_over_positions: bool,
    identity_in_evaluation: bool,
}

#[test]
fn dropout_keeps_and_scales_as_in_keras() {
    let ones = Var::ones((64, 6, 5), candle_core::DType::F32, &Device::Cpu).unwrap();
    for case in read::<Layers>("layers.json").dropout {
        let mut plan = Architecture::new(Shape::Sequence { positions: 6, channels: 5 });
        match case.kind.as_str() {
            "dropout" => plan.push(Dropout { rate: case.rate }).unwrap(),
            "spatial_dropout1d" => plan.push(SpatialDropout1d { rate: case.rate }).unwrap(),
            kind => panic!("no layer {kind}"),
        };
        let network = Network::new(plan, &mut Rng::new(1), &Device::Cpu).unwrap();
        let mut rng = Rng::new(1);
        let y = network.forward(&ones, &mut Pass::new(Mode::Train, &mut rng)).unwrap();
        let values = y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let known = |v: &f32| case.values.iter().any(|k| (f64::from(*v) - k).abs() < 1e-6);
        assert!(values.iter().all(known), "{case:?}: {values:?}");
        let dropped = values.iter().filter(|v| **v == 0.0).count() as f64 / values.len() as f64;
        assert!((dropped - case.rate).abs() < 0.1, "{case:?} dropped {dropped}");
        let first = y.narrow(1, 0, 1).unwrap().broadcast_as(y.shape()).unwrap();
        let moved = (&y - first).unwrap().sqr().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap();
        assert_eq!(moved == 0.0, case.same_over_positions, "{case:?}");
        let slope = y.sum_all().unwrap().backward().unwrap();
        let slope = slope.get(&ones).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(slope, values, "{case:?}: the gradient is masked and scaled as the values are");
        let same = network.forward(&ones, &mut Pass::new(Mode::Evaluate, &mut rng)).unwrap();
        let same = same.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(same.iter().all(|v| *v == 1.0), case.identity_in_evaluation, "{case:?}");
    }
}

#[derive(Debug, Deserialize)]
struct SummaryCase {
    name: String,
    input: (usize, usize),
    layers: Vec<Description>,
    rows: Vec<Row>,
    weights: usize,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Row {
    kind: String,
    output: Vec<usize>,
    weights: usize,
}

#[test]
fn summaries_are_those_of_keras() {
    for case in read::<Layers>("layers.json").summaries {
        let (positions, channels) = case.input;
        for layers in [Some(case.layers.clone()), fused(&case.layers)].into_iter().flatten() {
            let plan = architecture(Shape::Sequence { positions, channels }, &layers);
            // `dense_2` is a `dense`; Keras has activations inside the layer before.
            let rows = plan.summary().into_iter().map(|row| {
                let kind = row.name.trim_end_matches(|c: char| c.is_ascii_digit());
                let kind = kind.strip_suffix('_').unwrap_or(&row.name).to_owned();
                Row { kind, output: row.output, weights: row.weights }
            });
            let rows: Vec<Row> = rows.filter(|row| row.kind != "activation").collect();
            assert_eq!(rows, case.rows, "{}", case.name);
            assert_eq!(plan.weight_count(), case.weights, "{}", case.name);
        }
    }
}
