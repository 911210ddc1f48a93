//! What tells two datasets apart.

use super::covariate::{Cells, Covariate};
use super::{Dataset, Target};

impl Dataset {
    /// A short hash of genotypes, markers, ids, groups, covariates and target, the same on every machine: two
    /// datasets that differ in any of them have, but for one chance in 2³², different ones.
    pub fn fingerprint(&self) -> String {
        let mut hash = crc32fast::Hasher::new();
        let text = |hash: &mut crc32fast::Hasher, text: &str| {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        hash.update(&(self.individuals() as u64).to_le_bytes());
        hash.update(&(self.positions() as u64).to_le_bytes());
        hash.update(&(self.coding.codes() as u64).to_le_bytes());
        text(&mut hash, self.target.task.name());
        for marker in &self.markers {
            text(&mut hash, &marker.name);
            text(&mut hash, marker.chromosome.as_deref().unwrap_or_default());
            hash.update(&marker.position.unwrap_or_default().to_le_bytes());
        }
        let Target { names, classes, values, .. } = &self.target;
        let groups = self.groupings.iter().map(|grouping| &grouping.values);
        for names in [names, classes, &self.ids].into_iter().chain(groups) {
            hash.update(&(names.len() as u64).to_le_bytes());
            names.iter().for_each(|name| text(&mut hash, name));
        }
        for value in values {
            hash.update(&value.to_bits().to_le_bytes());
        }
        for Covariate { name, cells } in &self.covariates {
            text(&mut hash, name);
            match cells {
                Cells::Numbers(cells) => cells.iter().for_each(|cell| {
                    // No number has these bits: a cell's are finite.
                    hash.update(&cell.map_or(u64::MAX, f64::to_bits).to_le_bytes());
                }),
                Cells::Levels(cells) => cells.iter().for_each(|cell| {
                    text(&mut hash, cell.as_deref().unwrap_or_default());
                }),
            }
        }
        self.matrix.each_part(self.individuals(), |bytes| hash.update(bytes));
        format!("{:08x}", hash.finalize())
    }
}
