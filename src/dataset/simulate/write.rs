//! Writing simulated data as a folder that appears only when it is complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::population::Population;
use super::qtl::Phenotype;
use crate::dataset::plink_bed::{CODE, MAGIC, SNP_MAJOR};

/// Makes a folder beside `folder`, has `fill` write the files into it, then renames it.
pub(super) fn folder(folder: &Path, fill: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
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
    let written = fill(&partial).and_then(|()| fs::rename(&partial, folder));
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

/// Writes a population and its trait as a PLINK set, `phenotypes.csv` and `effects.csv`.
pub(super) fn population(
    folder: &Path,
    population: &Population,
    phenotype: &Phenotype,
    trait_name: &str,
) -> io::Result<()> {
    file(folder, "genotypes.bed", |out| write_bed(out, population))?;
    file(folder, "genotypes.bim", |out| {
        for (j, position) in population.positions.iter().enumerate() {
            let centimorgan = *position as f64 / 1e6;
            writeln!(
                out,
                "{}\tsnp{}\t{centimorgan:.6}\t{position}\tB\tA",
                population.chromosome_of(j),
                j + 1
            )?;
        }
        Ok(())
    })?;
    file(folder, "genotypes.fam", |out| {
        for (i, individual) in population.individuals.iter().enumerate() {
            let (sire, dam) = individual.parents.map_or((0, 0), |(s, d)| (s + 1, d + 1));
            let sex = if individual.male { 1 } else { 2 };
            writeln!(out, "1\t{}\t{sire}\t{dam}\t{sex}\t-9", i + 1)?;
        }
        Ok(())
    })?;
    file(folder, "phenotypes.csv", |out| {
        writeln!(out, "id,generation,{trait_name}")?;
        for (i, (individual, value)) in population.individuals.iter().zip(&phenotype.values).enumerate() {
            writeln!(out, "{},{},{value:.6}", i + 1, individual.generation)?;
        }
        Ok(())
    })?;
    file(folder, "effects.csv", |out| {
        writeln!(out, "snp,chromosome,position,additive,dominance")?;
        for effect in &phenotype.effects {
            let (chromosome, position) =
                (population.chromosome_of(effect.snp), population.positions[effect.snp]);
            let (additive, dominance) = (effect.additive, effect.dominance);
            writeln!(out, "snp{},{chromosome},{position},{additive:.6},{dominance:.6}", effect.snp + 1)?;
        }
        Ok(())
    })
}

/// SNPs that are packed together, so that a cache line of haplotypes is read once.
const BLOCK: usize = 64;

fn write_bed(out: &mut impl Write, population: &Population) -> io::Result<()> {
    let individuals = population.individuals.len();
    let stride = individuals.div_ceil(4);
    out.write_all(&MAGIC)?;
    out.write_all(&[SNP_MAJOR])?;
    for start in (0..population.snps()).step_by(BLOCK) {
        let snps = start..population.snps().min(start + BLOCK);
        let mut packed = vec![0_u8; snps.len() * stride];
        for i in 0..individuals {
            for (column, snp) in packed.chunks_exact_mut(stride).zip(snps.clone()) {
                let code = CODE[usize::from(population.dosage(i, snp))];
                column[i / 4] |= code << (2 * (i % 4));
            }
        }
        out.write_all(&packed)?;
    }
    Ok(())
}
