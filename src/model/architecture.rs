//! What a network consists of, before any of it is built: layers in order and the shapes between them.

use candle_core::{Device, Result, Tensor, Var};

use super::ModelError;
use super::layer::{JoinCovariates, Layer, LayerSummary, Pass, Shape, WeightSpec, total};
use crate::domain::seed::Rng;

/// Layers in order. Nothing is allocated until [`draw`](Self::draw).
#[derive(Debug)]
pub struct Architecture {
    input: Shape,
    covariates: usize,
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    name: String,
    layer: Box<dyn Layer>,
    input: Shape,
    output: Shape,
    weights: Vec<WeightSpec>,
}

impl Architecture {
    /// No layers yet: the output is the input.
    pub fn new(input: Shape) -> Self {
        Architecture { input, covariates: 0, steps: Vec::new() }
    }

    /// Adds a layer behind the last one.
    ///
    /// # Errors
    /// Where the layer does not fit behind it.
    pub fn push(&mut self, layer: impl Layer + 'static) -> std::result::Result<&mut Self, ModelError> {
        let input = self.output();
        let output = layer.output(input).map_err(ModelError::Shape)?;
        let weights = layer.weights(input);
        let before = self.steps.iter().filter(|s| s.layer.name() == layer.name()).count();
        let number = if before == 0 { String::new() } else { format!("_{before}") };
        let name = format!("{}{number}", layer.name());
        self.steps.push(Step { name, layer: Box::new(layer), input, output, weights });
        Ok(self)
    }

    /// Adds the covariates, where there are some, behind the flat values.
    ///
    /// # Errors
    /// Where the values are not flat.
    pub fn join(&mut self, covariates: usize) -> std::result::Result<&mut Self, ModelError> {
        if covariates > 0 {
            self.push(JoinCovariates { width: covariates })?;
            self.covariates = covariates;
        }
        Ok(self)
    }

    /// Numbers of a sample's covariates.
    pub fn covariates(&self) -> usize {
        self.covariates
    }

    /// The shape of its input.
    pub fn input(&self) -> Shape {
        self.input
    }

    /// The shape of its output.
    pub fn output(&self) -> Shape {
        self.steps.last().map_or(self.input, |step| step.output)
    }

    /// Its layers, input to output.
    pub fn summary(&self) -> Vec<LayerSummary> {
        self.steps.iter().flat_map(|s| s.layer.summary(&s.name, s.input, s.output)).collect()
    }

    /// All weights, each named `layer.weight`.
    pub fn weights(&self) -> Vec<(String, &WeightSpec)> {
        let named = |step: &Step, spec: &WeightSpec| format!("{}.{}", step.name, spec.name);
        self.steps.iter().flat_map(|s| s.weights.iter().map(move |w| (named(s, w), w))).collect()
    }

    /// The numbers in all weights, those that are not trained included.
    pub fn weight_count(&self) -> usize {
        self.steps.iter().flat_map(|s| &s.weights).fold(0, |n, w| n.saturating_add(w.count()))
    }

    /// The numbers in the weights that are trained.
    pub fn trained_count(&self) -> usize {
        let trained = self.steps.iter().flat_map(|s| &s.weights).filter(|w| w.trained);
        trained.fold(0, |n, w| n.saturating_add(w.count()))
    }

    /// Numbers that are kept a sample between the forward and the backward pass, its input among them.
    pub fn activations(&self) -> usize {
        let kept = self.steps.iter().map(|s| s.layer.activations(s.input, s.output));
        kept.fold(self.input.size(), usize::saturating_add)
    }

    /// The least bytes that training takes in batches of `batch` rows: of each weight its value, its
    /// gradient, the best epoch's copy and what the optimizer keeps (`kept` numbers a weight); of each
    /// activation its value and its gradient.
    pub fn bytes(&self, batch: usize, kept: usize) -> u64 {
        let weights = (self.weight_count() as u64).saturating_mul(3 + kept as u64);
        let activations = (self.activations() as u64).saturating_mul(2 * batch as u64);
        weights.saturating_add(activations).saturating_mul(size_of::<f32>() as u64)
    }

    /// Whether a layer takes statistics over the batch, for which one row is not enough.
    pub fn needs_batch(&self) -> bool {
        self.steps.iter().any(|s| s.layer.needs_batch())
    }

    /// New weights, in the order of [`weights`](Self::weights).
    ///
    /// # Errors
    /// Where candle refuses.
    pub fn draw(&self, rng: &mut Rng, device: &Device) -> Result<Vec<Var>> {
        self.weights().iter().map(|(_, w)| w.init.draw(&w.dims, rng, device)).collect()
    }

    /// The output of `x` through all layers; `weights` as [`draw`](Self::draw) gave them.
    ///
    /// # Errors
    /// Where candle refuses.
    pub fn forward(&self, x: &Tensor, weights: &[Var], pass: &mut Pass) -> Result<Tensor> {
        let mut weights = weights;
        let mut x = x.clone();
        for step in &self.steps {
            let (own, others) = weights.split_at(step.weights.len());
            x = step.layer.forward(&x, own, pass)?;
            weights = others;
        }
        Ok(x)
    }

