//! Tests over whole study files. The corpus under `tests/malformed` says in its first lines where
//! and what each error must be.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::study::EnsembleConfig;
use super::tables::Tables;
use super::testing::tables;
use super::*;

mod command;
mod parameters;
mod warm_start;

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(text: &str) -> Result<StudyConfig, ConfigError> {
    parse(Path::new("study.toml"), text, &tables())
}

fn load_text(text: &str, overrides: &[&str]) -> Result<StudyConfig, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("study.toml");
    std::fs::write(&file, text).unwrap();
    load(&file, &overrides.iter().map(|o| (*o).to_owned()).collect::<Vec<_>>(), &tables())
}

const SMALL: &str = "[data]\nsimulate = { preset = \"quick\" }\n";

#[test]
fn every_malformed_file_is_refused_at_its_place_with_its_words() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(project().join("tests/malformed"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 95, "only {} malformed files", files.len());
    let mut wrong = Vec::new();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let first = text.lines().next().unwrap().trim_start_matches('\u{feff}');
        let expected = first.strip_prefix("# expect: ").expect("the first line says what to expect");
        let (place, fragments) = expected.split_once(' ').unwrap();
        match load(file, &[], &tables()) {
            Ok(_) => wrong.push(format!("{} is accepted", file.display())),
            Err(e) => {
                let found =
                    if e.line() == 0 { "file".to_owned() } else { format!("{}:{}", e.line(), e.column()) };
                let shown = e.to_string();
                if found != place || fragments.split('|').any(|f| !shown.contains(f)) {
                    wrong.push(format!("expected {expected}\nfound at {found}\n{shown}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn an_error_is_drawn_with_its_line() {
    let drawn = |result: Result<StudyConfig, ConfigError>| result.unwrap_err().to_string();
    assert_eq!(
        drawn(read(&format!("# a study\n{SMALL}\n\n\n\n\n[sampler]\nkind = \"gpucb\" # x\n"))),
        [
            "error: unknown sampler `gpucb`: did you mean `gp-ucb`?",
            "  --> study.toml:10:8",
            "   |",
            "10 | kind = \"gpucb\" # x",
            "   |        ^^^^^^^ expected one of `auto`, `random`, `manual`, `gp-ucb`",
        ]
        .join("\n")
    );
    assert_eq!(
        drawn(load_text(SMALL, &["model.stride=0"])),
        [
            "error: `model.stride` can't be `0`",
            "  --> command line",
            " |",
            " | --set model.stride=0",
            " |                    ^ expected a whole number from 1 to 1000, or a search such as `{ int = [1, 50] }`",
        ]
        .join("\n")
    );
    assert!(
        drawn(read("[study]\ntrials = 3\n"))
            .starts_with("error: `data` has no `genotypes`\n  --> study.toml\n  = add a line such as")
    );
}

#[test]
fn the_studies_that_are_shipped_are_good() {
    for (name, dimensions) in [("quickstart", 4), ("qtlmas2010", 3), ("pig_ebv", 3), ("command", 4)] {
        let file = project().join(format!("studies/{name}.toml"));
        let config = load(&file, &[], &tables()).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((config.name.as_str(), config.parameters().space.dimensions()), (name, dimensions));
        let again = parse(&file, &write::toml(&config), &tables()).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(again, config, "writing and reading changes {name}");
    }
}

#[test]
fn quality_control_reads_back_as_it_was() {
    let qc = "qc = { maf = 0.05, missing = 0.1, individual_missing = 0.2, hwe = 1e-9, chromosomes = [1, \"2A\"], exclude_chromosomes = [\"X\"] }";
    let config = read(&format!("{SMALL}{qc}\n")).unwrap();
    assert_eq!(config.network().unwrap().data.qc.chromosomes, ["1", "2A"]);
    assert_eq!(
        (config.network().unwrap().data.qc.missing, config.network().unwrap().data.qc.hwe),
        (Some(0.1), Some(1e-9))
    );
    assert_eq!(read(&write::toml(&config)).unwrap(), config);
}

#[test]
fn what_is_not_written_has_its_default() {
    let config = read(SMALL).unwrap();
    assert_eq!((config.name.as_str(), config.metric.as_str(), config.trials), ("study", "mse", 40));
    assert_eq!((config.sampler.kind.as_str(), config.pruner.kind.as_str()), ("auto", "none"));
    let space = config.parameters().space;
    let searched: Vec<_> = space.parameters.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(searched, ["filters", "kernel", "l1", "learning_rate"]);
    assert!(config.network().unwrap().data.traits.is_empty());
}

#[test]
fn baselines_are_a_list_or_a_word_and_change_no_score() {
    let config = |line: &str| read(&SMALL.replace("[data]", &format!("[study]\n{line}\n[data]"))).unwrap();
    let names = |line: &str| config(line).network().unwrap().baselines.clone().map(|names| names.join(" "));
    assert_eq!(names(""), None);
    assert_eq!(names("baselines = \"all\"").unwrap(), "gblup gblup-dominance lasso");
    assert_eq!(names("baselines = \"lasso\"").unwrap(), "lasso");
    for nothing in ["baselines = \"none\"", "baselines = []"] {
        assert_eq!(names(nothing).unwrap(), "");
    }
    let listed = config("baselines = [\"lasso\", \"gblup\"]");
    let again = parse(Path::new("study.toml"), &write::toml(&listed), &tables()).unwrap();
    assert_eq!(again, listed);
    assert_eq!(listed.fingerprint_text(), config("").fingerprint_text());
    assert!(!write::toml(&config("")).contains("baselines"), "the text of older studies is unchanged");
}

#[test]
fn a_study_file_wins_over_its_includes_and_set_wins_over_both() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir(path("configs")).unwrap();
    std::fs::write(path("configs/deep.toml"), "[study]\ntrials = 1\nseed = 1\nkeep_checkpoints = 1\n")
        .unwrap();
    let middle = "include = [\"deep.toml\"]\n[study]\ntrials = 2\nseed = 2\n[sampler]\nkind = \"gp-ucb\"\nkappa = 1.0\n[model]\nl1 = { float = [1, 2] }\n";
    std::fs::write(path("configs/middle.toml"), middle).unwrap();
    let study =
        format!("include = [\"configs/middle.toml\"]\n{SMALL}[study]\ntrials = 3\n[model]\nl1 = 0.5\n");
    std::fs::write(path("study.toml"), study).unwrap();
    let load = |set: &[&str]| {
        let set: Vec<String> = set.iter().map(|s| (*s).to_owned()).collect();
        load(&path("study.toml"), &set, &tables()).unwrap_or_else(|e| panic!("{e}"))
    };
    let config = load(&[]);
    assert_eq!((config.trials, config.seed, config.network().unwrap().keep_checkpoints), (3, 2, 1));
    assert_eq!(config.parameters().fixed["l1"], 0.5.into());
    let config = load(&["study.trials=4", "model.filters = { int = [2, 3] }", "sampler.kind=random"]);
    assert_eq!((config.trials, config.sampler.kind.as_str()), (4, "random"));
    let config = load(&["data.qc.maf=0.25", "executor.device=cuda:1", "data.memory=1GiB"]);
    assert_eq!(
        (config.network().unwrap().data.qc.maf, config.network().unwrap().data.memory),
        (0.25, 1 << 30)
    );
    assert_eq!(config.executor.device, study::DeviceChoice::Cuda(1));
}

#[test]
fn a_path_is_taken_from_the_working_folder_then_from_beside_the_study_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("beside.bed"), "").unwrap();
    let file = folder.path().join("study.toml");
    let genotypes = |name: &str| {
        let text = format!("[data]\ngenotypes = \"{name}\"\nphenotypes = \"nowhere.csv\"\ntrait = 2\n");
        let data =
            parse(&file, &text, &tables()).unwrap_or_else(|e| panic!("{e}")).network().unwrap().data.clone();
        assert_eq!(data.traits, ["2"]);
        match data.source {
            study::DataSource::Files { genotypes, phenotypes } => {
                assert_eq!(phenotypes, Path::new("nowhere.csv"));
                genotypes
            }
            study::DataSource::Simulate { .. } => panic!("files were given"),
        }
    };
    assert_eq!(genotypes("beside.bed"), folder.path().join("beside.bed"));
    // Tests run in the project's folder.
    assert_eq!(genotypes("Cargo.toml"), Path::new("Cargo.toml"));
}

#[test]
fn overrides_are_refused_with_their_own_text() {
    for (set, column, fragment) in [
        ("model.filters", 7, "without `=`"),
        ("model..filters=3", 13, "an empty key"),
        ("study.trials=", 19, "without a value"),
        ("study.name.x.y=3", 18, "nothing to stand in"),
        ("sampler.kind=gpucb", 20, "did you mean `gp-ucb`?"),
        ("study.trials=[1", 22, "not TOML"),
        ("studdy.trials=1", 7, "did you mean `study`?"),
    ] {
        let error = load_text(&format!("[study]\nname = \"n\"\n{SMALL}"), &[set]).unwrap_err();
        assert_eq!((error.file.as_str(), error.column()), (error::COMMAND_LINE, column), "{error}");
        assert!(error.to_string().contains(fragment), "{error}");
    }
}

#[test]
fn files_that_can_not_be_read_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pig.toml");
    std::fs::write(&file, b"[study]\nname = \"\xff\"\n").unwrap();
    let message = |file: &Path| load(file, &[], &tables()).unwrap_err().message;
    assert!(message(&file).ends_with("is not UTF-8 text: see line 2"));
    assert!(message(folder.path()).ends_with("is a folder"));
    assert!(message(&folder.path().join("pigs.toml")).ends_with(": did you mean `pig.toml`?"));
    std::fs::write(&file, "\u{feff} \n").unwrap();
    assert!(message(&file).ends_with("is empty"));
}

#[test]
fn the_shipped_studies_are_read_with_the_crates_own_tables() {
    let studies = std::fs::read_dir(project().join("studies")).unwrap().map(|entry| entry.unwrap().path());
    let names: Vec<String> = studies
        .filter(|file| file.extension().is_some_and(|ending| ending == "toml"))
        .map(|file| load(&file, &[], &Tables::of_crate()).unwrap_or_else(|e| panic!("{e}")).name)
        .collect();
    for name in ["quickstart", "qtlmas2010", "pig_ebv", "command"] {
        assert!(names.iter().any(|n| n == name), "{names:?}");
    }
    let pig = load(&project().join("studies/pig_ebv.toml"), &[], &Tables::of_crate()).unwrap();
    let cnngwp = load(&project().join("studies/qtlmas2010.toml"), &[], &Tables::of_crate()).unwrap();
    assert_eq!(pig.network().unwrap().data.trait_scale, crate::dataset::scale::TraitScale::Center);
    assert_eq!((pig.parameters().space.dimensions(), pig.sampler), (3, cnngwp.sampler));
}

#[test]
fn the_shipped_includes_are_read_with_the_crates_own_tables() {
    let folder = tempfile::tempdir().unwrap();
    let study = folder.path().join("study.toml");
    let includes: Vec<PathBuf> =
        std::fs::read_dir(project().join("configs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(includes.len() >= 5, "{includes:?}");
    for include in includes {
        std::fs::write(&study, format!("include = [{include:?}]\n{SMALL}")).unwrap();
        let config = load(&study, &[], &Tables::of_crate()).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(config.network().unwrap().model.kinds.len(), 1, "{}", include.display());
    }
}

#[test]
fn an_ensemble_is_read_and_written() {
    let with = |sets: &[&str]| {
        let config = load_text(SMALL, sets).unwrap();
        let again = read(&write::toml(&config)).unwrap();
        assert_eq!(again.network().unwrap().ensemble, config.network().unwrap().ensemble);
        (config.network().unwrap().ensemble, config.all_trials())
    };
    assert_eq!(with(&[]), (EnsembleConfig::None, 40));
    let averaged = EnsembleConfig::Averaged { replicates: 25, refits: 25 };
    assert_eq!(with(&["ensemble.kind=averaged", "ensemble.replicates=25"]), (averaged, 1000));
    let averaged = EnsembleConfig::Averaged { replicates: 5, refits: 2 };
    assert_eq!(with(&["ensemble.kind=averaged", "ensemble.refits=2", "study.trials=3"]), (averaged, 15));
    assert_eq!(with(&["ensemble.kind=top"]), (EnsembleConfig::Top { top: 5, refits: 1 }, 40));
}

#[test]
fn the_fingerprint_is_of_what_decides_a_score_only() {
    let base = load_text(SMALL, &[]).unwrap().fingerprint_text();
    let with = |set: &str| load_text(SMALL, &[set]).unwrap().fingerprint_text();
    let same = [
        "study.trials=7",
        "study.name=x",
        "sampler.kind=random",
        "pruner.kind=median",
        "executor.workers=3",
        "study.keep_checkpoints=0",
        "ensemble.kind=averaged",
        "data.memory=1GiB",
        // What is loaded has a fingerprint of its own: its content, wherever it comes from.
        "data.simulate.seed=2",
        "data.qc.maf=0.1",
        "data.qc.hwe=1e-6",
    ];
    for set in same {
        assert_eq!(with(set), base, "{set}");
    }
    let other = [
        "study.seed=7",
        "study.metric=r2",
        "data.split={kind='kfold',folds=2}",
        "data.split={kind='repeated-kfold',folds=5,repeats=2}",
        "data.test={fraction=0.2}",
        "data.test={column='generation',values=['5']}",
        "data.trait_scale=center",
        "model.stride=1",
        "model.filters={int=[20,99]}",
        "train.epochs=3",
        "train.epochs={int=[3,4]}",
        "train.early_stopping.patience=3",
        "data.encoding=onehot",
        "data.encoding=['additive', 'heterozygote']",
        "data.impute=mode",
        "data.impute=neighbours",
        "data.preselect.snps=10",
        "data.covariates=['sex']",
        "data.onehot_missing=zeros",
        "train.seed=1",
    ];
    for set in other {
        assert_ne!(with(set), base, "{set}");
    }
}

#[test]
fn every_split_and_test_set_reads_back_as_it_is_written() {
    let splits = [
        "split = { kind = \"repeated-kfold\", folds = 4, repeats = 3 }",
        "split = { kind = \"leave-family-out\", column = \"sire\" }",
        "split = { kind = \"leave-family-out\", column = \"sire\", folds = 4 }",
        "split = { kind = \"forward\", column = \"generation\" }",
        "split = { kind = \"forward\", column = \"generation\", first = 3 }",
        "split = { kind = \"column\", column = \"fold\" }\ntest = { column = \"set\", values = [\"test\"] }",
        "split = { kind = \"column\", column = 3, validate = [4], test = [5, 6] }",
        "test = { fraction = 0.2 }\n[study]\nselect_on = \"test\"",
    ];
    let mut fingerprints = std::collections::BTreeSet::new();
    for split in splits {
        let config = read(&format!("{SMALL}{split}\n")).unwrap_or_else(|e| panic!("{e}"));
        let again = read(&write::toml(&config)).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((config.name.as_str(), &config), (again.name.as_str(), &again));
        assert!(fingerprints.insert(config.fingerprint_text()), "{split}");
    }
    let config = read(&format!("{SMALL}{}\n", splits[6])).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        config.network().unwrap().data.spec(Path::new("g"), Path::new("p"), vec![]).group_columns,
        ["3"]
    );
    let config = read(&format!("{SMALL}{}\n", splits[5])).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        config.network().unwrap().data.spec(Path::new("g"), Path::new("p"), vec![]).group_columns,
        ["fold", "set"]
    );
    let config = read(&format!("{SMALL}{}\n", splits[7])).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(config.network().unwrap().select_on(), crate::domain::event::SelectOn::Test);
}

proptest! {
    #[test]
    fn no_text_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&String::from_utf8_lossy(&bytes)).map_err(|e| e.to_string());
    }

    #[test]
    fn no_mutation_of_a_good_file_panics(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..4, any::<char>()), 1..6)
    ) {
        let mut text: Vec<char> = include_str!("../../studies/quickstart.toml").chars().collect();
        let pieces = ['=', '{', '[', '"'];
        for (index, edit, other) in edits {
            if text.is_empty() {
                break;
            }
            let at = index.index(text.len());
            match edit {
                0 => drop(text.remove(at)),
                1 => text.insert(at, other),
                2 => text[at] = pieces[other as usize % pieces.len()],
                _ => text.truncate(at),
            }
        }
        let text: String = text.into_iter().collect();
        if let Err(e) = read(&text) {
            prop_assert!(e.to_string().starts_with("error: "));
        }
    }
}
