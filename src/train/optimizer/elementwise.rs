//! The step that all optimizers share: each weight follows its own gradient, in place.

use std::cell::RefCell;

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, Var};
use rayon::prelude::*;

use super::Optimizer;
use crate::train::snapshot::{Reader, Writer};

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

    fn write(&self, to: &mut Writer) {
        to.whole(self.slots.len() as u64);
        self.slots.iter().for_each(|slots| to.singles(slots.as_flattened()));
    }

    fn read(
        &mut self,
        from: &mut Reader,
        steps: usize,
        weights: &[(String, Var)],
    ) -> std::result::Result<(), String> {
        let known = from.count()?;
        if known != weights.len() && known != 0 {
            return Err("its optimizer is another one".into());
        }
        let of = |(_, var): &(String, Var)| {
            let flat = from.singles(var.elem_count() * SLOTS)?;
            Ok(flat.as_chunks::<SLOTS>().0.to_vec())
        };
        self.slots = weights.iter().take(known).map(of).collect::<std::result::Result<_, String>>()?;
        // What a rule knows of its own, powers of its decays, follows from the number of steps.
        (0..steps).for_each(|_| self.rule.begin(0.0));
        Ok(())
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
