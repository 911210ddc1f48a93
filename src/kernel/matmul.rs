//! Products of matrices as operations of candle's graph.
//!
//! candle's own runs on one thread, and its backward pass computes the gradients of both factors, although
//! that of a network's input is as dear as the others and never used; that of a bias it sums slowly.

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Storage, Tensor};
use rayon::prelude::*;

use super::{add, like, read, values};

const MATMUL: &str = "matmul";
const AFFINE: &str = "affine";

/// Tasks that a product is cut into, by its rows.
const TASKS: usize = 16;

/// Rows of a task at least: fewer don't pay for reading the right matrix once more.
const ROWS: usize = 16;

/// Rows whose gradients one task sums for a bias.
const SUMMED: usize = 256;

/// `a · b`: [rows, columns] from `a` [rows, inner] and `b` [inner, columns], f32.
///
/// Cut into fixed groups of rows, so that it is bit-identical for any number of threads. Only factors that
/// are tracked get a gradient.
///
/// # Errors
/// Where the shapes contradict each other, or a tensor is not f32 on the CPU.
pub fn matmul(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    check(MATMUL, a, b)?;
    a.apply_op2(b, MatMul)
}

/// `x · kernel + bias`: `[rows, units]` from `x` `[rows, inputs]`, `kernel` `[inputs, units]` and `bias` `[units]`, f32;
/// otherwise as [`matmul()`].
///
/// # Errors
/// Where the shapes contradict each other, or a tensor is not f32 on the CPU.
pub fn affine(x: &Tensor, kernel: &Tensor, bias: &Tensor) -> Result<Tensor> {
    check(AFFINE, x, kernel)?;
    if bias.dims() != &kernel.dims()[1..] {
        candle_core::bail!("{AFFINE}: bias {:?} for kernel {:?}", bias.shape(), kernel.shape());
    }
    x.apply_op3(kernel, bias, Affine)
}

fn check(name: &str, a: &Tensor, b: &Tensor) -> Result<()> {
    let ((_, inner), (b_inner, _)) = (a.dims2()?, b.dims2()?);
    if inner != b_inner || a.elem_count() * b.elem_count() == 0 {
        candle_core::bail!("{name}: {:?} and {:?} do not fit together", a.shape(), b.shape());
    }
    Ok(())
}

struct MatMul;

impl CustomOp2 for MatMul {
    fn name(&self) -> &'static str {
        MATMUL
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let shape = Shape::from((a_layout.dims()[0], b_layout.dims()[1]));
        Ok((CpuStorage::F32(product((a, a_layout), (b, b_layout))?), shape))
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        _out: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        gradients(a, b, grad)
    }
}

struct Affine;

impl CustomOp3 for Affine {
    fn name(&self) -> &'static str {
        AFFINE
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        kernel: &CpuStorage,
        kernel_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let bias = values(AFFINE, bias, bias_layout)?;
        let mut out = product((x, x_layout), (kernel, kernel_layout))?;
        out.par_chunks_exact_mut(bias.len()).for_each(|row| add(row, bias));
        let shape = Shape::from((x_layout.dims()[0], bias.len()));
        Ok((CpuStorage::F32(out), shape))
    }

    fn bwd(
        &self,
        x: &Tensor,
        kernel: &Tensor,
        bias: &Tensor,
        _out: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (x_grad, kernel_grad) = gradients(x, kernel, grad)?;
        let bias_grad = read(AFFINE, grad, |grad| sum_of_rows(grad, bias.elem_count()))?;
        Ok((x_grad, kernel_grad, Some(like(bias_grad, bias)?)))
    }
}

fn sum_of_rows(rows: &[f32], columns: usize) -> Vec<f32> {
    let sum = |rows: &[f32]| {
        let mut total = vec![0.0; columns];
        rows.chunks_exact(columns).for_each(|row| add(&mut total, row));
        total
    };
    let parts: Vec<Vec<f32>> = rows.par_chunks(SUMMED * columns).map(sum).collect();
    sum(&parts.concat())
}

/// Those of `a · b` for its factors, where they are tracked.
fn gradients(a: &Tensor, b: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
    let a_grad = if a.track_op() { Some(untracked(grad, &b.t()?)?) } else { None };
    let b_grad = if b.track_op() { Some(untracked(&a.t()?, grad)?) } else { None };
    Ok((a_grad, b_grad))
}

/// The product as a tensor without a history.
fn untracked(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let (a_storage, a_layout) = a.storage_and_layout();
    let (b_storage, b_layout) = b.storage_and_layout();
    let (Storage::Cpu(a_storage), Storage::Cpu(b_storage)) = (&*a_storage, &*b_storage) else {
        candle_core::bail!("{MATMUL} runs on the CPU only");
    };
    let values = product((a_storage, a_layout), (b_storage, b_layout))?;
    Tensor::from_vec(values, (a.dim(0)?, b.dim(1)?), a.device())
}

