//! Writing simulated data as a folder that appears only when it is complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::population::{Individual, Population};
use crate::dataset::plink_bed::{CODE, MAGIC, SNP_MAJOR};

/// Makes a folder beside `folder`, has `fill` write the files into it, then renames it.
pub(super) fn folder<T>(folder: &Path, fill: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let Some(name) = folder.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the folder to write has no name"));
    };
    if folder.exists() && fs::read_dir(folder)?.next().is_some() {
        let text = format!("{} exists and is not empty: remove it or name another folder", folder.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
    }
    // The process number keeps two processes that simulate the same data apart.
    let partial =
        folder.with_file_name(format!(".{}.partial-{}", name.to_string_lossy(), std::process::id()));
    fs::create_dir_all(&partial)?;
    let written = fill(&partial).and_then(|made| fs::rename(&partial, folder).map(|()| made));
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_dir_all(&partial);
    }
    written
}

/// Writes one file into `folder`, on the disk when this returns.
pub(super) fn file(
    folder: &Path,
    name: &str,
    content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(folder.join(name))?);
    content(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// The name of a SNP.
pub(super) fn snp_name(snp: usize) -> String {
    format!("snp{}", snp + 1)
}

/// A column of `phenotypes.csv`: its name and what it has for each individual of the population.
pub(super) type Column = (String, Vec<String>);

/// A column of numbers.
pub(super) fn numbers(name: &str, values: &[f64]) -> Column {
    (name.into(), values.iter().map(|value| format!("{value:.6}")).collect())
}

/// The column `generation`.
pub(super) fn generations(population: &Population) -> Column {
    ("generation".into(), population.individuals.iter().map(|i| i.generation.to_string()).collect())
}

/// The columns `sire` and `dam`, 0 where unknown.
pub(super) fn parents(population: &Population) -> [Column; 2] {
    let ids = |of: fn((usize, usize)) -> usize| {
        let id = move |i: &Individual| i.parents.map_or(0, |parents| of(parents) + 1).to_string();
        population.individuals.iter().map(id).collect()
    };
    [("sire".into(), ids(|(sire, _)| sire)), ("dam".into(), ids(|(_, dam)| dam))]
}

/// Writes `phenotypes.csv` for the individuals `of` the population.
pub(super) fn phenotypes(folder: &Path, of: &[usize], columns: &[Column]) -> io::Result<()> {
    file(folder, "phenotypes.csv", |out| {
        write!(out, "id")?;
        columns.iter().try_for_each(|(name, _)| write!(out, ",{name}"))?;
        writeln!(out)?;
        for i in of {
            write!(out, "{}", i + 1)?;
            columns.iter().try_for_each(|(_, values)| write!(out, ",{}", values[*i]))?;
            writeln!(out)?;
        }
        Ok(())
    })
}

/// Writes the genotypes of the individuals `of` the population as a PLINK set. An id is the number of the
/// individual in the pedigree, from 1.
pub(super) fn genotypes(folder: &Path, population: &Population, of: &[usize]) -> io::Result<()> {
    let map = &population.map;
    file(folder, "genotypes.bed", |out| write_bed(out, population, of))?;
    file(folder, "genotypes.bim", |out| {
        for (j, position) in map.positions.iter().enumerate() {
            let (chromosome, name, centimorgan) = (map.chromosome_of(j), snp_name(j), *position as f64 / 1e6);
            writeln!(out, "{chromosome}\t{name}\t{centimorgan:.6}\t{position}\tB\tA")?;
        }
        Ok(())
    })?;
    file(folder, "genotypes.fam", |out| {
        for i in of {
            let individual = &population.individuals[*i];
            let (sire, dam) = individual.parents.map_or((0, 0), |(s, d)| (s + 1, d + 1));
            let sex = if individual.male { 1 } else { 2 };
            writeln!(out, "1\t{}\t{sire}\t{dam}\t{sex}\t-9", i + 1)?;
        }
        Ok(())
    })
}

/// SNPs that are packed together, so that a cache line of haplotypes is read once.
const BLOCK: usize = 64;

fn write_bed(out: &mut impl Write, population: &Population, of: &[usize]) -> io::Result<()> {
    let stride = of.len().div_ceil(4);
    out.write_all(&MAGIC)?;
    out.write_all(&[SNP_MAJOR])?;
    for start in (0..population.snps()).step_by(BLOCK) {
        let snps = start..population.snps().min(start + BLOCK);
        let mut packed = vec![0_u8; snps.len() * stride];
        for (row, i) in of.iter().enumerate() {
            for (column, snp) in packed.chunks_exact_mut(stride).zip(snps.clone()) {
                let code = CODE[usize::from(population.dosage(*i, snp))];
                column[row / 4] |= code << (2 * (row % 4));
            }
        }
        out.write_all(&packed)?;
    }
    Ok(())
}
