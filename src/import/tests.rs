//! Sources as they are found in the world.

use std::path::Path;

use super::{Import, Source};
use crate::domain::direction::Direction;
use crate::domain::event::{Event, Record, StudySpec};
use crate::domain::space::{Distribution, SearchSpace};
use crate::domain::testing::{choice, float, int, space, study, when};
use crate::domain::trial::{Imported, Origin};
use crate::domain::value::{Params, Value};
use crate::storage::{Storage, file};

/// `text` in a file of a temporary folder.
fn written(text: &str) -> (tempfile::TempDir, Source) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trials.csv");
    std::fs::write(&path, text).unwrap();
    let source = Source::plain(path.to_str().unwrap());
    (folder, source)
}

fn of_text(text: &str, study: &StudySpec) -> Result<Import, String> {
    let (_folder, source) = written(text);
    Import::of(&source, study).map_err(|e| e.to_string())
}

/// A rate and, of the second of two models, a number of layers.
fn small() -> StudySpec {
    let rate = Distribution::Float { low: 1e-4, high: 1.0, log: true };
    let space = space([("rate", rate), ("model", choice(&["cnn", "mlp"])), ("layers", int(1, 3))]);
    study(when(space, "layers", "model", &["mlp".into()]))
}

fn scores(import: &Import) -> Vec<f64> {
    import.trials.iter().map(|t| t.score).collect()
}

