//! Opening a PLINK set and making batches of it, with the memory that it takes.
//! `cargo bench --bench open -- [individuals] [SNPs] [data.memory in MiB]`; 10000 500000 is the size that the
//! project promises, which needs 1.3 GB in the folder of temporary files.

#![expect(clippy::print_stdout, reason = "a bench reports on standard output")]

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::time::Instant;

use tune_tui::dataset::{DataError, DataSpec, QualityControl, load};
use tune_tui::domain::seed::Rng;
use tune_tui::domain::task::Task;

/// Individuals of a batch.
const BATCH: usize = 32;
const BATCHES: usize = 4;
/// What opening must stay below at full size.
const PROMISED: f64 = 2.5;

/// Random genotypes of every kind, SNP by SNP.
fn write_set(folder: &Path, individuals: usize, snps: usize) -> io::Result<()> {
    let mut rng = Rng::new(1);
    let mut bed = BufWriter::new(File::create(folder.join("g.bed"))?);
    bed.write_all(&[0x6c, 0x1b, 1])?;
    let mut column = vec![0_u8; individuals.div_ceil(4)];
    for _ in 0..snps {
        for bytes in column.chunks_mut(8) {
            let random = rng.bits().to_le_bytes();
            bytes.copy_from_slice(&random[..bytes.len()]);
        }
        bed.write_all(&column)?;
    }
    bed.flush()?;
    let mut bim = BufWriter::new(File::create(folder.join("g.bim"))?);
    for j in 0..snps {
        writeln!(bim, "{}\trs{j}\t0\t{}\tA\tG", 1 + j * 20 / snps, j + 1)?;
    }
    bim.flush()?;
    let mut fam = BufWriter::new(File::create(folder.join("g.fam"))?);
    let mut phenotypes = BufWriter::new(File::create(folder.join("p.csv"))?);
    writeln!(phenotypes, "id,y")?;
    for i in 0..individuals {
        writeln!(fam, "f i{i} 0 0 1 -9")?;
        writeln!(phenotypes, "i{i},{}", rng.normal())?;
    }
    fam.flush()?;
    phenotypes.flush()
}

/// A line of Linux's account of this process in GB; `None` elsewhere.
fn status(key: &str) -> Option<f64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0 / 1e9)
}

fn resident() -> String {
    let shown = |key| status(key).map_or("unknown".to_owned(), |gb| format!("{gb:.2} GB"));
    format!("resident {}, at most {} of {PROMISED} GB", shown("VmRSS"), shown("VmHWM"))
}

/// Seconds by the clock and of the processor, which tell a slow program from a busy machine.
fn seconds(since: (Instant, f64)) -> String {
    format!("{:6.2} s, {:6.2} s of the processor", since.0.elapsed().as_secs_f64(), processor() - since.1)
}

/// Now, for [`seconds`].
fn now() -> (Instant, f64) {
    (Instant::now(), processor())
}

/// Seconds that this thread has run, by Linux's account; not a number elsewhere.
fn processor() -> f64 {
    let text = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|word| word.parse::<f64>().ok());
    nanoseconds.map_or(f64::NAN, |ns| ns / 1e9)
}

/// Seconds of the processor that it takes to read a file.
fn read_through(path: &Path) -> io::Result<f64> {
    let start = processor();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 20];
    while file.read(&mut buffer)? > 0 {}
    Ok(processor() - start)
}

fn measure(folder: &Path, memory: u64) -> Result<(), DataError> {
    let spec = DataSpec {
        genotypes: folder.join("g.bed"),
        format: None,
        phenotypes: folder.join("p.csv"),
        task: Task::Regression,
        trait_names: vec!["y".into()],
        id_column: None,
        qc: QualityControl { maf: 0.01, hwe: Some(0.0), ..QualityControl::default() },
        group_columns: Vec::new(),
        covariates: vec![],
        categorical: vec![],
        memory,
    };
    let start = now();
    let dataset = load(&spec)?;
    println!("open         {}   {}", seconds(start), resident());
    let start = now();
    let fingerprint = dataset.fingerprint();
    println!("fingerprint  {}   {}   ({fingerprint})", seconds(start), resident());
    let n = dataset.individuals();
    let start = processor();
    for batch in 0..BATCHES {
        // Individuals from everywhere, as a shuffled epoch has them.
        let rows: Vec<usize> = (0..BATCH).map(|i| (i * 7919 + batch * 104_729) % n).collect();
        std::hint::black_box(dataset.codes(&rows));
    }
    let batch = (processor() - start) / BATCHES as f64;
    let codes = (BATCH * dataset.positions()) as f64;
    let read = read_through(&spec.genotypes)
        .map_err(|source| DataError::Read { path: spec.genotypes.clone(), source })?;
    println!(
        "batch of {BATCH}  {batch:6.3} s of the processor   {}   {:.0} million genotypes/s, {:.1} times the {read:.3} s of reading the .bed ({})",
        resident(),
        codes / batch / 1e6,
        batch / read,
        if dataset.is_mapped() { "mapped" } else { "in memory" },
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let numbers: Vec<usize> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let at = |place: usize, default| numbers.get(place).copied().unwrap_or(default);
    let (individuals, snps, memory) = (at(0, 2000), at(1, 50_000), at(2, 512));
    let folder = std::env::temp_dir().join(format!("tune-tui-open-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    println!("{individuals} individuals, {snps} SNPs, data.memory {memory} MiB");
    let measured = write_set(&folder, individuals, snps)
        .map_err(Into::into)
        .and_then(|()| measure(&folder, (memory as u64) << 20).map_err(Into::into));
    fs::remove_dir_all(&folder)?;
    measured
}
