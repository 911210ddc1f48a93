//! From a model's folder and genotypes to predictions.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};

use super::free_memory;
use crate::dataset::align::{self, AlignReport, Aligned, Wanted};
use crate::dataset::covariate::CovariateEncoder;
use crate::dataset::{Coding, DataSpec};
use crate::ensemble::predict::{Average, BATCH, outputs};
use crate::ensemble::saved::{self, Model};

/// Bytes that text files may take where the system does not say what is free.
const MEMORY: u64 = 1 << 30;

/// The individuals to predict.
#[derive(Debug, Clone)]
pub struct Genotypes {
    /// Their file.
    pub path: PathBuf,
    /// Its format's name; by its ending where `None`.
    pub format: Option<String>,
    /// The file of the covariates, for a model that was trained with such.
    pub covariates: Option<PathBuf>,
    /// The column of ids of a table of genotypes and of the covariates, where it is not the usual one.
    pub id_column: Option<String>,
    /// Whether SNPs are also matched by chromosome and position.
    pub by_position: bool,
}

/// What a model predicts.
#[derive(Debug, Clone)]
pub struct Prediction {
    /// The model.
    pub model: Model,
    /// The individuals.
    pub ids: Vec<String>,
    /// The mean over the networks, individuals × outputs: in the trait's units, or probabilities.
    pub mean: Vec<f64>,
    /// Its standard deviation over the networks; `None` of one.
    pub spread: Option<Vec<f64>>,
    /// How the markers were matched.
    pub report: AlignReport,
}

/// Predicts the individuals of a genotype file with the model in `folder`.
///
/// # Errors
/// A folder that holds no model or a damaged one; genotypes that can't be read or do not fit, see
/// [`align::open`]; covariates that are missing, not wanted or do not fit, see [`Aligned::read_covariates`].
pub fn predict(folder: &Path, genotypes: &Genotypes) -> Result<Prediction> {
    let model = Model::read(folder).map_err(|e| anyhow!(e))?;
    let markers = saved::read_markers(folder).map_err(|e| anyhow!(e))?;
    let spec = DataSpec {
        format: genotypes.format.clone(),
        id_column: genotypes.id_column.clone(),
        ..DataSpec::of_genotypes(&genotypes.path, free_memory().unwrap_or(MEMORY))
    };
    let wanted = Wanted { markers: &markers, coding: model.coding, by_position: genotypes.by_position };
    if model.coding == Coding::Bases && genotypes.by_position {
        bail!("--by-position is for SNPs: the bases of sequences are matched one by one as they stand");
    }
    // The same of all configs: what differs is how they are scaled.
    let encoder = model.encoder(folder, 0).map_err(|e| anyhow!(e))?;
    let covariates = wanted_covariates(genotypes, encoder.covariates())?;
    let mut aligned = align::open(&spec, &wanted)?;
    if let Some(path) = covariates {
        aligned.read_covariates(path, genotypes.id_column.as_deref(), encoder.covariates())?;
    }
    let average = average(folder, &model, &aligned).map_err(|e| anyhow!(e))?;
    let (mean, spread) = (average.mean().to_vec(), average.spread());
    Ok(Prediction { ids: aligned.ids().to_vec(), mean, spread, report: aligned.report, model })
}

/// The file of the covariates; `None` where the model has none.
fn wanted_covariates<'a>(genotypes: &'a Genotypes, wanted: &CovariateEncoder) -> Result<Option<&'a Path>> {
    let names: Vec<String> = wanted.names().map(|name| format!("`{name}`")).collect();
    match (&genotypes.covariates, names.is_empty()) {
        (Some(_), true) => bail!("the model was trained without covariates: leave --covariates out"),
        (None, false) => bail!(
            "the model was trained with the covariates {}: name a file that has them, and the individuals' ids, with \
             --covariates",
            names.join(", ")
        ),
        (path, _) => Ok(path.as_deref()),
    }
}

fn average(folder: &Path, model: &Model, aligned: &Aligned) -> Result<Average, String> {
    let rows: Vec<usize> = (0..aligned.ids().len()).collect();
    let target = model.target();
    let mut average = Average::default();
    for member in &model.member {
        let encoder = model.encoder(folder, member.config)?;
        let network = model.network(folder, member)?;
        let config = &model.config[member.config];
        let mut predicted = Vec::with_capacity(rows.len() * config.outputs);
        for rows in rows.chunks(BATCH) {
            let batch = aligned.batch(rows, &target);
            let all: Vec<usize> = (0..rows.len()).collect();
            let own = outputs(&network, (&encoder, config.trait_scaler()), model.task, &batch, &all);
            predicted.extend(own.map_err(|e| e.to_string())?);
        }
        average.add(&predicted);
    }
    Ok(average)
}