fn params<const N: usize>(values: [(&str, Value); N]) -> Params {
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[test]
fn a_table_gives_its_rows_and_says_what_it_leaves_out() {
    let text = "\u{feff}rate; model ;layers;mse;state\n\
                0.01;mlp;2.0;0.5;complete\n\
                0.1;cnn;3;0.25;COMPLETE\n\
                0.1;cnn;;0.3;pruned\n\
                0.1;cnn;;;complete\n\
                7;cnn;;0.1;complete\n\
                0.1;mlp;;0.1;complete\n";
    let import = of_text(text, &small()).unwrap();
    let first = params([("rate", 0.01.into()), ("model", "mlp".into()), ("layers", 2.into())]);
    let second = params([("rate", 0.1.into()), ("model", "cnn".into())]);
    assert_eq!(import.trials[0], Imported { params: first, score: 0.5 });
    assert_eq!(import.trials[1], Imported { params: second, score: 0.25 }, "layers have no effect in a cnn");
    assert_eq!((import.trials.len(), import.unscored, import.left_out), (2, 2, 2));
    let words = import.words();
    assert!(words.starts_with("2 trials of "), "{words}");
    let end = "; 2 more there have no score; 2 do not belong to the search space, the first, line 6: \
               `rate` is 7, which is outside the search space";
    assert!(words.ends_with(end), "{words}");
}

#[test]
fn a_table_of_which_nothing_fits_or_that_says_no_score_is_refused() {
    let refused = |text| of_text(text, &small()).unwrap_err();
    let missing = refused("rate,model,score\n0.1,mlp,1\n");
    assert!(
        missing.ends_with("none of its trials belongs to the search space: line 2: `layers` has no value")
    );
    let other = refused("rate,model,loss\n0.1,cnn,1\n");
    assert!(other.contains("say `score = \"…\"`, one of `rate`, `model`, `loss`"), "{other}");
    assert!(refused("rate,model,score\n0.1,cnn,low\n").contains("line 2: the score `low` is not a number"));
    assert!(refused("rate,model,score\n0.1,cnn,inf\n").contains("its score is not finite"));
    assert!(refused("rate,model,score\n").ends_with("none of its trials has a score"));
    assert!(refused("rate,model,score\n0.1,cnn,1,2\n").contains("fields"));
    refused("");
    let error = Import::of(&Source::plain("not/there.csv"), &small()).unwrap_err().to_string();
    assert_eq!(error, "failed to import trials from not/there.csv: there is no such file or folder");
}

#[test]
fn scores_are_turned_round_only_where_the_study_file_says_so() {
    let (_folder, mut source) = written("params_rate\tparams_model\tvalue\tloss\n0.1\tcnn\t0.5\t8\n");
    let study = StudySpec { direction: Direction::Maximize, ..small() };
    assert_eq!(scores(&Import::of(&source, &study).unwrap()), [0.5]);
    source.score = Some("loss".into());
    assert_eq!(scores(&Import::of(&source, &study).unwrap()), [8.0]);
    source.direction = Some(Direction::Minimize);
    assert_eq!(scores(&Import::of(&source, &study).unwrap()), [-8.0]);
    source.score = Some("mae".into());
    let error = Import::of(&source, &study).unwrap_err().to_string();
    assert!(error.contains("no column `mae`, but `params_rate`"), "{error}");
}

#[test]
fn choices_are_known_by_what_they_mean() {
    let choices =
        vec![Value::Int(16), Value::Int(32), Value::Float(0.5), Value::Bool(true), "none".into(), "8".into()];
    let study = study(space([("c", Distribution::Choice { choices })]));
    let text = "c,score\n16,1\n32.0,2\n.5,3\nTrue,4\nnone,5\n8,6\nNone,7\n";
    let import = of_text(text, &study).unwrap();
    let found: Vec<&Value> = import.trials.iter().map(|t| &t.params["c"]).collect();
    let wanted = [16.into(), 32.into(), 0.5.into(), true.into(), "none".into(), "8".into()];
    assert_eq!(found, wanted.iter().collect::<Vec<&Value>>());
    assert_eq!(import.left_out, 1);
}

/// Everything in the fixture's study that has a place in a space of ours.
fn networks() -> SearchSpace {
    let log = |low, high| Distribution::Float { low, high, log: true };
    let batch = vec![Value::Int(16), Value::Int(32), Value::Int(64)];
    let space = space([
        ("learning_rate", log(1e-5, 1e-1)),
        ("units", Distribution::Int { low: 16, high: 512, log: true }),
        ("layers", int(1, 3)),
        ("units_2", int(4, 64)),
        ("activation", choice(&["relu", "tanh", "None"])),
        ("batch", Distribution::Choice { choices: batch }),
        ("bias", Distribution::Choice { choices: vec![false.into(), true.into()] }),
        ("dropout", float(0.0, 0.5)),
    ]);
    when(space, "units_2", "layers", &[2.into(), 3.into()])
}

fn journal(within: &str) -> Source {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/optuna.journal");
    Source::plain(format!("{}{within}", fixture.display()))
}

#[test]
fn a_journal_of_optuna_is_read_as_optuna_reads_it() {
    let import = Import::of(&journal("#networks"), &study(networks())).unwrap();
    // Of 12: one pruned, one failed, one infinite, one that still runs.
    assert_eq!((import.trials.len(), import.unscored, import.left_out), (8, 4, 0), "{:?}", import.first);
    let first = &import.trials[0];
    let enqueued = [("learning_rate", Value::Float(0.001)), ("layers", 1.into()), ("batch", 32.into())];
    enqueued.iter().for_each(|(name, value)| assert_eq!(first.params[*name], *value));
    assert!(!first.params.contains_key("units_2"));
    assert_eq!(first.score, 0.533_910_809_542_227_9);
    let added = params([
        ("learning_rate", 0.01.into()),
        ("units", 64.into()),
        ("layers", 1.into()),
        ("activation", "tanh".into()),
        ("batch", 64.into()),
        ("bias", true.into()),
        ("dropout", 0.2.into()),
    ]);
    assert_eq!(import.trials[7], Imported { params: added, score: 2.5 });
    // What the objective computes of the values that were read.
    for trial in &import.trials[..7] {
        let number = |name: &str| trial.params.get(name).and_then(Value::as_f64).unwrap_or(0.0);
        let none = f64::from(trial.params["activation"] == "None".into());
        let bias = f64::from(trial.params["bias"] == true.into());
        let loss = (number("learning_rate").log10() + 3.0).powi(2)
            + (number("units").log2() - 7.0).abs()
            + 0.01 * number("units_2")
            + number("batch") / 64.0
            - bias
            + 0.1 * number("layers")
            + 0.5 * none;
        assert!((loss - trial.score).abs() < 1e-12, "{loss} {}", trial.score);
    }
}

#[test]
fn a_journals_studies_are_told_apart() {
    let study = study(space([("x", float(-1.0, 1.0))]));
    let refused =
        |within: &str, study: &StudySpec| Import::of(&journal(within), study).unwrap_err().to_string();
    assert!(refused("", &study).ends_with("say which behind a `#`, of `networks`, `largest`, `fronts`"));
    assert!(refused("#gone", &study).contains("no study `gone`, but `networks`"));
    assert!(refused("#fronts", &study).contains("2 objectives"));
    let other = refused("#largest", &study);
    assert!(other.contains("its scores are to be maximized, those of this study minimized"), "{other}");
    let told = Source { direction: Some(Direction::Maximize), ..journal("#largest") };
    let negated = Import::of(&told, &study).unwrap();
    let maximized = StudySpec { direction: Direction::Maximize, ..study.clone() };
    let plain = Import::of(&journal("#largest"), &maximized).unwrap();
    assert_eq!(scores(&negated), scores(&plain).iter().map(|s| -s).collect::<Vec<_>>());
    assert_eq!(plain.trials.len(), 4);
    let wrong = Source { direction: Some(Direction::Minimize), ..journal("#largest") };
    assert!(Import::of(&wrong, &maximized).unwrap_err().to_string().contains("take `direction` out"));
    let column = Source { score: Some("value".into()), ..journal("#largest") };
    assert!(Import::of(&column, &maximized).unwrap_err().to_string().contains("a journal of Optuna"));
}

#[test]
fn a_journal_that_is_cut_off_is_read_up_to_there_and_a_damaged_one_is_refused() {
    let text = std::fs::read_to_string(journal("").path).unwrap();
    let with = |text: &str| {
        let (_folder, source) = written(text);
        let source = Source { path: source.path + "#networks", ..source };
        Import::of(&source, &study(networks())).map_err(|e| e.to_string())
    };
    let half = with(&text[..text.len() / 2]).unwrap();
    assert!((1..8).contains(&half.trials.len()), "{}", half.trials.len());
    let lines: Vec<&str> = text.lines().collect();
    let damaged = [&lines[..7], &["{\"op_code\":"], &lines[7..]].concat().join("\n");
    assert!(with(&damaged).unwrap_err().contains("line 8: it is no journal of Optuna"));
    let orphan =
        [&lines[..7], &[r#"{"op_code":6,"trial_id":99,"state":1,"values":[1.0]}"#]].concat().join("\n");
    assert!(with(&(orphan + "\n")).unwrap_err().contains("line 8: a trial that was not created"));
    let choice = text.replace("\"param_value_internal\":2,", "\"param_value_internal\":7,");
    assert!(with(&choice).unwrap_err().contains("choice 7 of 3"));
}

#[test]
fn words_that_json_has_not_are_changed_outside_of_texts_only() {
    let line = r#"{"a":[NaN,-Infinity,1],"NaN":"Infinity \"NaN","b":Infinity}"#;
    let wanted = r#"{"a":[null,null,1],"NaN":"Infinity \"NaN","b":null}"#;
    assert_eq!(super::optuna::finite(line), wanted);
}

#[test]
fn another_study_gives_its_complete_trials_with_what_it_fixed() {
    let folder = tempfile::tempdir().unwrap();
    let old =
        StudySpec { fixed: params([("layers", 2.into())]), ..study(space([("rate", float(0.0, 1.0))])) };
    let mut events = vec![Event::StudyCreated { study: Box::new(old) }];
    for trial in 0..4 {
        let rate = trial as f64 / 4.0;
        let (params, origin) = (params([("rate", rate.into())]), Origin::default());
        events.push(Event::TrialStarted { trial, params, seed: 1, slot: 0, origin });
        events.push(match trial {
            3 => Event::TrialFailed { trial, reason: "out of memory".into() },
            _ => Event::TrialCompleted { trial, score: trial as f64, weights: None },
        });
    }
    let records: Vec<Record> =
        (0..).zip(events).map(|(sequence, event)| Record { sequence, at: sequence, event }).collect();
    let options = file::OpenOptions { keep_checkpoints: 0, at: 0, host: "here".into() };
    file::FileStore::open(folder.path(), options).unwrap().store.append(&records).unwrap();
    let study = study(space([("rate", float(0.1, 1.0)), ("layers", int(1, 3))]));
    let source = Source::plain(folder.path().to_str().unwrap());
    let import = Import::of(&source, &study).unwrap();
    assert_eq!(scores(&import), [1.0, 2.0]);
    assert_eq!(import.trials[0].params, params([("rate", 0.25.into()), ("layers", 2.into())]));
    assert_eq!((import.unscored, import.left_out), (1, 1));
    let by_journal = Source::plain(folder.path().join("journal.jsonl").to_str().unwrap());
    assert_eq!(Import::of(&by_journal, &study).unwrap().trials, import.trials);
    let other = StudySpec { metric: "pearson".into(), ..study };
    let error = Import::of(&source, &other).unwrap_err().to_string();
    assert!(error.contains("its scores are mse, those of this study pearson"), "{error}");
}
