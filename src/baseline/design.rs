//! SNPs as the standardised columns of a regression, packed two bits a genotype, and a residual that is
//! changed as coefficients are.

use super::BaselineError;
use super::fixed::Projection;
use super::genotypes::{Effect, Genotypes};
use crate::kernel::codes::{Column, LARGEST_RESIDUAL, LARGEST_STEP, Packed, Residual, UNIT};

/// Columns whose coefficients are updated with one look at the residual.
const BLOCK: usize = 32;

/// A residual of this many times the trait's largest deviation can be held.
const HEADROOM: f64 = 8.0;

/// What a two-bit code of 3 is here.
const MISSING: u8 = 3;

/// Columns x of training rows, centred and divided by their standard deviation (divisor n), so that x'x = n.
#[derive(Debug)]
pub struct Design {
    packed: Packed,
    columns: Vec<Column>,
    /// Of each column the mean, standard deviation and sum of its levels over the rows.
    means: Vec<f64>,
    sds: Vec<f64>,
    sums: Vec<i64>,
}

impl Design {
    /// All columns that vary: those of the first effect by SNP, then those of the next one.
    ///
    /// # Errors
    /// Where none varies.
    pub fn new(genotypes: &Genotypes, effects: &[Effect]) -> Result<Self, BaselineError> {
        let mut packed = Packed::new(genotypes.rows());
        for snp in 0..genotypes.snps() {
            packed.push(genotypes.snp(snp).iter().map(|code| (*code).min(MISSING)));
        }
        let mut design =
            Design { packed, columns: Vec::new(), means: Vec::new(), sds: Vec::new(), sums: Vec::new() };
        for effect in effects {
            for snp in 0..genotypes.snps() {
                design.add(snp, *effect, genotypes.counts(snp).map(u64::from));
            }
        }
        if design.columns.is_empty() {
            let n = genotypes.rows();
            return Err(BaselineError(format!("no SNP varies among the {n} training rows")));
        }
        Ok(design)
    }

    fn add(&mut self, snp: usize, effect: Effect, counts: [u64; super::genotypes::CODES]) {
        let [none, one, two, _, missing] = counts;
        let known = (none + one + two) as f64;
        // In hundredths: a missing genotype stands at the mean, rounded to these.
        let mut levels = match effect {
            Effect::Additive => [0, 100, 200, 0],
            Effect::Heterozygote => [0, 100, 0, 0],
        };
        let sum = one * u64::from(levels[1]) + two * u64::from(levels[2]);
        if missing > 0 && known > 0.0 {
            levels[usize::from(MISSING)] = (sum as f64 / known).round() as u8;
        }
        let moment = |power: u32| -> u64 {
            let of = |level: u8, n: u64| u64::from(level).pow(power) * n;
            of(levels[1], one) + of(levels[2], two) + of(levels[3], missing)
        };
        let n = none + one + two + missing;
        let (sum, squares) = (moment(1), moment(2));
        // n² times the variance, which Cauchy and Schwarz keep from being negative.
        let spread = u128::from(n) * u128::from(squares) - u128::from(sum).pow(2);
        if spread > 0 {
            self.columns.push(Column { snp: snp as u32, levels });
            self.means.push(sum as f64 / n as f64);
            self.sds.push((spread as f64).sqrt() / n as f64);
            self.sums.push(sum as i64);
        }
    }

    /// Training rows.
    pub fn rows(&self) -> usize {
        self.packed.rows()
    }

    /// Columns.
    pub fn columns(&self) -> usize {
        self.columns.len()
    }

    /// Σ coefficient · x of other individuals' genotypes, one a row.
    pub fn predict(&self, genotypes: &Genotypes, coefficients: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; genotypes.rows()];
        for (j, coefficient) in coefficients.iter().enumerate().filter(|(_, c)| **c != 0.0) {
            let column = self.columns[j];
            let table = column.levels.map(|l| coefficient * (f64::from(l) - self.means[j]) / self.sds[j]);
            let codes = genotypes.snp(column.snp as usize);
            for (out, code) in out.iter_mut().zip(codes) {
                *out += table[usize::from((*code).min(MISSING))];
            }
        }
        out
    }

    /// The levels of a column's rows, in units that [`Packed::dots`] does not round.
    fn levels(&self, j: usize, out: &mut [i32]) {
        // Where only this column's step is −1, the residual is its levels.
        let mut residual = Residual::new(&vec![0; self.rows()]);
        self.packed.subtract(&self.columns[j..=j], &[-UNIT], &mut residual);
        out.copy_from_slice(&residual.rows());
    }
}