fn product(a: (&CpuStorage, &Layout), b: (&CpuStorage, &Layout)) -> Result<Vec<f32>> {
    let ((rows, inner), columns) = (a.1.shape().dims2()?, b.1.dims()[1]);
    let group = rows.div_ceil(TASKS).max(ROWS);
    let mut out = vec![0.0; rows * columns];
    out.par_chunks_mut(group * columns).enumerate().try_for_each(|(i, out)| -> Result<()> {
        let rows = out.len() / columns;
        let part = a.1.narrow(0, i * group, rows)?;
        let found = a.0.matmul(b.0, (1, rows, columns, inner), &part, b.1)?;
        out.copy_from_slice(found.as_slice()?);
        Ok(())
    })?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};
    use proptest::prelude::*;

    use super::*;
    use crate::domain::seed::Rng;
    use crate::kernel::reference::in_pools;

    /// Σₖ a[i, k] b[k, j], where `a` and `b` are read through `at(row, column)`.
    fn reference(
        (rows, inner, columns): (usize, usize, usize),
        a: impl Fn(usize, usize) -> f32,
        b: impl Fn(usize, usize) -> f32,
    ) -> Vec<f32> {
        let entry = |i: usize| (0..inner).map(|k| a(i / columns, k) * b(k, i % columns)).sum();
        (0..rows * columns).map(entry).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn product_and_gradients_are_exact_on_whole_numbers(
            seed: u64, rows in 1_usize..600, inner in 1_usize..40, columns in 1_usize..40, turned: bool,
        ) {
            let mut rng = Rng::new(seed);
            let mut whole = |n: usize| (0..n).map(|_| rng.below(7) as f32 - 3.0).collect::<Vec<_>>();
            let (a, b, g) = (whole(rows * inner), whole(inner * columns), whole(rows * columns));
            let tensor = |v: &[f32], dims: (usize, usize)| Tensor::from_slice(v, dims, &Device::Cpu).unwrap();
            // The same matrix in the other order of memory.
            let a_var = Var::from_tensor(&tensor(&a, (rows, inner))).unwrap();
            let b_var = Var::from_tensor(&tensor(&b, (inner, columns))).unwrap();
            let a_used = if turned {
                a_var.t().unwrap().contiguous().unwrap().t().unwrap()
            } else {
                a_var.as_tensor().clone()
            };
            let y = matmul(&a_used, &b_var).unwrap();
            let gs = tensor(&g, (rows, columns));
            let grads = (&y * &gs).unwrap().sum_all().unwrap().backward().unwrap();
            let flat = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let (a, b, g) = (
                |i: usize, k: usize| a[i * inner + k],
                |k: usize, j: usize| b[k * columns + j],
                |i: usize, j: usize| g[i * columns + j],
            );
            prop_assert_eq!(flat(&y), reference((rows, inner, columns), a, b));
            let expected = reference((rows, columns, inner), g, |j, k| b(k, j));
            let bias = Var::from_vec((0..columns).map(|j| j as f32).collect(), columns, &Device::Cpu).unwrap();
            let shifted = affine(&a_used, &b_var, &bias).unwrap();
            let with_bias: Vec<f32> =
                flat(&y).iter().enumerate().map(|(i, y)| y + (i % columns) as f32).collect();
            prop_assert_eq!(flat(&shifted), with_bias);
            let affine_grads = (&shifted * &gs).unwrap().sum_all().unwrap().backward().unwrap();
            for var in [&a_var, &b_var] {
                prop_assert_eq!(flat(affine_grads.get(var).unwrap()), flat(grads.get(var).unwrap()));
            }
            let sums = reference((1, rows, columns), |_, _| 1.0, g);
            prop_assert_eq!(flat(affine_grads.get(&bias).unwrap()), sums);
            prop_assert_eq!(flat(grads.get(&a_var).unwrap()), expected);
            let expected = reference((inner, rows, columns), |k, i| a(i, k), g);
            prop_assert_eq!(flat(grads.get(&b_var).unwrap()), expected);
        }
    }

    #[test]
    fn bits_do_not_depend_on_the_number_of_threads() {
        let mut rng = Rng::new(5);
        let mut draw = |dims: (usize, usize)| {
            let values: Vec<f32> = (0..dims.0 * dims.1).map(|_| rng.normal() as f32).collect();
            Tensor::from_vec(values, dims, &Device::Cpu).unwrap()
        };
        let (a, b) = (draw((61, 333)), draw((333, 47)));
        let (one, three) = in_pools(|| matmul(&a, &b).unwrap().to_vec2::<f32>().unwrap());
        assert_eq!(one, three);
    }

    #[test]
    fn an_untracked_factor_gets_no_gradient_and_contradictions_are_named() {
        let a = Tensor::ones((3, 2), candle_core::DType::F32, &Device::Cpu).unwrap();
        let b =
            Var::from_tensor(&Tensor::ones((2, 4), candle_core::DType::F32, &Device::Cpu).unwrap()).unwrap();
        let grads = matmul(&a, &b).unwrap().sum_all().unwrap().backward().unwrap();
        assert!(grads.get(&a).is_none() && grads.get(&b).is_some());
        let message = matmul(&a, &a).unwrap_err().to_string();
        assert!(message.contains("[3, 2] and [3, 2]"), "{message}");
        let message = affine(&a, &b, &a).unwrap_err().to_string();
        assert!(message.contains("bias [3, 2] for kernel [2, 4]"), "{message}");
    }
}
