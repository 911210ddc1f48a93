//! What happens to the learning rate and the gradients before a step.

use candle_core::{Result, Tensor};

use super::snapshot::{Reader, Writer};

/// How the learning rate changes: `train.schedule` of the study file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Schedule {
    /// It does not.
    Constant,
    /// To 0 along half a cosine over all steps of all epochs (Loshchilov & Hutter 2017, without restarts).
    Cosine,
    /// Times `factor` where the validation loss has not fallen for a while: Keras' `ReduceLROnPlateau`.
    Plateau {
        /// What the rate is multiplied by.
        factor: f64,
        /// Epochs without a smaller loss after which it is.
        patience: usize,
        /// The rate never falls below.
        min_rate: f64,
    },
}

/// The least fall of the validation loss that counts (Keras).
const LEAST_FALL: f64 = 1e-4;

/// The learning rate on its way through a training.
#[derive(Debug, Clone)]
pub struct Pace {
    schedule: Schedule,
    first: f64,
    rate: f64,
    /// Steps taken, of how many at most.
    step: usize,
    steps: usize,
    /// The least validation loss, and epochs since.
    least: f64,
    waited: usize,
}

impl Pace {
    /// From learning rate `first` over at most `steps` steps.
    pub fn new(schedule: Schedule, first: f64, steps: usize) -> Self {
        Pace { schedule, first, rate: first, step: 0, steps, least: f64::INFINITY, waited: 0 }
    }

    /// Steps taken.
    pub fn taken(&self) -> usize {
        self.step
    }

    /// Takes down where it is.
    pub fn write(&self, to: &mut Writer) {
        to.whole(self.step as u64);
        to.whole(self.waited as u64);
        to.real(self.rate);
        to.real(self.least);
    }

    /// Takes up what [`write`](Self::write) took down.
    ///
    /// # Errors
    /// Where that is not what stands there.
    pub fn read(&mut self, from: &mut Reader) -> std::result::Result<(), String> {
        (self.step, self.waited) = (from.count()?, from.count()?);
        (self.rate, self.least) = (from.real()?, from.real()?);
        Ok(())
    }

    /// The learning rate of the next step.
    pub fn next_step(&mut self) -> f64 {
        let taken = self.step as f64 / self.steps.max(1) as f64;
        self.step += 1;
        match self.schedule {
            Schedule::Constant | Schedule::Plateau { .. } => self.rate,
            Schedule::Cosine => self.first * 0.5 * (1.0 + libm::cos(std::f64::consts::PI * taken)),
        }
    }

    /// An epoch ended with this validation loss.
    pub fn end_epoch(&mut self, validation_loss: f64) {
        let Schedule::Plateau { factor, patience, min_rate } = self.schedule else { return };
        if validation_loss < self.least - LEAST_FALL {
            (self.least, self.waited) = (validation_loss, 0);
            return;
        }
        self.waited += 1;
        if self.waited >= patience {
            // A rate that begins below the least one stays.
            self.rate = (self.rate * factor).max(min_rate.min(self.rate));
            self.waited = 0;
        }
    }
}

/// Limits on the gradients; 0 is none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Clip {
    /// Largest absolute value of each gradient.
    pub value: f64,
    /// Largest Euclidean norm of all gradients together, after the limit on each: beyond it all are shrunk
    /// alike (Pascanu, Mikolov & Bengio 2013).
    pub norm: f64,
}

impl Clip {
    /// The gradients within the limits.
    ///
    /// # Errors
    /// Where candle refuses.
    pub fn apply(self, gradients: Vec<Option<Tensor>>) -> Result<Vec<Option<Tensor>>> {
        let each = |gradients: Vec<Option<Tensor>>, change: &dyn Fn(&Tensor) -> Result<Tensor>| {
            gradients.iter().map(|g| g.as_ref().map(change).transpose()).collect::<Result<Vec<_>>>()
        };
        let mut gradients = gradients;
        if self.value > 0.0 {
            gradients = each(gradients, &|g| g.clamp(-self.value as f32, self.value as f32))?;
        }
        if self.norm > 0.0 {
            let mut squares = 0.0;
            for gradient in gradients.iter().flatten() {
                let values = gradient.flatten_all()?.to_vec1::<f32>()?;
                squares += values.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>();
            }
            let norm = squares.sqrt();
            if norm > self.norm {
                gradients = each(gradients, &|g| g * (self.norm / norm))?;
            }
        }
        Ok(gradients)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    fn rates(schedule: Schedule, losses: &[f64]) -> Vec<f64> {
        let mut pace = Pace::new(schedule, 0.1, losses.len());
        let rate = |loss: &f64| {
            let rate = pace.next_step();
            pace.end_epoch(*loss);
            rate
        };
        losses.iter().map(rate).collect()
    }

    fn assert_close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        let near = found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-12);
        assert!(near, "{found:?}, not {expected:?}");
    }

    #[test]
    fn a_cosine_begins_whole_and_passes_its_half_in_the_middle() {
        let found = rates(Schedule::Cosine, &[1.0; 4]);
        let quarter = 0.5_f64.sqrt();
        assert_close(&found, &[0.1, 0.05 * (1.0 + quarter), 0.05, 0.05 * (1.0 - quarter)]);
        assert_close(&rates(Schedule::Constant, &[1.0; 2]), &[0.1; 2]);
    }

    #[test]
    fn a_plateau_lowers_the_rate_until_its_least() {
        let schedule = Schedule::Plateau { factor: 0.5, patience: 2, min_rate: 0.02 };
        // Falls of less than 1e-4 do not count; after each reduction the waiting begins anew.
        let losses = [1.0, 0.9, 0.899_95, 0.95, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8];
        let found = rates(schedule, &losses);
        let expected = [0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025, 0.02, 0.02];
        assert_close(&found, &expected);
        let high = Schedule::Plateau { factor: 0.5, patience: 1, min_rate: 0.7 };
        assert_close(&rates(high, &[1.0; 3]), &[0.1; 3]);
    }

    fn clipped(clip: Clip) -> Vec<Vec<f32>> {
        let gradient = |values: &[f32]| Some(Tensor::new(values, &Device::Cpu).unwrap());
        let found = clip.apply(vec![gradient(&[3.0, -0.5]), None, gradient(&[-4.0])]).unwrap();
        assert!(found[1].is_none());
        found.iter().flatten().map(|g| g.to_vec1().unwrap()).collect()
    }

    #[test]
    fn gradients_are_limited_one_by_one_and_together() {
        assert_eq!(clipped(Clip::default()), [vec![3.0, -0.5], vec![-4.0]]);
        assert_eq!(clipped(Clip { value: 1.0, norm: 0.0 }), [vec![1.0, -0.5], vec![-1.0]]);
        assert_eq!(clipped(Clip { value: 0.0, norm: 6.0 }), [vec![3.0, -0.5], vec![-4.0]]);
        let whole = clipped(Clip { value: 0.0, norm: 2.0 });
        let norm = whole.iter().flatten().map(|g| g * g).sum::<f32>().sqrt();
        assert!((norm - 2.0).abs() < 1e-6 && (whole[0][0] / whole[1][0] + 0.75).abs() < 1e-6, "{whole:?}");
        // By value first: 1, ½ and 1 are together 1.5 long.
        let both = clipped(Clip { value: 1.0, norm: 0.75 });
        assert!((both[0][0] - 0.5).abs() < 1e-6 && (both[1][0] + 0.5).abs() < 1e-6, "{both:?}");
    }
}