    /// What the weights add to the loss; a scalar.
    ///
    /// # Errors
    /// Where candle refuses.
    pub fn penalty(&self, weights: &[Var]) -> Result<Option<Tensor>> {
        let mut weights = weights;
        let mut terms = Vec::new();
        for step in &self.steps {
            let (own, others) = weights.split_at(step.weights.len());
            terms.extend(step.layer.penalty(own)?);
            weights = others;
        }
        total(terms)
    }
}

/// An architecture with weights.
#[derive(Debug)]
pub struct Network {
    architecture: Architecture,
    weights: Vec<Var>,
}

impl Network {
    /// With weights drawn from `rng`.
    ///
    /// # Errors
    /// Where candle refuses.
    pub fn new(architecture: Architecture, rng: &mut Rng, device: &Device) -> Result<Self> {
        let weights = architecture.draw(rng, device)?;
        Ok(Network { architecture, weights })
    }

    /// Outputs `[batch, outputs]` of `x` `[batch, positions, channels]` and of the pass's covariates, before any
    /// output activation.
    ///
    /// # Errors
    /// Where candle refuses.
    pub fn forward(&self, x: &Tensor, pass: &mut Pass) -> Result<Tensor> {
        self.architecture.forward(x, &self.weights, pass)
    }

    /// What the weights add to the batch's mean loss, such as an L1 norm; a scalar.
    ///
    /// # Errors
    /// Where candle refuses.
    pub fn penalty(&self) -> Result<Option<Tensor>> {
        self.architecture.penalty(&self.weights)
    }

    /// The sequence that is flattened before the output and the kernel `[size, outputs]` of the output, where a
    /// network ends so; the rows of covariates stand at the kernel's end.
    pub fn readout(&self) -> Option<(Shape, &Var)> {
        let [before @ .., last] = &self.architecture.steps[..] else { return None };
        let before = before.iter().rfind(|step| step.layer.name() != "concatenate")?;
        let fits = last.layer.name() == "dense" && before.layer.name() == "flatten";
        let at = self.weights.len().checked_sub(last.weights.len())?;
        fits.then(|| (before.input, &self.weights[at]))
    }

    /// What it consists of.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// All weights by name: what a checkpoint keeps.
    pub fn weights(&self) -> Vec<(String, Var)> {
        let names = self.architecture.weights().into_iter().map(|(name, _)| name);
        names.zip(self.weights.iter().cloned()).collect()
    }

    /// The weights that the optimizer changes, by name.
    pub fn trained(&self) -> Vec<(String, Var)> {
        let specs = self.architecture.weights().into_iter().zip(&self.weights);
        specs.filter(|((_, spec), _)| spec.trained).map(|((name, _), var)| (name, var.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::layer::{Dense, Flatten, Mode, Regularize};

    fn plan() -> Architecture {
        let mut plan = Architecture::new(Shape::Sequence { positions: 5, channels: 2 });
        plan.push(Flatten).unwrap();
        plan.push(Dense { units: 3, regularize: Regularize::default() }).unwrap();
        plan.push(Dense { units: 1, regularize: Regularize::default() }).unwrap();
        plan
    }

    #[test]
    fn layers_of_a_kind_are_numbered_and_weights_counted_once() {
        let plan = plan();
        let names: Vec<String> = plan.weights().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["dense.kernel", "dense.bias", "dense_1.kernel", "dense_1.bias"]);
        assert_eq!(plan.weight_count(), 33 + 4);
        assert_eq!(plan.output(), Shape::Flat(1));
        // Values, gradients, the best copy and two of Adam's; 10 inputs, 3 + 1 outputs.
        assert_eq!(plan.bytes(8, 2), 4 * (5 * 37 + 2 * 8 * 14));
    }

    #[test]
    fn a_layer_that_does_not_fit_is_refused() {
        let mut plan = Architecture::new(Shape::Sequence { positions: 5, channels: 2 });
        let error = plan.push(Dense { units: 3, regularize: Regularize::default() }).unwrap_err();
        assert!(error.to_string().contains("a sequence of 5 × 2"), "{error}");
    }

    #[test]
    fn the_weights_of_a_seed_are_always_the_same() {
        let output = |seed| {
            let network = Network::new(plan(), &mut Rng::new(seed), &Device::Cpu).unwrap();
            let x = Tensor::ones((2, 5, 2), candle_core::DType::F32, &Device::Cpu).unwrap();
            let y = network.forward(&x, &mut Pass::new(Mode::Evaluate, &mut Rng::new(0))).unwrap();
            assert_eq!(y.dims(), [2, 1]);
            y.flatten_all().unwrap().to_vec1::<f32>().unwrap()
        };
        assert_eq!(output(1), output(1));
        assert_ne!(output(1), output(2));
    }
}