/// Columns that are worked on together, with the inner products between them.
#[derive(Debug)]
pub struct Block {
    /// Places in the design.
    members: Vec<usize>,
    columns: Vec<Column>,
    /// Members × members: x'x.
    gram: Vec<f32>,
}

impl Block {
    /// `members` (columns of the design) in blocks, in their order.
    pub fn all(design: &Design, members: &[usize]) -> Vec<Self> {
        members.chunks(BLOCK).map(|members| Block::new(design, members)).collect()
    }

    fn new(design: &Design, members: &[usize]) -> Self {
        let columns: Vec<Column> = members.iter().map(|j| design.columns[*j]).collect();
        let mut gram = Vec::with_capacity(members.len() * members.len());
        let mut rows = vec![0; design.rows()];
        let mut residual = Residual::new(&rows);
        let mut dots = vec![0; members.len()];
        for a in members {
            design.levels(*a, &mut rows);
            residual.set(&rows);
            design.packed.dots(&columns, &residual, &mut dots);
            for (b, dot) in members.iter().zip(&dots) {
                let centred = *dot as f64 - design.sums[*a] as f64 * design.means[*b];
                gram.push((centred / (design.sds[*a] * design.sds[*b])) as f32);
            }
        }
        Block { members: members.to_vec(), columns, gram }
    }

    /// Whether there is room for more members.
    pub fn is_full(&self) -> bool {
        self.members.len() >= BLOCK
    }

    /// Its members.
    pub fn members(&self) -> &[usize] {
        &self.members
    }
}

/// Coefficients and the residual that they leave of a trait.
#[derive(Debug)]
pub struct Fitted<'a> {
    design: &'a Design,
    fixed: &'a Projection,
    /// Of each column of the design its coefficient, a multiple of what one step of it is.
    pub coefficients: Vec<f64>,
    multiples: Vec<i64>,
    /// Of each orthonormal column of the fixed effects its coefficient.
    pub products: Vec<f64>,
    /// In `unit`s of the trait; apart from a constant, as the columns are not centred in it.
    residual: Residual,
    unit: f64,
    /// Sum of the residual.
    sum: i64,
}

impl<'a> Fitted<'a> {
    /// The fixed effects, of which the first is the intercept, by least squares; all coefficients 0.
    ///
    /// # Errors
    /// Where nothing is left of the values.
    pub fn new(design: &'a Design, fixed: &'a Projection, values: &[f64]) -> Result<Self, BaselineError> {
        let (products, mut rest) = (fixed.products(values), values.to_vec());
        fixed.subtract(&products, &mut rest);
        let most = |values: &[f64]| values.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
        let largest = most(&rest);
        if !largest.is_finite() || largest <= f64::EPSILON * most(values) * values.len() as f64 {
            return Err(BaselineError(
                "the trait does not vary among the training rows, or the covariates explain all of it".into(),
            ));
        }
        let unit = HEADROOM * largest / f64::from(LARGEST_RESIDUAL);
        let rows: Vec<i32> = rest.iter().map(|v| (v / unit).round() as i32).collect();
        let residual = Residual::new(&rows);
        let (sum, ..) = residual.moments();
        let (coefficients, multiples) = (vec![0.0; design.columns()], vec![0; design.columns()]);
        Ok(Fitted { design, fixed, coefficients, multiples, products, residual, unit, sum })
    }

    /// Updates the coefficients of the fixed effects' orthonormal columns but the intercept, of which the design
    /// has nothing: each becomes what least squares says of it plus what `draw` gives. The largest change.
    pub fn update_fixed(&mut self, mut draw: impl FnMut() -> f64) -> f64 {
        if self.products.len() < 2 {
            return 0.0;
        }
        let mut rest: Vec<f64> = self.residual.rows().iter().map(|e| f64::from(*e) * self.unit).collect();
        let mut changes = self.fixed.products(&rest);
        changes[0] = 0.0;
        changes.iter_mut().skip(1).for_each(|change| *change += draw());
        self.fixed.subtract(&changes, &mut rest);
        self.products.iter_mut().zip(&changes).for_each(|(product, change)| *product += change);
        let rows: Vec<i32> = rest.iter().map(|v| (v / self.unit).round() as i32).collect();
        self.residual.set(&rows);
        self.sum = self.residual.moments().0;
        changes.iter().fold(0.0, |most, change| most.max(change.abs()))
    }

