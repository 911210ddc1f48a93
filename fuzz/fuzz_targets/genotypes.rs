//! A text file of genotypes: the first byte chooses the format, the rest is the file.

#![no_main]

mod files;

use libfuzzer_sys::fuzz_target;
use tune_tui::dataset::{DataSpec, QualityControl};

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let name = ["g.csv", "g.raw", "g.X", "g.fa"][usize::from(choice % 4)];
    let genotypes = files::write(name, bytes);
    let spec = files::spec(&genotypes, &files::phenotypes());
    let strict = QualityControl {
        maf: 0.1,
        missing: Some(0.5),
        individual_missing: Some(0.5),
        hwe: Some(1e-3),
        ..QualityControl::default()
    };
    let qc = if choice & 4 == 0 { QualityControl::default() } else { strict };
    files::run(&DataSpec { qc, ..spec });
});
