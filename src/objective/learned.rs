//! What is costly to learn of training rows is learned once a fold, not once a trial.

use std::sync::{Arc, Mutex, PoisonError};

use crate::dataset::encode::{Impute, Learned, Preprocessing};
use crate::dataset::{DataError, Dataset};

/// What was learned of the rows of each fold; a clone shares it.
#[derive(Debug, Default, Clone)]
pub struct Cache(Arc<Mutex<Vec<Entry>>>);

#[derive(Debug)]
struct Entry {
    dataset: Arc<Dataset>,
    impute: Impute,
    preselect: Option<usize>,
    rows: Vec<usize>,
    learned: Learned,
}

impl Cache {
    /// What `preprocessing` learns of `rows`, which must be the training rows: from memory, or anew.
    ///
    /// # Errors
    /// As [`Learned::fit`].
    pub fn learned(
        &self,
        dataset: &Arc<Dataset>,
        preprocessing: &Preprocessing,
        rows: &[usize],
    ) -> Result<Learned, DataError> {
        let (impute, preselect) = (preprocessing.impute, preprocessing.preselect);
        if impute != Impute::Neighbours && preselect.is_none() {
            return Learned::fit(dataset, preprocessing, rows);
        }
        let is_it = |entry: &&Entry| {
            Arc::ptr_eq(&entry.dataset, dataset)
                && (entry.impute, entry.preselect) == (impute, preselect)
                && entry.rows == rows
        };
        let known = self.entries().iter().find(is_it).map(|entry| entry.learned.clone());
        if let Some(learned) = known {
            return Ok(learned);
        }
        // Not under the lock: a slot that waits for another's work learns the same in the same time.
        let learned = Learned::fit(dataset, preprocessing, rows)?;
        let mut entries = self.entries();
        if !entries.iter().any(|entry| is_it(&entry)) {
            let (dataset, rows) = (Arc::clone(dataset), rows.to_vec());
            entries.push(Entry { dataset, impute, preselect, rows, learned: learned.clone() });
        }
        Ok(learned)
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Vec<Entry>> {
        // An entry is pushed whole: a slot that panicked has left nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::encode::Encoding;

    #[test]
    fn each_fold_is_learned_once_and_another_anew() {
        let dosages = vec![0, 1, 2, 2, 1, 0, 1, 1, 0, 2, 0, 1];
        let dataset = || Arc::new(Dataset::from_dosages(3, dosages.clone(), vec![1.0, 2.0, 3.0, 5.0]));
        let (one, other, cache) = (dataset(), dataset(), Cache::default());
        let preprocessing = Preprocessing { preselect: Some(1), ..Encoding::Additive.into() };
        let learn = |dataset: &Arc<Dataset>, rows: &[usize]| {
            let learned = cache.learned(dataset, &preprocessing, rows).unwrap();
            assert_eq!(learned, Learned::fit(dataset, &preprocessing, rows).unwrap());
            cache.entries().len()
        };
        assert_eq!([learn(&one, &[0, 1, 2]), learn(&one, &[0, 1, 2]), learn(&one, &[1, 2, 3])], [1, 1, 2]);
        assert_eq!(learn(&other, &[0, 1, 2]), 3, "another dataset");
        let usual = Preprocessing::from(Encoding::Additive);
        cache.learned(&one, &usual, &[0, 1, 2]).unwrap();
        assert_eq!(cache.entries().len(), 3, "nothing costly to keep");
    }
}
