//! Residual blocks (He et al. 2016).

use candle_core::{Result, Tensor, Var};

use super::{Layer, LayerSummary, Pass, Shape, WeightSpec, total};
use crate::model::Architecture;

/// `main(x) + shortcut(x)`: layers that learn what to add to their input.
#[derive(Debug)]
pub struct Residual {
    /// What is added.
    pub main: Architecture,
    /// What the input goes through on its way around; as it is where `None`.
    pub shortcut: Option<Architecture>,
}

impl Residual {
    /// Both ways with their names.
    fn ways(&self) -> impl Iterator<Item = (&'static str, &Architecture)> {
        [("main", Some(&self.main)), ("shortcut", self.shortcut.as_ref())]
            .into_iter()
            .filter_map(|(name, way)| Some((name, way?)))
    }

    /// The weights of either way.
    fn split<'a>(&self, weights: &'a [Var]) -> (&'a [Var], &'a [Var]) {
        weights.split_at(self.main.weights().len())
    }
}

impl Layer for Residual {
    fn name(&self) -> &'static str {
        "residual"
    }

    fn output(&self, input: Shape) -> std::result::Result<Shape, String> {
        for (name, way) in self.ways() {
            if way.input() != input {
                return Err(format!(
                    "the {name} way of a residual block takes {:?}, but gets {:?}",
                    way.input().dims(),
                    input.dims()
                ));
            }
        }
        let around = self.shortcut.as_ref().map_or(input, Architecture::output);
        let output = self.main.output();
        if around != output {
            return Err(format!(
                "the ways of a residual block end in {:?} and {:?}, which can't be added: its layers need \
                 `same` padding, and a new size a projection on the shortcut",
                output.dims(),
                around.dims()
            ));
        }
        Ok(output)
    }

    fn weights(&self, _input: Shape) -> Vec<WeightSpec> {
        let named = |way: &str, (name, spec): (String, &WeightSpec)| WeightSpec {
            name: format!("{way}.{name}"),
            ..spec.clone()
        };
        self.ways().flat_map(|(way, plan)| plan.weights().into_iter().map(move |w| named(way, w))).collect()
    }

    fn forward(&self, x: &Tensor, weights: &[Var], pass: &mut Pass) -> Result<Tensor> {
        let (main, shortcut) = self.split(weights);
        let added = self.main.forward(x, main, pass)?;
        match &self.shortcut {
            Some(way) => added + way.forward(x, shortcut, pass)?,
            None => added + x,
        }
    }

    fn penalty(&self, weights: &[Var]) -> Result<Option<Tensor>> {
        let (main, shortcut) = self.split(weights);
        let around = match &self.shortcut {
            Some(way) => way.penalty(shortcut)?,
            None => None,
        };
        total(self.main.penalty(main)?.into_iter().chain(around).collect())
    }

    /// Those of both ways, whose inputs are the block's own, and the sum.
    fn activations(&self, input: Shape, output: Shape) -> usize {
        let kept = self.ways().map(|(_, way)| way.activations().saturating_sub(input.size()));
        kept.fold(output.size(), usize::saturating_add)
    }

    fn needs_batch(&self) -> bool {
        self.ways().any(|(_, way)| way.needs_batch())
    }

    /// The layers of both ways, then the sum.
    fn summary(&self, name: &str, _input: Shape, output: Shape) -> Vec<LayerSummary> {
        let inner = |(way, plan): (&str, &Architecture)| {
            let rows = plan.summary().into_iter();
            rows.map(|row| LayerSummary { name: format!("{name}.{way}.{}", row.name), ..row })
                .collect::<Vec<_>>()
        };
        let sum = LayerSummary { name: name.to_owned(), output: output.dims(), weights: 0 };
        self.ways().flat_map(inner).chain([sum]).collect()
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::domain::seed::Rng;
    use crate::model::Network;
    use crate::model::layer::{Activate, Activation, Dense, Dropout, Mode, Penalty, Regularize};
    use crate::model::testing::check_gradients;

    fn dense(units: usize) -> Dense {
        let l2 = Penalty { l1: 0.0, l2: 0.1 };
        Dense { units, regularize: Regularize { kernel: l2, ..Regularize::default() } }
    }

    fn ways(main: usize, shortcut: Option<usize>) -> Residual {
        let mut inner = Architecture::new(Shape::Flat(4));
        inner.push(dense(3)).unwrap().push(Activate(Activation::Tanh)).unwrap();
        inner.push(Dropout { rate: 0.2 }).unwrap().push(dense(main)).unwrap();
        let shortcut = shortcut.map(|units| {
            let mut plan = Architecture::new(Shape::Flat(4));
            plan.push(dense(units)).unwrap();
            plan
        });
        Residual { main: inner, shortcut }
    }

    fn plan(block: Residual) -> Architecture {
        let mut plan = Architecture::new(Shape::Flat(4));
        plan.push(block).unwrap();
        plan
    }

    #[test]
    fn weights_and_rows_are_those_of_both_ways() {
        let plan = plan(ways(5, Some(5)));
        let names: Vec<String> = plan.weights().into_iter().map(|(name, _)| name).collect();
        let expected = [
            "residual.main.dense.kernel",
            "residual.main.dense.bias",
            "residual.main.dense_1.kernel",
            "residual.main.dense_1.bias",
            "residual.shortcut.dense.kernel",
            "residual.shortcut.dense.bias",
        ];
        assert_eq!(names, expected);
        assert_eq!(plan.weight_count(), (4 * 3 + 3) + (3 * 5 + 5) + (4 * 5 + 5));
        let rows = plan.summary();
        assert_eq!(rows.iter().map(|row| row.weights).sum::<usize>(), plan.weight_count());
        let last = rows.last().unwrap();
        assert_eq!((last.name.as_str(), &last.output[..]), ("residual", &[5][..]));
        assert_eq!(rows[0].name, "residual.main.dense");
        // The input; 3, 3, 3 and 5 on the main way, 5 on the other, the sum's 5.
        assert_eq!(plan.activations(), 4 + 3 + 3 + 3 + 5 + 5 + 5);
    }

    #[test]
    fn an_untrained_way_leaves_the_input() {
        let network = Network::new(plan(ways(4, None)), &mut Rng::new(1), &Device::Cpu).unwrap();
        for (_, var) in network.weights() {
            var.set(&var.zeros_like().unwrap()).unwrap();
        }
        let x = Tensor::new(&[[1.0_f32, -2.0, 3.0, 0.5]], &Device::Cpu).unwrap();
        let y = network.forward(&x, &mut Pass::new(Mode::Train, &mut Rng::new(0))).unwrap();
        assert_eq!(y.to_vec2::<f32>().unwrap(), x.to_vec2::<f32>().unwrap());
    }

    #[test]
    fn gradients_and_penalties_go_both_ways() {
        check_gradients(plan(ways(4, None)), 5, 0.005);
        check_gradients(plan(ways(5, Some(5))), 5, 0.005);
        let network = Network::new(plan(ways(5, Some(5))), &mut Rng::new(1), &Device::Cpu).unwrap();
        let kernels = network.weights().into_iter().filter(|(name, _)| name.ends_with("kernel"));
        let squares = kernels.map(|(_, w)| w.sqr().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap());
        let found = network.penalty().unwrap().unwrap().to_scalar::<f32>().unwrap();
        assert!((found - 0.1 * squares.sum::<f32>()).abs() < 1e-5, "{found}");
    }

    #[test]
    fn ways_that_do_not_meet_are_refused() {
        let message = ways(5, None).output(Shape::Flat(4)).unwrap_err();
        assert!(message.contains("[5] and [4]"), "{message}");
        let message = ways(4, Some(4)).output(Shape::Flat(6)).unwrap_err();
        assert!(message.contains("takes [4], but gets [6]"), "{message}");
    }
}
