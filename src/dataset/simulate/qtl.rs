//! Traits from QTL and the environment.

use std::io;

use super::population::Population;
use super::truth::Kind;
use super::{Realised, moments};
use crate::domain::seed::{Rng, derive};

/// QTL are drawn among SNPs with at least this minor allele frequency.
pub(super) const QTL_MAF: f64 = 0.05;

/// What a SNP does to a trait: see the module `truth`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Effect {
    pub snp: usize,
    pub kind: Kind,
    pub additive: f64,
    pub dominance: f64,
    /// The other SNP of an epistatic pair, and their interaction.
    pub pair: Option<(usize, f64)>,
}

impl Effect {
    /// −a, d, a for 0, 1, 2 counted alleles.
    pub fn new(snp: usize, kind: Kind, additive: f64, dominance: f64) -> Self {
        Effect { snp, kind, additive, dominance, pair: None }
    }

    /// −a, 0, a for 0, 1, 2 counted alleles.
    pub fn additive(snp: usize, additive: f64) -> Self {
        Effect::new(snp, Kind::Additive, additive, 0.0)
    }

    /// Two SNPs that act together, seen from each.
    pub fn epistatic(snps: [usize; 2], interaction: f64) -> [Self; 2] {
        let [a, b] = snps;
        [(a, b), (b, a)].map(|(snp, partner)| Effect {
            pair: Some((partner, interaction)),
            ..Effect::new(snp, Kind::Epistatic, 0.0, 0.0)
        })
    }

    /// The same in units of `unit`.
    pub fn in_units_of(self, unit: f64) -> Self {
        Effect {
            additive: self.additive / unit,
            dominance: self.dominance / unit,
            pair: self.pair.map(|(partner, interaction)| (partner, interaction / unit)),
            ..self
        }
    }

    /// Adds what it makes of each individual's genotype to `values`.
    fn add(&self, population: &Population, values: &mut [f64]) {
        let individuals = values.iter_mut().enumerate();
        match (self.kind, self.pair) {
            (_, Some((partner, interaction))) => {
                // A pair has an effect on either side and acts once.
                if self.snp < partner {
                    let [x, y] = [self.snp, partner].map(|snp| centred(population, snp));
                    individuals.for_each(|(i, value)| *value += interaction * x[i] * y[i]);
                }
            }
            (Kind::Imprinted, None) => individuals.for_each(|(i, value)| {
                *value += self.additive * f64::from(population.alleles(i, self.snp).0);
            }),
            (_, None) => {
                let of_dosage = [-self.additive, self.dominance, self.additive];
                individuals
                    .for_each(|(i, value)| *value += of_dosage[usize::from(population.dosage(i, self.snp))]);
            }
        }
    }
}

/// The dosages of a SNP less their mean.
fn centred(population: &Population, snp: usize) -> Vec<f64> {
    let dosages: Vec<f64> =
        (0..population.individuals.len()).map(|i| f64::from(population.dosage(i, snp))).collect();
    let (mean, _) = moments(&dosages);
    dosages.into_iter().map(|x| x - mean).collect()
}

/// The sum of all effects for each individual.
pub(super) fn genetic_values(population: &Population, effects: &[Effect]) -> Vec<f64> {
    let mut values = vec![0.0; population.individuals.len()];
    effects.iter().for_each(|effect| effect.add(population, &mut values));
    values
}

/// A simulated trait.
#[derive(Debug)]
pub(super) struct Phenotype {
    /// One value an individual.
    pub values: Vec<f64>,
    /// What made them, by SNP.
    pub effects: Vec<Effect>,
    /// The residuals among them.
    pub residuals: Vec<f64>,
}

impl Phenotype {
    /// Adds residuals to the genetic values, so that those of the `effects` (without those `on_top`) make the
    /// share `h2` of the variance.
    pub fn draw(
        population: &Population,
        effects: Vec<Effect>,
        on_top: Vec<Effect>,
        h2: f64,
        rng: &mut Rng,
    ) -> Self {
        let mut values = genetic_values(population, &effects);
        let (_, genetic_variance) = moments(&values);
        let residual_sd = libm::sqrt(genetic_variance * (1.0 - h2) / h2);
        let residuals: Vec<f64> = values.iter().map(|_| residual_sd * rng.normal()).collect();
        let extra = genetic_values(population, &on_top);
        for ((value, extra), residual) in values.iter_mut().zip(extra).zip(&residuals) {
            *value += extra + residual;
        }
        let mut effects = [effects, on_top].concat();
        effects.sort_by_key(|e| e.snp);
        Phenotype { values, effects, residuals }
    }

