//! A trait from additive and dominance effects at QTL, and the environment.

use std::io;

use super::population::Population;
use crate::domain::seed::{Rng, derive};

/// QTL are drawn among SNPs with at least this minor allele frequency.
const QTL_MAF: f64 = 0.05;
/// Dominance loci need heterozygotes and both homozygotes.
const DOMINANCE_MAF: f64 = 0.3;

/// The effects of one SNP's genotypes: −a, d, a for 0, 1, 2 counted alleles (Falconer & Mackay).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Effect {
    pub snp: usize,
    pub additive: f64,
    pub dominance: f64,
}

/// Where QTL lie and how large they are.
#[derive(Debug)]
pub(super) enum Architecture {
    /// Random SNPs with normal additive effects.
    Scattered {
        /// How many.
        qtl: usize,
        /// Every so many has a dominance effect of the size of its additive one.
        dominance_every: Option<usize>,
    },
    /// 37 additive QTL (two major ones of −3 and 3, the others truncated normal), as Szydłowski and
    /// Paczyńska (2011) with plain QTL in place of the epistatic and imprinted ones; and, on top of
    /// their phenotype, Waldmann's dominant, overdominant and underdominant locus.
    Qtlmas2010,
}

/// The trait's units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Units {
    /// As the effects are drawn.
    Own,
    /// Mean 0, standard deviation 1; effects are divided likewise.
    Standardised,
}

/// A simulated trait.
#[derive(Debug)]
pub(super) struct Phenotype {
    /// One value an individual.
    pub values: Vec<f64>,
    /// What made them, by SNP.
    pub effects: Vec<Effect>,
}

/// Draws effects and residuals; `h2` is the share of the variance due to the QTL that are not
/// [dominance loci on top](Architecture::Qtlmas2010).
pub(super) fn phenotype(
    population: &Population,
    architecture: &Architecture,
    h2: f64,
    units: Units,
    seed: u64,
) -> io::Result<Phenotype> {
    let mut rng = Rng::new(derive(seed, "effects", 0));
    let (mut effects, on_top) = match architecture {
        Architecture::Scattered { qtl, dominance_every } => {
            (scattered(population, *qtl, *dominance_every, &mut rng)?, vec![])
        }
        Architecture::Qtlmas2010 => qtlmas2010(population, &mut rng)?,
    };
    let mut values = genetic_values(population, &effects);
    let (_, genetic_variance) = moments(&values);
    let residual_sd = libm::sqrt(genetic_variance * (1.0 - h2) / h2);
    let mut rng = Rng::new(derive(seed, "residuals", 0));
    for (value, extra) in values.iter_mut().zip(genetic_values(population, &on_top)) {
        *value += extra + residual_sd * rng.normal();
    }
    effects.extend(on_top);
    effects.sort_by_key(|e| e.snp);
    if units == Units::Standardised {
        let (mean, variance) = moments(&values);
        let sd = libm::sqrt(variance);
        values.iter_mut().for_each(|v| *v = (*v - mean) / sd);
        for effect in &mut effects {
            effect.additive /= sd;
            effect.dominance /= sd;
        }
    }
    Ok(Phenotype { values, effects })
}

fn scattered(
    population: &Population,
    qtl: usize,
    dominance_every: Option<usize>,
    rng: &mut Rng,
) -> io::Result<Vec<Effect>> {
    let snps = draw_snps(population, qtl, &[], rng)?;
    let effects = snps.into_iter().enumerate().map(|(i, snp)| {
        let additive = rng.normal();
        let dominant = dominance_every.is_some_and(|every| i % every == 0);
        Effect { snp, additive, dominance: if dominant { additive.abs() } else { 0.0 } }
    });
    Ok(effects.collect())
}

