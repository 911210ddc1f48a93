//! The step that all optimizers share: each weight follows its own gradient, in place.

use std::cell::RefCell;

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, Var};
use rayon::prelude::*;

use super::Optimizer;

/// Weights that one task changes.
const CHUNK: usize = 8192;

/// How one weight follows its gradient, with `SLOTS` numbers kept from step to step.
pub trait Rule<const SLOTS: usize>: Sync {
    /// What the slots begin with.
    fn first(&self) -> [f32; SLOTS] {
        [0.0; SLOTS]
    }

    /// A step of learning rate `rate` begins.
    fn begin(&mut self, rate: f64);

    /// The step of one weight.
    fn update(&self, weight: &mut f32, gradient: f32, slots: &mut [f32; SLOTS]);
}

/// An optimizer that follows a rule.
pub struct Elementwise<R, const SLOTS: usize> {
    rule: R,
    /// Of each weight tensor, its elements' slots side by side.
    slots: Vec<Vec<[f32; SLOTS]>>,
}

impl<R: Rule<SLOTS>, const SLOTS: usize> Elementwise<R, SLOTS> {
    pub fn new(rule: R) -> Self {
        Elementwise { rule, slots: Vec::new() }
    }
}

impl<R: Rule<SLOTS>, const SLOTS: usize> Optimizer for Elementwise<R, SLOTS> {
    fn step(&mut self, weights: &[(String, Var)], gradients: &[Option<Tensor>], rate: f64) -> Result<()> {
        if self.slots.is_empty() {
            let first = self.rule.first();
            self.slots = weights.iter().map(|(_, var)| vec![first; var.elem_count()]).collect();
        }
        self.rule.begin(rate);
        for ((slots, (name, var)), gradient) in self.slots.iter_mut().zip(weights).zip(gradients) {
            let Some(gradient) = gradient else { continue };
            if gradient.shape() != var.shape() {
                let (found, wanted) = (gradient.shape(), var.shape());
                candle_core::bail!("the gradient of `{name}` is {found:?}, its weights are {wanted:?}");
            }
            let step = Step { rule: &self.rule, slots: RefCell::new(slots) };
            var.inplace_op2(&gradient.contiguous()?, &step)?;
        }
        Ok(())
    }

    fn slots(&self) -> usize {
        SLOTS
    }
}

/// The step of one tensor. The cell is there because candle hands operations out shared; nothing else
/// borrows from it.
struct Step<'a, R, const SLOTS: usize> {
    rule: &'a R,
    slots: RefCell<&'a mut [[f32; SLOTS]]>,
}

impl<R: Rule<SLOTS>, const SLOTS: usize> InplaceOp2 for Step<'_, R, SLOTS> {
    fn name(&self) -> &'static str {
        "optimizer step"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, at: &Layout, g: &CpuStorage, g_at: &Layout) -> Result<()> {
        let CpuStorage::F32(weights) = to else {
            candle_core::bail!("optimizers need f32 weights");
        };
        let weights = &mut weights[range(at)?];
        let gradients = &g.as_slice::<f32>()?[range(g_at)?];
        let mut slots = self.slots.borrow_mut();
        // No element knows of another, so that chunks and threads change nothing.
        let chunks = weights.par_chunks_mut(CHUNK).zip(gradients.par_chunks(CHUNK));
        chunks.zip(slots.par_chunks_mut(CHUNK)).for_each(|((weights, gradients), slots)| {
            for ((weight, gradient), slots) in weights.iter_mut().zip(gradients).zip(slots) {
                self.rule.update(weight, *gradient, slots);
            }
        });
        Ok(())
    }
}

fn range(layout: &Layout) -> Result<std::ops::Range<usize>> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(start..end),
        None => candle_core::bail!("optimizers need contiguous weights and gradients"),
    }
}
