//! Studies of programs.

use std::path::Path;

use super::{load_text, read};
use crate::config::study::{CommandConfig, ObjectiveConfig, StudyConfig};
use crate::config::write;
use crate::domain::direction::Direction;
use crate::domain::space::{Condition, Distribution};
use crate::domain::value::{Params, Value};

const HEAD: &str = "[study]\ndirection = \"minimize\"\n[objective]\nkind = \"command\"\nrun = [\"./train.sh\", \"-q\", \"\"]\n";

fn command(config: &StudyConfig) -> &CommandConfig {
    match &config.objective {
        ObjectiveConfig::Command(command) => command,
        ObjectiveConfig::Network(_) => panic!("it is a program"),
    }
}

fn with_space(space: &str) -> Result<StudyConfig, String> {
    read(&format!("{HEAD}[space]\n{space}\n")).map_err(|e| e.to_string())
}

const SPACE: &str = "
zeta = { float = [0, 1] }
kind = { choice = [\"cnn\", \"mlp\"] }
n_layers = { int = [1, 4], log = true }
last = { choice = [16, 2.5, \"auto\", true], when = { units = 64, kind = \"mlp\" } }
units = { choice = [16, 64], when = { n_layers = [2, 3.0, 4] } }
data-set = \"wheat\"
";

#[test]
fn a_space_keeps_its_order_its_types_and_its_conditions() {
    let config = with_space(SPACE).unwrap();
    let all = config.parameters();
    let names: Vec<&str> = all.space.parameters.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(
        names,
        ["zeta", "kind", "n_layers", "units", "last"],
        "the file's order, parents before children"
    );
    assert_eq!(all.fixed, Params::from([("data-set".to_owned(), "wheat".into())]));
    assert_eq!(all.space.parameters[0].distribution, Distribution::Float { low: 0.0, high: 1.0, log: false });
    let when = |parameter: &str, is: Vec<Value>| Condition { parameter: parameter.into(), is };
    assert_eq!(all.space.parameters[3].when, [when("n_layers", vec![2.into(), 3.into(), 4.into()])]);
    let choices = vec![16.into(), 2.5.into(), "auto".into(), true.into()];
    assert_eq!(all.space.parameters[4].distribution, Distribution::Choice { choices });
    assert!(all.space.parameters[4].when.contains(&when("units", vec![64.into()])));
    // What is written reads back equal, also once everything is fixed.
    assert_eq!(read(&write::toml(&config)).unwrap(), config);
    let mut study = crate::domain::testing::Scripted::new(&all.space, Direction::Minimize, 1);
    for unit in [0.1, 0.4, 0.9] {
        study.start(all.space.from_unit(&[unit; 5]));
    }
    for trial in study.history().trials() {
        let fixed = config.fixed_to(trial);
        assert_eq!(fixed.parameters().space.dimensions(), 0);
        assert_eq!(fixed.parameters().fixed.len(), trial.params.len() + 1);
        assert_eq!(command(&fixed).seed, Some(trial.seed));
        assert_eq!(read(&write::toml(&fixed)).unwrap(), fixed);
    }
}

#[test]
fn a_fixed_parent_decides_its_children() {
    let names = |set: &str| {
        let config = load_text(&format!("{HEAD}[space]\n{SPACE}"), &[set]).unwrap_or_else(|e| panic!("{e}"));
        let parameters = config.parameters().space.parameters;
        parameters.iter().map(|p| format!("{}{}", p.name, p.when.len())).collect::<Vec<_>>().join(" ")
    };
    // A `kind` among the parameters is a parameter like any other: the rest stays.
    assert_eq!(names("space.kind=mlp"), "zeta0 n_layers0 units1 last1");
    assert_eq!(names("space.kind=cnn"), "zeta0 n_layers0 units1");
    assert_eq!(names("space.n_layers=1"), "zeta0 kind0");
}

#[test]
fn every_key_of_a_program_reads_back_as_it_is_written() {
    let text = format!(
        "{HEAD}persistent = true\ntimeout = 1.5\ngrace = 0\nretries = 2\nseed = 7\ndirectory = \"models\"\n\
         environment = {{ OMP_NUM_THREADS = 1, LANG = \"C\" }}\n[space]\nx = {{ float = [-1e-3, 1e9] }}\n"
    );
    let config = read(&text).unwrap_or_else(|e| panic!("{e}"));
    let own = command(&config);
    assert_eq!(
        (own.persistent, own.timeout, own.grace, own.retries, own.seed),
        (true, Some(1.5), 0.0, 2, Some(7))
    );
    assert_eq!(own.environment["OMP_NUM_THREADS"], "1");
    assert_eq!(own.directory, Path::new("./models"), "beside the study file");
    assert_eq!(own.run, ["./train.sh", "-q", ""]);
    let written = write::toml(&config).replace("directory = \"./models\"", "directory = \"models\"");
    assert_eq!(read(&written).unwrap(), config);
    let usual = read(HEAD).unwrap();
    assert_eq!((command(&usual).grace, command(&usual).timeout), (5.0, None));
    assert_eq!((usual.metric.as_str(), usual.direction), ("score", Direction::Minimize));
}

#[test]
fn the_direction_follows_from_a_metric_that_is_known() {
    let metric = |lines: &str| {
        read(&HEAD.replace("direction = \"minimize\"", lines)).map(|c| c.direction).map_err(|e| e.to_string())
    };
    assert_eq!(metric("metric = \"pearson\""), Ok(Direction::Maximize));
    assert_eq!(metric("metric = \"my score\"\ndirection = \"maximize\""), Ok(Direction::Maximize));
    assert!(metric("metric = \"accuracy of mine\"").unwrap_err().contains("direction = \"minimize\""));
}

#[test]
fn the_fingerprint_is_of_the_program_and_its_space() {
    let text = format!("{HEAD}[space]\nx = {{ int = [1, 8] }}\n");
    let with = |set: &[&str]| load_text(&text, set).unwrap_or_else(|e| panic!("{e}")).fingerprint_text();
    for set in [
        "objective.timeout=9",
        "objective.retries=3",
        "objective.grace=1",
        "objective.directory=\"x\"",
        "study.trials=3",
    ] {
        assert_eq!(with(&[set]), with(&[]), "{set}");
    }
    for set in [
        "objective.run=[\"./train.sh\"]",
        "study.direction=maximize",
        "study.seed=3",
        "study.metric=mse",
        "space.x={int=[1,9]}",
        "space.y=1",
        "objective.environment={A=\"1\"}",
    ] {
        assert_ne!(with(&[set]), with(&[]), "{set}");
    }
}

#[test]
fn the_other_kind_of_objective_is_told_apart() {
    let error = |text: &str| read(text).unwrap_err().to_string();
    let networks = error("[data]\nsimulate = { preset = \"quick\" }\n[space]\nx = 1\n");
    assert!(networks.contains("`space` has no effect") && networks.contains("[objective]"), "{networks}");
    for section in ["data", "model", "train", "ensemble"] {
        let own = error(&format!("{HEAD}[{section}]\n"));
        assert!(own.contains(&format!("`{section}` has no effect")) && own.contains("[space]"), "{own}");
    }
}