/// The additive QTL, and the dominance loci on top. Places are those of the 9,723 SNPs of the original,
/// in proportion.
fn qtlmas2010(population: &Population, rng: &mut Rng) -> io::Result<(Vec<Effect>, Vec<Effect>)> {
    let at = |place: f64, maf: f64| {
        let index = (place / 9723.0 * population.snps() as f64) as usize;
        nearest_common(population, index, maf)
    };
    // Heterozygote 5 and upper homozygote 5.01; 5 between −0.01 and 0.01; −5 likewise.
    let on_top = vec![
        Effect { snp: at(9212.0, DOMINANCE_MAF)?, additive: 2.505, dominance: 2.495 },
        Effect { snp: at(9404.0, DOMINANCE_MAF)?, additive: 0.01, dominance: 5.0 },
        Effect { snp: at(9602.0, DOMINANCE_MAF)?, additive: 0.01, dominance: -5.0 },
    ];
    let mut effects = vec![
        Effect { snp: at(4354.0, 0.2)?, additive: -3.0, dominance: 0.0 },
        Effect { snp: at(5327.0, 0.2)?, additive: 3.0, dominance: 0.0 },
    ];
    let taken: Vec<usize> = effects.iter().chain(&on_top).map(|e| e.snp).collect();
    for snp in draw_snps(population, 35, &taken, rng)? {
        let mut additive: f64 = 2.0;
        while additive.abs() >= 2.0 {
            additive = libm::sqrt(3.0) * rng.normal();
        }
        effects.push(Effect { snp, additive, dominance: 0.0 });
    }
    Ok((effects, on_top))
}

/// `count` different SNPs that are common enough and not `taken`.
fn draw_snps(
    population: &Population,
    count: usize,
    taken: &[usize],
    rng: &mut Rng,
) -> io::Result<Vec<usize>> {
    let mut order: Vec<usize> = (0..population.snps()).filter(|j| !taken.contains(j)).collect();
    rng.shuffle(&mut order);
    let common = order.into_iter().filter(|j| population.minor_allele_frequency(*j) >= QTL_MAF);
    let drawn: Vec<usize> = common.take(count).collect();
    if drawn.len() < count {
        let text = format!(
            "{count} QTL are wanted, but only {} SNPs have a minor allele frequency of {QTL_MAF}: ask for more SNPs or fewer QTL",
            drawn.len()
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    Ok(drawn)
}

/// The SNP nearest to `index` whose minor allele frequency is at least `maf`.
fn nearest_common(population: &Population, index: usize, maf: f64) -> io::Result<usize> {
    let outwards = (0..population.snps()).flat_map(|d| [index.checked_sub(d), Some(index + d)]).flatten();
    outwards
        .filter(|j| *j < population.snps())
        .find(|j| population.minor_allele_frequency(*j) >= maf)
        .ok_or_else(|| {
            let text = format!("no SNP has a minor allele frequency of {maf}: ask for more SNPs");
            io::Error::new(io::ErrorKind::InvalidInput, text)
        })
}

fn genetic_values(population: &Population, effects: &[Effect]) -> Vec<f64> {
    let mut values = vec![0.0; population.individuals.len()];
    for effect in effects {
        let of_dosage = [-effect.additive, effect.dominance, effect.additive];
        for (i, value) in values.iter_mut().enumerate() {
            *value += of_dosage[usize::from(population.dosage(i, effect.snp))];
        }
    }
    values
}

/// Mean and variance.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n)
}

#[cfg(test)]
mod tests {
    use super::super::population::Design;
    use super::*;

    #[test]
    fn effects_explain_the_wanted_share_of_the_variance() {
        let design = Design {
            generations: &[40, 480, 480],
            family: 10,
            chromosome_length: 100_000_000,
            segment: 5e6,
            ancestors: 8,
        };
        let population = Population::drop_genes(&design, 1000, 500, 5, 11);
        let architecture = Architecture::Scattered { qtl: 20, dominance_every: Some(4) };
        let made = phenotype(&population, &architecture, 0.5, Units::Standardised, 11).unwrap();
        assert_eq!(made.effects.len(), 20);
        assert_eq!(made.effects.iter().filter(|e| e.dominance != 0.0).count(), 5);
        let (_, genetic) = moments(&genetic_values(&population, &made.effects));
        let (mean, variance) = moments(&made.values);
        assert!(mean.abs() < 1e-9 && (variance - 1.0).abs() < 1e-9);
        assert!((genetic - 0.5).abs() < 0.06, "{genetic}");
        let refused = Architecture::Scattered { qtl: 501, dominance_every: None };
        assert!(phenotype(&population, &refused, 0.5, Units::Own, 11).is_err());
    }
}