    /// In units of the phenotypic standard deviation, with mean 0.
    #[must_use]
    pub fn standardised(mut self) -> Self {
        let (mean, variance) = moments(&self.values);
        let sd = libm::sqrt(variance);
        self.values.iter_mut().for_each(|v| *v = (*v - mean) / sd);
        self.residuals.iter_mut().for_each(|v| *v /= sd);
        self.effects.iter_mut().for_each(|effect| *effect = effect.in_units_of(sd));
        self
    }

    /// The variances that came out, by kind of QTL.
    pub fn realised(&self, population: &Population, trait_name: &'static str) -> Vec<Realised> {
        let mut all = variances(population, &self.effects, trait_name);
        let (_, genetic) = moments(&genetic_values(population, &self.effects));
        let (_, residual) = moments(&self.residuals);
        let (_, phenotypic) = moments(&self.values);
        for (what, value) in [
            ("variance of the genetic values", genetic),
            ("variance of the residuals", residual),
            ("variance of the trait", phenotypic),
            ("genetic over phenotypic variance", genetic / phenotypic),
        ] {
            all.push(Realised { trait_name, what: what.into(), value });
        }
        all
    }
}

/// The number of QTL of each kind and the variance of what they do together.
pub(super) fn variances(
    population: &Population,
    effects: &[Effect],
    trait_name: &'static str,
) -> Vec<Realised> {
    let of_kind = |kind: Kind| {
        let those: Vec<Effect> = effects.iter().copied().filter(|e| e.kind == kind).collect();
        let (_, value) = moments(&genetic_values(population, &those));
        let what = format!("variance of {} {} QTL", those.len(), kind.name());
        (!those.is_empty()).then_some(Realised { trait_name, what, value })
    };
    Kind::ALL.into_iter().filter_map(of_kind).collect()
}

/// Random SNPs with normal additive effects; where `dominance_every` is n, every n-th has a dominance effect
/// of the size of its additive one.
pub(super) fn scattered(
    population: &Population,
    qtl: usize,
    dominance_every: Option<usize>,
    seed: u64,
) -> io::Result<Vec<Effect>> {
    let mut rng = Rng::new(derive(seed, "effects", 0));
    let snps = draw_snps(population, qtl, QTL_MAF, |_| true, &mut rng)?;
    let effects = snps.into_iter().enumerate().map(|(i, snp)| {
        let additive = rng.normal();
        if dominance_every.is_some_and(|every| i % every == 0) {
            Effect::new(snp, Kind::Dominance, additive, additive.abs())
        } else {
            Effect::additive(snp, additive)
        }
    });
    Ok(effects.collect())
}

/// `count` different SNPs that are common enough and `allowed`.
pub(super) fn draw_snps(
    population: &Population,
    count: usize,
    maf: f64,
    allowed: impl Fn(usize) -> bool,
    rng: &mut Rng,
) -> io::Result<Vec<usize>> {
    let mut order: Vec<usize> = (0..population.snps()).filter(|j| allowed(*j)).collect();
    rng.shuffle(&mut order);
    let common = order.into_iter().filter(|j| population.minor_allele_frequency(*j) >= maf);
    let drawn: Vec<usize> = common.take(count).collect();
    if drawn.len() < count {
        let text = format!(
            "{count} QTL are wanted, but only {} SNPs have a minor allele frequency of {maf}: ask for more SNPs or fewer QTL",
            drawn.len()
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    Ok(drawn)
}

/// The SNP nearest to `index` whose minor allele frequency is at least `maf` and that is none of `taken`.
pub(super) fn nearest_common(
    population: &Population,
    index: usize,
    maf: f64,
    taken: &[usize],
) -> io::Result<usize> {
    let outwards = (0..population.snps()).flat_map(|d| [index.checked_sub(d), Some(index + d)]).flatten();
    outwards
        .filter(|j| *j < population.snps() && !taken.contains(j))
        .find(|j| population.minor_allele_frequency(*j) >= maf)
        .ok_or_else(|| {
            let text = format!("no SNP has a minor allele frequency of {maf}: ask for more SNPs");
            io::Error::new(io::ErrorKind::InvalidInput, text)
        })
}