    /// x'e of a column, from its levels' inner product with the residual.
    fn gradient_of(&self, j: usize, dot: i64) -> f64 {
        let centred = f64::from(UNIT) * dot as f64 - self.design.means[j] * self.sum as f64;
        self.unit * centred / self.design.sds[j]
    }

    /// x'e of every column.
    pub fn gradient(&self) -> Vec<f64> {
        let mut dots = vec![0; self.design.columns()];
        self.design.packed.dots(&self.design.columns, &self.residual, &mut dots);
        dots.iter().enumerate().map(|(j, dot)| self.gradient_of(j, *dot)).collect()
    }

    /// Updates the coefficients of a block one after the other: `update` is told a column, its x'e and its
    /// coefficient, and says its new one. A change is rounded to what the residual can hold.
    pub fn sweep(&mut self, block: &Block, mut update: impl FnMut(usize, f64, f64) -> f64) {
        let size = block.members.len();
        let (mut dots, mut gradient) = ([0; BLOCK], [0.0_f32; BLOCK]);
        self.design.packed.dots(&block.columns, &self.residual, &mut dots[..size]);
        for (a, j) in block.members.iter().enumerate() {
            gradient[a] = self.gradient_of(*j, dots[a]) as f32;
        }
        let (mut columns, mut steps) = ([block.columns[0]; BLOCK], [0; BLOCK]);
        let mut changed = 0;
        for (a, j) in block.members.iter().enumerate() {
            let old = self.coefficients[*j];
            let grid = self.design.sds[*j] * self.unit;
            let wanted = (update(*j, f64::from(gradient[a]), old) - old) / grid;
            // Beyond the largest step lies what no residual could be.
            let wanted = wanted.clamp(-f64::from(LARGEST_STEP), f64::from(LARGEST_STEP));
            // Rounded; `round` would be a call for each.
            let step = (wanted + 0.5_f64.copysign(wanted)) as i64;
            if step != 0 {
                let change = step as f64 * grid;
                self.multiples[*j] += step;
                // Not by adding up, so that what goes back to 0 is 0.
                self.coefficients[*j] = self.multiples[*j] as f64 * grid;
                (columns[changed], steps[changed]) = (block.columns[a], step as i32);
                changed += 1;
                self.sum -= step * self.design.sums[*j];
                let row = &block.gram[a * size..][..size];
                for (gradient, product) in gradient[a + 1..size].iter_mut().zip(&row[a + 1..]) {
                    *gradient -= product * change as f32;
                }
            }
        }
        if changed > 0 {
            self.design.packed.subtract(&columns[..changed], &steps[..changed], &mut self.residual);
        }
    }

    /// The sum of squares of the residual about its mean, which is then taken out of it.
    ///
    /// # Errors
    /// Where the residual has become larger than can be held.
    pub fn sum_of_squares(&mut self) -> Result<f64, BaselineError> {
        let n = self.design.rows() as f64;
        let (sum, squares, largest) = self.residual.moments();
        if largest > LARGEST_RESIDUAL.unsigned_abs() {
            return Err(BaselineError(format!(
                "the residuals have become more than {HEADROOM} times as large as the trait's deviations"
            )));
        }
        let shift = (sum as f64 / n).round();
        self.residual.shift(shift as i32);
        self.sum = sum - shift as i64 * self.design.rows() as i64;
        Ok((squares - sum as f64 * (sum as f64 / n)).max(0.0) * self.unit * self.unit)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::dataset::Dataset;
    use crate::dataset::MISSING as GAP;
    use crate::domain::seed::Rng;
    use crate::numeric::dense::Dense;

    /// An intercept, and `others`, for `n` rows.
    pub fn fixed(n: usize, others: &[f64]) -> Projection {
        Projection::of(&Dense::new(n, 1 + others.len() / n, [&vec![1.0; n], others].concat()))
    }

    pub fn centred(values: &[f64]) -> Vec<f64> {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|v| v - mean).collect()
    }

