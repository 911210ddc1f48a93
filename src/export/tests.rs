//! Tests of all exporters over one small history.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::config;
use crate::config::study::ObjectiveConfig;
use crate::domain::event::{Event, Record, StudySpec};
use crate::domain::table::find;
use crate::domain::testing;
use crate::domain::trial::{FoldScore, Report};
use crate::domain::value::Params;

fn study() -> StudyConfig {
    let text = "[study]\nname = \"pig\"\n[data]\nsimulate = { preset = \"quick\" }\n[model]\nactivation = \
                { choice = [\"relu\", \"elu\"] }\n[train]\nearly_stopping = { patience = 3 }\n";
    config::parse(Path::new("pig.toml"), text, &config::testing::tables()).unwrap_or_else(|e| panic!("{e}"))
}

/// One event a second: three trials, the second is the best, the third still runs.
fn history(config: &StudyConfig, points: [Params; 3]) -> History {
    let spec = StudySpec {
        name: config.name.clone(),
        seed: config.seed,
        metric: config.metric.clone(),
        direction: config.direction,
        select_on: config.network().unwrap().select_on(),
        fixed: config.parameters().fixed,
        model: config.network().unwrap().model.kinds.join(", "),
        sampler: config.sampler.kind.clone(),
        ..testing::study(config.parameters().space)
    };
    let first = Record { sequence: 0, at: 0, event: Event::StudyCreated { study: Box::new(spec) } };
    let mut history = History::begin(&first).unwrap();
    let mut apply = |event| {
        let sequence = history.next_sequence();
        history.apply(&Record { sequence, at: 1000 * sequence, event }).unwrap();
    };
    for (trial, params) in points.into_iter().enumerate() {
        apply(Event::TrialStarted {
            trial,
            params,
            seed: 7 + trial as u64,
            slot: 0,
            origin: crate::domain::trial::Origin::default(),
        });
        let report = Report {
            step: 0,
            repeat: 0,
            fold: 0,
            epoch: 0,
            train_loss: Some(1.0),
            validation_loss: Some(1.0),
            score: 1.0,
        };
        apply(Event::TrialReported { trial, report });
        if trial < 2 {
            for (fold, score) in [0.5, 0.75].into_iter().enumerate() {
                let metrics = std::collections::BTreeMap::new();
                let fold = FoldScore { repeat: 0, fold, score, best_epoch: 0, epochs: 1, metrics };
                apply(Event::FoldFinished { trial, fold });
            }
            apply(Event::TrialCompleted {
                trial,
                score: if trial == 1 { 0.25 } else { 0.625 },
                weights: None,
            });
        }
    }
    history
}

fn write(
    name: &str,
    config: &StudyConfig,
    history: &History,
    trials: &[&Trial],
) -> Result<String, ExportError> {
    (find(EXPORTERS, name).unwrap().build)(&Export { config, history, trials, now: 60_000 })
}

fn middle() -> [Params; 3] {
    let space = study().parameters().space;
    [0.1, 0.5, 0.9].map(|u| space.from_unit(&vec![u; space.dimensions()]))
}

#[test]
fn the_best_come_first_and_only_complete_ones() {
    let history = history(&study(), middle());
    assert_eq!(best(&history, 9).iter().map(|t| t.id).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(best(&history, 1).len(), 1);
}

#[test]
fn a_config_is_refused_without_exactly_one_complete_trial() {
    let config = study();
    let history = history(&config, middle());
    let refused = |trials: &[&Trial]| write("toml", &config, &history, trials).unwrap_err().to_string();
    assert!(refused(&[]).contains("found 0"));
    assert!(refused(&best(&history, 2)).contains("found 2"));
    assert!(refused(&[&history.trials()[2]]).contains("trial 2 is running"));
}

#[test]
fn rows_have_a_field_for_each_parameter_and_empty_ones_for_what_is_missing() {
    let config = study();
    let history = history(&config, middle());
    let trials: Vec<Trial> = history
        .trials()
        .iter()
        .map(|t| Trial::clone(t))
        .map(|mut t| {
            t.params.insert("activation".into(), "a,\"b\"".into());
            t
        })
        .collect();
    let all: Vec<&Trial> = trials.iter().collect();
    let csv = write("csv", &config, &history, &all).unwrap();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = "id,state,score,spread,filters,kernel,l1,activation,learning_rate,epochs,seconds,seed,tied,selected_on,\
                  pinned,annotation";
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>().join(","), header);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!((&rows[1][1], &rows[1][2], &rows[1][7]), ("complete", "0.25", "a,\"b\""));
    assert_eq!((&rows[1][10], &rows[1][11]), ("4", "8"));
    assert_eq!((&rows[2][1], &rows[2][2], &rows[2][3]), ("running", "", ""));
}

