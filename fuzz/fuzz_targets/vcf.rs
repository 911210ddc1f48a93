//! A VCF, plain or gzip by its first bytes.

#![no_main]

mod files;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let genotypes = files::write("g.vcf", bytes);
    files::run(&files::spec(&genotypes, &files::phenotypes()));
});