    /// Random genotypes, some missing, with their standardised columns in f64 and a trait of mean 0.
    pub fn example(n: usize, snps: usize, effects: &[Effect]) -> (Genotypes, Vec<Vec<f64>>, Vec<f64>) {
        let mut rng = Rng::new(5);
        let codes: Vec<u8> = (0..n * snps)
            .map(|_| if rng.below(20) == 0 { GAP } else { (rng.below(2) + rng.below(2)) as u8 })
            .collect();
        let dataset = Dataset::from_dosages(snps, codes.clone(), vec![0.0; n]);
        let genotypes = Genotypes::of(&dataset, &(0..n).collect::<Vec<_>>()).unwrap();
        let mut columns = Vec::new();
        for effect in effects {
            for snp in 0..snps {
                let levels = match effect {
                    Effect::Additive => [0.0, 1.0, 2.0],
                    Effect::Heterozygote => [0.0, 1.0, 0.0],
                };
                let codes = genotypes.snp(snp);
                let known: Vec<f64> =
                    codes.iter().filter(|c| **c != GAP).map(|c| levels[usize::from(*c)]).collect();
                let filled = (known.iter().sum::<f64>() / known.len() as f64 * 100.0).round() / 100.0;
                let column: Vec<f64> =
                    codes.iter().map(|c| if *c == GAP { filled } else { levels[usize::from(*c)] }).collect();
                let column = centred(&column);
                let sd = (column.iter().map(|x| x * x).sum::<f64>() / n as f64).sqrt();
                columns.push(column.iter().map(|x| x / sd).collect::<Vec<f64>>());
            }
        }
        let values: Vec<f64> = (0..n)
            .map(|i| columns[1][i] - 0.5 * columns[2][i] + 0.3 * columns[3][i] + rng.normal())
            .collect();
        (genotypes, columns, centred(&values))
    }

    pub fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn gradients_and_sums_of_squares_follow_the_coefficients() {
        let effects = [Effect::Additive, Effect::Heterozygote];
        let (genotypes, columns, values) = example(150, 40, &effects);
        let design = Design::new(&genotypes, &effects).unwrap();
        assert_eq!((design.rows(), design.columns()), (150, 80));
        let projection = fixed(150, &[]);
        let mut fitted = Fitted::new(&design, &projection, &values).unwrap();
        let members: Vec<usize> = (0..80).rev().collect();
        let blocks = Block::all(&design, &members);
        assert_eq!(blocks.len(), 3);
        for round in 0..3 {
            for block in &blocks {
                fitted.sweep(block, |j, gradient, old| {
                    old + gradient / 150.0 * if j % 3 == round { 0.5 } else { 0.0 }
                });
            }
        }
        let effects: Vec<f64> = (0..150)
            .map(|i| columns.iter().zip(&fitted.coefficients).map(|(column, c)| column[i] * c).sum())
            .collect();
        let residual: Vec<f64> = values.iter().zip(&effects).map(|(v, e)| v - e).collect();
        for _ in 0..2 {
            let expected = dot(&residual, &residual);
            let found = fitted.sum_of_squares().unwrap();
            assert!((found / expected - 1.0).abs() < 1e-5, "{found} {expected}");
            for (column, gradient) in columns.iter().zip(fitted.gradient()) {
                assert!((gradient - dot(column, &residual)).abs() < 1e-3);
            }
        }
        for (found, expected) in design.predict(&genotypes, &fitted.coefficients).iter().zip(&effects) {
            assert!((found - expected).abs() < 1e-9);
        }
    }

    #[test]
    fn the_gradient_within_a_block_is_that_of_one_column_after_the_other() {
        let (genotypes, columns, values) = example(90, 30, &[Effect::Additive]);
        let design = Design::new(&genotypes, &[Effect::Additive]).unwrap();
        let projection = fixed(90, &[]);
        let mut fitted = Fitted::new(&design, &projection, &values).unwrap();
        let blocks = Block::all(&design, &(0..30).collect::<Vec<_>>());
        let mut residual = values;
        fitted.sweep(&blocks[0], |j, gradient, old| {
            let expected = dot(&columns[j], &residual);
            assert!((gradient - expected).abs() < 2e-3, "{j}: {gradient} {expected}");
            let change = expected / 90.0;
            residual.iter_mut().zip(&columns[j]).for_each(|(e, x)| *e -= change * x);
            old + change
        });
    }

    #[test]
    fn columns_that_do_not_vary_are_left_out() {
        let dataset = Dataset::from_dosages(2, vec![1, 0, 1, 2, 1, GAP], vec![0.0; 3]);
        let genotypes = Genotypes::of(&dataset, &[0, 1, 2]).unwrap();
        let design = Design::new(&genotypes, &[Effect::Additive, Effect::Heterozygote]).unwrap();
        assert_eq!(design.columns(), 1);
        let alike = Genotypes::of(&dataset, &[0]).unwrap();
        assert!(Design::new(&alike, &[Effect::Additive]).unwrap_err().0.contains("no SNP varies"));
        assert!(Fitted::new(&design, &fixed(3, &[]), &[0.1; 3]).unwrap_err().0.contains("does not vary"));
    }
}
