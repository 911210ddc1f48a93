//! What all targets share: files in a folder of their own, and a load of them.

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tune_tui::dataset::{DataSpec, QualityControl, load};
use tune_tui::domain::task::Task;

/// Bytes that genotypes and names may take: what wants more must be refused, not allocated.
const MEMORY: u64 = 16 << 20;

thread_local! {
    static FOLDER: OnceCell<TempDir> = const { OnceCell::new() };
}

/// The folder of this process.
pub fn folder() -> PathBuf {
    FOLDER.with(|folder| {
        folder.get_or_init(|| tempfile::tempdir().expect("a folder for temporary files")).path().to_owned()
    })
}

/// Writes a file into the folder.
pub fn write(name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder().join(name);
    fs::write(&path, bytes).expect("a file in the folder");
    path
}

/// Phenotypes of the individuals `a` to `e`.
pub fn phenotypes() -> PathBuf {
    let path = folder().join("phenotypes.csv");
    if !path.exists() {
        write("phenotypes.csv", b"id,y,g\na,1,x\nb,2,x\nc,3.5,y\nd,-1,y\ne,NA,y\n");
    }
    path
}

/// The specification of a pair of files.
pub fn spec(genotypes: &Path, phenotypes: &Path) -> DataSpec {
    DataSpec {
        genotypes: genotypes.to_owned(),
        format: None,
        phenotypes: phenotypes.to_owned(),
        task: Task::Regression,
        trait_names: vec!["y".into()],
        id_column: None,
        qc: QualityControl::default(),
        group_columns: Vec::new(),
        covariates: vec![],
        categorical: vec![],
        memory: MEMORY,
    }
}

/// Loads: an error must have words, and what loads must decode to the codes that there are.
pub fn run(spec: &DataSpec) {
    match load(spec) {
        Ok(dataset) => {
            let rows: Vec<usize> = (0..dataset.individuals()).collect();
            let codes = dataset.codes(&rows);
            assert_eq!(codes.len(), rows.len() * dataset.positions());
            assert!(codes.iter().all(|code| *code <= 4));
            assert_eq!(dataset.fingerprint().len(), 8);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