#[test]
fn what_is_selected_on_test_says_so_everywhere() {
    let mut config = study();
    let ObjectiveConfig::Network(network) = &mut config.objective else { panic!("it is a network") };
    network.data.split = crate::dataset::fold::Split::OnTest;
    network.data.test = Some(crate::dataset::fold::TestSet::Fraction(0.25));
    let history = history(&config, middle());
    let best = best(&history, 1);
    let toml = write("toml", &config, &history, &best).unwrap();
    assert!(toml.contains("\n# selected on TEST: ") && toml.contains("select_on = \"test\""), "{toml}");
    let json: serde_json::Value =
        serde_json::from_str(&write("json", &config, &history, &best).unwrap()).unwrap();
    assert_eq!(json[0]["selected_on"], "test");
    assert!(write("csv", &config, &history, &best).unwrap().trim_end().ends_with(",test,false,"));
    for line in [summary::show(&history, 0).unwrap(), summary::summary_line(&history, 0).unwrap()] {
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        let best = line.get("summary").unwrap_or(&line);
        assert_eq!(best["best"]["selected_on"], "test");
    }
}

#[test]
fn json_has_the_keys_that_are_promised() {
    let config = study();
    let history = history(&config, middle());
    let shown: serde_json::Value = serde_json::from_str(&summary::show(&history, 60_000).unwrap()).unwrap();
    assert_eq!((&shown["best"]["trial"], &shown["best"]["selected_on"]), (&1.into(), &"validation".into()));
    assert_eq!(shown["study"]["name"], "pig");
    let mut keys: Vec<_> = shown["trials"][2].as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["epochs", "folds", "id", "params", "score", "seconds", "seed", "selected_on", "state"]);
    assert!(shown["trials"][2]["score"].is_null());
    let json = write("json", &config, &history, &best(&history, 2)).unwrap();
    let exported: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(exported[0], shown["trials"][1]);
    let line = summary::summary_line(&history, history.last() + 500).unwrap();
    assert!(!line.contains('\n'));
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["summary"]["trials"]["complete"], 2);
    assert_eq!(line["summary"]["best"]["score"], 0.25);
    assert_eq!(line["summary"]["elapsed_s"], history.last() as f64 / 1000.0 + 0.5);
}

proptest! {
    #[test]
    fn a_config_reads_back_as_the_trial_it_was_written_from(
        units in proptest::collection::vec(0.0..=1.0_f64, 5)
    ) {
        let config = study();
        let params = config.parameters().space.from_unit(&units);
        let history = history(&config, [params.clone(), params.clone(), params.clone()]);
        let trial = &history.trials()[1];
        let text = write("toml", &config, &history, &[trial]).unwrap();
        let read = config::parse(Path::new("x.toml"), &text, &config::testing::tables());
        let read = read.map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(&read, &config.fixed_to(trial));
        prop_assert_eq!((read.name.as_str(), read.trials, read.network().unwrap().train.seed), ("pig-trial-1", 1, Some(8)));
        for (name, value) in &params {
            prop_assert_eq!(&read.parameters().fixed[name], value);
        }
    }
}
