use std::path::Path;

use super::*;
use crate::config::{self, Tables};
use crate::domain::testing::{float, int, space, study};
use crate::domain::value::Value;

fn config(text: &str) -> StudyConfig {
    config::parse(Path::new("study.toml"), text, &Tables::of_crate()).unwrap()
}

fn method_of(kind: &str, settings: &[(&str, Value)]) -> Method {
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Method { kind: kind.to_owned(), settings }
}

const NETWORK: &str = r#"
[data]
simulate = { preset = "quick" }
[model]
kind = ["mlp", "cnn"]
[sampler]
kind = "tpe"
startup = 7
"#;

const PROGRAM: &str = r#"
[study]
direction = "minimize"
[objective]
kind = "command"
run = ["true"]
[space]
x = { float = [0.0, 1.0] }
"#;

#[test]
fn every_sampler_and_pruner_of_the_tables_can_be_chosen_with_its_usual_settings() {
    let shop = Shop::of(&config(NETWORK));
    let space = space([("x", int(1, 4)), ("y", int(0, 9))]);
    for row in SAMPLERS {
        let made = shop.sampler(&method_of(row.name, &[]), &space, 20);
        assert_eq!(made.map(|made| made.method.kind).unwrap(), row.name);
    }
    for row in PRUNERS {
        let made = shop.pruner(&method_of(row.name, &[]), &study(space.clone()));
        assert_eq!(made.map(|made| made.method.kind).unwrap(), row.name);
    }
}

#[test]
fn what_can_not_be_made_is_refused_with_its_reason() {
    let shop = Shop::of(&config(NETWORK));
    let space = space([("x", float(0.0, 1.0))]);
    let why = |kind: &str, settings: &[(&str, Value)]| {
        shop.sampler(&method_of(kind, settings), &space, 20).map(|made| made.method).unwrap_err()
    };
    assert!(why("tpee", &[]).starts_with("there is no sampler `tpee`: did you mean `tpe`?; there are auto"));
    let unknown = why("tpe", &[("startupp", 3.into())]);
    assert_eq!(unknown, "the sampler `tpe` has no setting `startupp`: did you mean `startup`?");
    assert!(why("tpe", &[("startup", "many".into())]).starts_with("`startup` can't be many, expected"));
    let error = shop.pruner(&method_of("medain", &[]), &study(space.clone())).map(|m| m.method).unwrap_err();
    assert!(error.contains("did you mean `median`?"), "{error}");
}

#[test]
fn what_the_file_asks_for_names_the_settings_that_are_not_the_usual_ones() {
    let asked = asked(&config(NETWORK));
    assert_eq!(asked.sampler, Some(method_of("tpe", &[("startup", 7.into())])));
    assert_eq!(asked.workers, None);
    assert!(asked.pruner.is_some_and(|pruner| pruner.settings.is_empty()));
}

#[test]
fn networks_have_the_limits_of_their_tables_and_programs_none() {
    let own = limits(&config(NETWORK));
    let rate = own.get("learning_rate").copied().unwrap();
    assert!(rate.0 <= 1e-5 && rate.1 >= 0.1, "{rate:?}");
    // How many layers there are decides which others have a value.
    let layers = own.iter().find(|(name, _)| name.starts_with("mlp.") && name.contains("layers"));
    if let Some((name, limit)) = layers {
        let parameters = config(NETWORK).parameters();
        let high = parameters.largest(name).unwrap();
        assert_eq!(limit.1, high);
    }
    assert!(own.keys().any(|name| name.starts_with("cnn.")), "{own:?}");
    assert!(limits(&config(PROGRAM)).is_empty());
}

#[test]
fn workers_of_networks_share_the_cores_and_a_program_has_what_is_wanted() {
    for cores in 1..40 {
        for workers in 0..50 {
            for threads in [None, Some(1), Some(3)] {
                let layout = layout(workers, threads, Some(cores));
                assert!(layout.slots >= 1 && layout.threads >= 1);
                assert!(layout.slots * layout.threads <= cores && layout.cores == cores);
                assert_eq!(layout.slots, workers.clamp(1, cores));
                assert!(threads.is_none_or(|most| layout.threads <= most));
            }
        }
    }
    let program = layout(300, None, None);
    assert_eq!((program.slots, program.cores), (300, usize::MAX));
    assert_eq!(menu(&config(PROGRAM)).slots, MOST_WORKERS);
}
