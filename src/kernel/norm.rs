//! The L1 norm as an operation of candle's graph.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

use super::{like, read, values};

const NAME: &str = "l1_norm";

/// Σ|x|, a scalar, of a contiguous f32 tensor; its gradient at 0 is 0 (candle's own `abs` gives +1).
///
/// # Errors
/// Where the tensor is not contiguous f32 on the CPU.
pub fn l1_norm(x: &Tensor) -> Result<Tensor> {
    x.apply_op1(L1Norm)
}

struct L1Norm;

impl CustomOp1 for L1Norm {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let mut sums = [0.0_f64; 16];
        for chunk in values(NAME, x, layout)?.chunks(16) {
            for (sum, x) in sums.iter_mut().zip(chunk) {
                *sum += f64::from(x.abs());
            }
        }
        Ok((CpuStorage::F32(vec![sums.iter().sum::<f64>() as f32]), Shape::from(())))
    }

    fn bwd(&self, x: &Tensor, _norm: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let grad = grad.to_scalar::<f32>()?;
        let found = read(NAME, x, |x| {
            x.iter().map(|x| if *x == 0.0 { 0.0 } else { grad * x.signum() }).collect::<Vec<_>>()
        })?;
        Ok(Some(like(found, x)?))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    #[test]
    fn the_gradient_is_the_sign() {
        let x = Var::new(&[[1.5_f32, -2.0], [0.0, -0.25]], &Device::Cpu).unwrap();
        let norm = l1_norm(&x).unwrap();
        assert_eq!(norm.to_scalar::<f32>().unwrap(), 3.75);
        let grads = (norm * -2.0).unwrap().backward().unwrap();
        let found = grads.get(&x).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(found, [[-2.0, 2.0], [0.0, 2.0]]);
    }
}
