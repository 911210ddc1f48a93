//! A PLINK set: three files after two lengths of two bytes each, that of the .bim and that of the .fam.
//! It must load alike from memory and from the map.

#![no_main]

mod files;

use libfuzzer_sys::fuzz_target;
use tune_tui::dataset::DataSpec;

fuzz_target!(|bytes: &[u8]| {
    let Some((lengths, bytes)) = bytes.split_first_chunk::<4>() else { return };
    let length = |low: u8, high: u8| usize::from(u16::from_le_bytes([low, high]));
    let (bim, rest) = bytes.split_at(length(lengths[0], lengths[1]).min(bytes.len()));
    let (fam, bed) = rest.split_at(length(lengths[2], lengths[3]).min(rest.len()));
    files::write("g.bim", bim);
    files::write("g.fam", fam);
    let genotypes = files::write("g.bed", bed);
    let spec = files::spec(&genotypes, &files::phenotypes());
    files::run(&spec);
    files::run(&DataSpec { memory: 0, ..spec });
});
