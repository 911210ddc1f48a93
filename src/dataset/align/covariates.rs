//! Covariates of other individuals, read as those that a model was trained with.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::super::covariate::CovariateEncoder;
use super::super::error::{DataError, listed};
use super::super::{DataSpec, phenotype};
use super::{Aligned, NAMED};

impl Aligned {
    /// Reads the covariates that `encoder` wants from a file with a column of ids, or of genotypes without ids
    /// from a table with as many rows. An individual that is not in it has none of them, which is reported.
    ///
    /// # Errors
    /// A file that can't be read or lacks a column, text in the place of numbers, or no individual in common.
    pub fn read_covariates(
        &mut self,
        path: &Path,
        id_column: Option<&str>,
        encoder: &CovariateEncoder,
    ) -> Result<(), DataError> {
        let spec = DataSpec {
            phenotypes: path.to_owned(),
            id_column: id_column.map(str::to_owned),
            covariates: encoder.names().map(str::to_owned).collect(),
            ..DataSpec::of_genotypes(Path::new(""), 0)
        };
        let has_ids = self.genotypes.ids.is_some();
        let read = if has_ids { phenotype::read(&spec) } else { phenotype::read_table(&spec) };
        let records = read.map_err(in_words_of_prediction)?;
        let record_of: HashMap<&str, usize> = match &records.ids {
            Some(ids) => ids.iter().enumerate().map(|(record, id)| (id.as_str(), record)).collect(),
            None if records.covariates.len() != self.ids.len() => {
                let (found, wanted) = (records.covariates.len(), self.ids.len());
                let problem = format!(
                    "has {found} rows, the genotypes have {wanted}: tables without ids are matched row by row"
                );
                return Err(DataError::file(path, problem));
            }
            None => self.ids.iter().enumerate().map(|(row, id)| (id.as_str(), row)).collect(),
        };
        let rows: Vec<Option<usize>> =
            self.ids.iter().map(|id| record_of.get(id.as_str()).copied()).collect();
        self.report.without_record = rows.iter().filter(|row| row.is_none()).count();
        if self.report.without_record == rows.len() {
            let example = |ids: Vec<&String>| listed(&ids.into_iter().take(3).cloned().collect::<Vec<_>>());
            let problem = format!(
                "holds no individual of the genotypes: its ids are such as {}, theirs such as {}; `--id-column` names \
                 the column of ids",
                example(records.ids.iter().flatten().collect()),
                example(self.ids.iter().collect())
            );
            return Err(DataError::file(path, problem));
        }
        let cells = (0..spec.covariates.len()).map(|column| {
            let cell = |row: &Option<usize>| row.map_or("", |r| records.covariates[r][column].as_str());
            rows.iter().map(cell).collect()
        });
        let cells: Vec<Vec<&str>> = cells.collect();
        let read = encoder.read(&cells, records.plink);
        let (covariates, unseen) = read.map_err(|problem| DataError::file(path, problem))?;
        let gaps: usize = covariates.iter().map(|covariate| covariate.cells.missing()).sum();
        self.report.covariates_missing = gaps - self.report.without_record * covariates.len();
        self.report.unseen = unseen.len();
        let mut named = HashSet::new();
        self.report.unseen_levels = unseen.into_iter().filter(|level| named.insert(level.clone())).collect();
        self.report.unseen_levels.truncate(NAMED);
        self.covariates = covariates;
        Ok(())
    }
}

/// What names keys of a study file where no study file is.
fn in_words_of_prediction(error: DataError) -> DataError {
    match error {
        DataError::UnknownColumn { path, role, name, known } => {
            let role = if role == "data.id_column" { "--id-column" } else { "a covariate of the model" };
            DataError::UnknownColumn { path, role, name, known }
        }
        other => other,
    }
}
