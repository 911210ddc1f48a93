//! Tests of parameters: kinds of model, conditions, presets, training and tasks.

use proptest::prelude::*;

use super::*;
use crate::config::study::Parameters;
use crate::dataset::encode::{Encoding, Preprocessing};
use crate::domain::event::Event;
use crate::domain::setting::{Accepts, Is, Preset, Setting, Settings};
use crate::domain::space::{Condition, Distribution};
use crate::domain::task::Task;
use crate::domain::testing::Scripted;
use crate::domain::value::{Params, Value};
use crate::model::LEARNING_RATE;

const SEVERAL: &str = "[model]
kind = [\"cnn\", \"mlp\", \"local-cnn\"]
learning_rate = 0.5
[model.cnn]
activation = { choice = [\"relu\", \"elu\"] }
l1 = 1e-3
[model.mlp]
units_1 = { choice = [\"match\", 9] }
units_3 = 7
momentum = { float = [0.5, 0.9] }
[train]
batch = { int = [8, 64], log = true }
optimizer = { choice = [\"adam\", \"sgd\"] }
inertia = { float = [0.0, 0.9] }
early_stopping.patience = { int = [0, 5] }
early_stopping.min_delta = 0.125
seed = 3
";

fn several() -> StudyConfig {
    read(&format!("{SMALL}{SEVERAL}")).unwrap_or_else(|e| panic!("{e}"))
}

fn when(config: &StudyConfig, name: &str) -> Vec<Condition> {
    let all = config.parameters();
    let found = all.space.parameters.iter().find(|p| p.name == name).map(|p| p.when.clone());
    found.or_else(|| all.conditions.get(name).cloned()).unwrap_or_default()
}

fn on<const N: usize>(parameter: &str, is: [Value; N]) -> Vec<Condition> {
    vec![Condition { parameter: parameter.to_owned(), is: is.into() }]
}

#[test]
fn each_kind_has_parameters_under_its_name_and_condition() {
    let config = several();
    assert_eq!(config.network().unwrap().model.kinds, ["cnn", "mlp", "local-cnn"]);
    let all = config.parameters();
    let names: Vec<&str> = all.space.parameters.iter().map(|p| p.name.as_str()).collect();
    let expected = "kind cnn.filters cnn.kernel cnn.activation mlp.layers mlp.units_1 mlp.units_2 mlp.norm \
                    mlp.momentum mlp.dropout batch optimizer inertia early_stopping.patience";
    assert_eq!(names.join(" "), expected);
    let kinds = ["cnn", "mlp", "local-cnn"].map(Value::from);
    assert_eq!(all.space.parameters[0].distribution, Distribution::Choice { choices: kinds.into() });
    assert_eq!((&all.fixed["learning_rate"], &all.fixed["local-cnn.filters"]), (&0.5.into(), &1.into()));
    for (name, expected) in [
        ("kind", vec![]),
        ("learning_rate", vec![]),
        ("batch", vec![]),
        ("cnn.filters", on("kind", ["cnn".into()])),
        ("cnn.l1", on("kind", ["cnn".into()])),
        ("mlp.units_1", on("kind", ["mlp".into()])),
        ("mlp.units_2", on("mlp.layers", [2.into(), 3.into()])),
        ("mlp.units_3", on("mlp.layers", [3.into()])),
        ("mlp.momentum", on("mlp.norm", [true.into()])),
        ("inertia", on("optimizer", ["sgd".into()])),
        ("early_stopping.min_delta", on("early_stopping.patience", [1, 2, 3, 4, 5].map(Value::Int))),
    ] {
        assert_eq!(when(&config, name), expected, "{name}");
    }
}

#[test]
fn a_list_of_one_kind_is_that_kind() {
    let plain = read(&format!("{SMALL}[model]\nkind = \"mlp\"\nlayers = 2\n")).unwrap();
    let list = read(&format!("{SMALL}[model]\nkind = [\"mlp\"]\nlayers = 2\n")).unwrap();
    assert_eq!(plain, list);
}

#[test]
fn what_is_fixed_decides_what_depends_on_it() {
    let read = |model: &str| {
        let config =
            read(&format!("{SMALL}[model]\nkind = \"mlp\"\n{model}\n")).unwrap_or_else(|e| panic!("{e}"));
        let Parameters { fixed, space, conditions } = config.network().unwrap().model.parameters.clone();
        assert!(conditions.keys().all(|name| fixed.contains_key(name)));
        let searched = space.parameters.iter().map(|p| format!("{}{}", p.name, "?".repeat(p.when.len())));
        (fixed.into_keys().collect::<Vec<_>>().join(" "), searched.collect::<Vec<_>>().join(" "))
    };
    let shown = |fixed: &str, searched: &str| (fixed.to_owned(), searched.to_owned());
    assert_eq!(read("layers = 1"), shown("layers units_1", "dropout learning_rate"));
    assert_eq!(read("layers = 2"), shown("layers momentum units_1", "units_2 norm dropout learning_rate"));
    // The condition of what never fails is that of its parent.
    assert_eq!(
        read("layers = { int = [2, 3] }"),
        shown("momentum units_1 units_3", "layers units_2 norm dropout learning_rate")
    );
    assert_eq!(
        read("norm = true\nmomentum = { float = [0.1, 0.2] }"),
        shown("norm units_1 units_3", "layers units_2? momentum? dropout learning_rate")
    );
    assert_eq!(read("norm = false"), shown("norm units_1 units_3", "layers units_2? dropout learning_rate"));
}

#[test]
fn a_preset_replaces_defaults_and_the_file_wins_over_it() {
    let mlp = |keys: &str| read(&format!("{SMALL}[model]\nkind = \"mlp\"\n{keys}\n")).unwrap().parameters();
    let flat = mlp("preset = \"flat\"");
    assert_eq!((&flat.fixed["layers"], &flat.fixed["dropout"]), (&1.into(), &0.5.into()));
    assert!(!flat.fixed.contains_key("units_3"));
    let own = mlp("preset = \"flat\"\nlayers = 3\nnorm = false");
    assert_eq!((&own.fixed["layers"], &own.fixed["units_3"]), (&3.into(), &8.into()));
    let deep = mlp("preset = \"deep\"");
    assert_eq!((&deep.fixed["norm"], deep.largest("layers")), (&true.into(), Some(3.0)));
    let text = "[model]\nkind = [\"cnn\", \"mlp\"]\n[model.mlp]\npreset = \"flat\"\n";
    let nested = read(&format!("{SMALL}{text}")).unwrap();
    assert_eq!(nested.parameters().fixed["mlp.layers"], 1.into());
    assert_eq!(read(&write::toml(&nested)).unwrap().parameters(), nested.parameters());
}

#[test]
fn another_list_of_kinds_starts_the_table_anew() {
    let text = format!("{SMALL}{SEVERAL}");
    let config = load_text(&text, &["model.kind=mlp", "model.layers=1"]).unwrap();
    assert_eq!(
        (config.network().unwrap().model.kinds.len(), &config.parameters().fixed["layers"]),
        (1, &1.into())
    );
    let config = load_text(&text, &["model.mlp.layers=1", "model.mlp.units_3=7"]).unwrap_err();
    assert_eq!(config.message, "`model.mlp.units_3` has no effect where `model.mlp.layers` is `1`");
    let kept = load_text(&text, &["model.kind=[\"cnn\", \"mlp\", \"local-cnn\"]"]).unwrap();
    assert_eq!(kept.parameters().fixed["cnn.l1"], 1e-3.into());
}

#[test]
fn a_task_has_its_traits_and_its_usual_metric() {
    let read = |lines: &str| read(&format!("[data]\nsimulate = {{ preset = \"quick\" }}\n{lines}\n"));
    for (task, metric) in [
        (Task::Regression, "mse"),
        (Task::Binary, "auroc"),
        (Task::MultiClass, "balanced-accuracy"),
        (Task::MultiLabel, "auroc"),
    ] {
        let config = read(&format!("task = \"{}\"", task.name())).unwrap();
        assert_eq!((config.network().unwrap().data.task, config.metric.as_str()), (task, metric));
        assert_eq!(
            super::read(&write::toml(&config)).unwrap().network().unwrap().data,
            config.network().unwrap().data
        );
    }
    let labels = read("task = \"multi-label\"\ntrait = [\"a\", 7]\nencoding = \"onehot\"").unwrap();
    assert_eq!(labels.network().unwrap().data.traits, ["a", "7"]);
    assert_eq!(labels.network().unwrap().data.preprocessing, Encoding::OneHot.into());
    assert_eq!(
        super::read(&write::toml(&labels)).unwrap().network().unwrap().data,
        labels.network().unwrap().data
    );
    assert!(read("task = \"binary\"\ntrait = \"a\"").is_ok());
    let simulated = super::read("[data]\nsimulate = { preset = \"bound\" }\n").unwrap();
    assert_eq!(
        (simulated.network().unwrap().data.task, simulated.metric.as_str()),
        (Task::MultiLabel, "auroc")
    );
}

#[test]
fn preprocessing_is_written_as_it_was_read() {
    let read = |lines: &str| read(&format!("{SMALL}{lines}\n")).unwrap();
    let usual = read("encoding = \"auto\"\nimpute = \"mean\"\nonehot_missing = \"frequencies\"")
        .network()
        .unwrap()
        .data
        .clone();
    assert_eq!(usual.preprocessing, Preprocessing::default());
    for lines in [
        "",
        "encoding = \"dominant\"\nimpute = \"mode\"",
        "encoding = [\"additive\", \"heterozygote\"]",
        "encoding = [\"onehot\", \"recessive\"]\nonehot_missing = \"channel\"",
        "onehot_missing = \"zeros\"",
        "preselect = { snps = 100 }\nimpute = \"neighbours\"",
        "covariates = [\"sex\", 3]\ncategorical = [\"3\"]",
    ] {
        let config = read(lines);
        assert_eq!(
            super::read(&write::toml(&config)).unwrap().network().unwrap().data,
            config.network().unwrap().data,
            "{lines}"
        );
    }
    let listed = read("encoding = [\"onehot\"]").network().unwrap().data.preprocessing.clone();
    assert_eq!(listed, Encoding::OneHot.into(), "a list of one is that one");
}

proptest! {
    #[test]
    fn a_trial_of_several_kinds_is_written_as_a_plain_study(
        units in proptest::collection::vec(0.0..=1.0_f64, 14)
    ) {
        let config = several();
        let again = read(&write::toml(&config)).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(&again, &config);

        let all = config.parameters();
        let params = all.space.from_unit(&units);
        let mut study = Scripted::new(&all.space, config.direction, 1);
        study.apply(Event::TrialStarted { trial: 0, params: params.clone(), seed: 8, slot: 0, origin: crate::domain::trial::Origin::default() });
        let fixed = config.fixed_to(&study.history().trials()[0]);
        let text = write::toml(&fixed);
        let read = read(&text).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        prop_assert_eq!(&read, &fixed);
        prop_assert_eq!((fixed.parameters().space.dimensions(), fixed.network().unwrap().train.seed), (0, Some(8)));

        // What the trial trained is what the plain study trains.
        let mut values = all.fixed.clone();
        values.extend(params.clone());
        let Value::Text(kind) = &params["kind"] else { panic!("a kind is a word") };
        prop_assert_eq!(&fixed.network().unwrap().model.kinds, std::slice::from_ref(kind));
        let tables = tables();
        let rows = tables.models.iter().find(|row| row.name == kind).unwrap().settings;
        let resolve = |rows: &[Setting], prefix: &str, params: &Params| Settings::resolve(rows, prefix, params).unwrap();
        let plain = fixed.parameters().fixed;
        prop_assert_eq!(resolve(rows, &format!("{kind}."), &values), resolve(rows, "", &plain));
        prop_assert_eq!(resolve(tables.train, "", &values), resolve(tables.train, "", &plain));
        prop_assert_eq!(&plain["learning_rate"], &0.5.into());
    }
}

/// What is wrong with a table of settings.
fn flaws(rows: &[Setting]) -> Vec<String> {
    let mut flaws = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let clash = |other: &Setting| {
            other.name == row.name || other.name.strip_prefix(row.name).is_some_and(|s| s.starts_with('.'))
        };
        if rows.iter().skip(i + 1).any(clash) || rows[..i].iter().any(|other| other.name == row.name) {
            flaws.push(format!("`{}` occurs twice, or as a table too", row.name));
        }
        if ["kind", "preset", "seed"].contains(&row.name) || row.help.ends_with('.') {
            flaws.push(format!("`{}` is a name of the reader's own, or its help ends with a stop", row.name));
        }
        flaws.extend(bad_preset(row, &row.preset));
        let Some(when) = row.when else { continue };
        let suits = |parent: &&Setting| match (when.is, parent.accepts) {
            (Is::AtLeast(least), Accepts::Int { max, .. } | Accepts::IntOr { max, .. }) => least <= max,
            (Is::OneOf(words), Accepts::Word(all)) => words.iter().all(|w| all.contains(w)),
            (Is::OneOf(words), Accepts::IntOr { word, .. }) => words == [word],
            (Is::True, Accepts::Bool) => true,
            _ => false,
        };
        if !rows[..i].iter().any(|parent| parent.name == when.setting && suits(&parent)) {
            flaws.push(format!("`{}` depends on what does not stand before it or can't be so", row.name));
        }
    }
    flaws
}

/// A preset that the setting does not accept as it is.
fn bad_preset(row: &Setting, preset: &Preset) -> Option<String> {
    let values = match preset.distribution() {
        None => preset.value().into_iter().collect(),
        Some(Distribution::Choice { choices }) => choices,
        Some(Distribution::Int { low, high, .. }) => vec![low.into(), high.into()],
        Some(Distribution::Float { low, high, .. }) => vec![low.into(), high.into()],
    };
    let is_bad = values.is_empty() || values.iter().any(|v| row.accepts.admit(v).as_ref() != Ok(v));
    is_bad.then(|| format!("`{}` does not accept its own preset {preset:?}", row.name))
}

#[test]
fn the_tables_of_the_crate_and_of_these_tests_are_sound() {
    for tables in [Tables::of_crate(), tables()] {
        let kinds =
            [&tables.samplers, &tables.pruners, &tables.models, &tables.presets].into_iter().flatten();
        for kind in kinds {
            assert_eq!(flaws(kind.settings), [""; 0], "{}", kind.name);
        }
        assert_eq!(flaws(tables.train), [""; 0]);
        for model in &tables.models {
            // They share the names of a study's parameters.
            let common = tables.train.iter().chain([&LEARNING_RATE]);
            let shared = common.filter(|s| model.settings.iter().any(|own| own.name == s.name));
            assert_eq!(shared.map(|s| s.name).collect::<Vec<_>>(), [""; 0], "{}", model.name);
            for variant in model.variants {
                for (name, preset) in variant.values {
                    let row = model.settings.iter().find(|row| row.name == *name);
                    let row =
                        row.unwrap_or_else(|| panic!("{} {}: no setting {name}", model.name, variant.name));
                    assert_eq!(bad_preset(row, preset), None, "{} {}", model.name, variant.name);
                }
                let text =
                    format!("{SMALL}[model]\nkind = \"{}\"\npreset = \"{}\"\n", model.name, variant.name);
                let read = parse(Path::new("study.toml"), &text, &tables);
                read.unwrap_or_else(|e| panic!("{e}"));
            }
        }
        let all: Vec<String> = tables.models.iter().map(|row| format!("\"{}\"", row.name)).collect();
        let text = format!("{SMALL}[model]\nkind = [{}]\n", all.join(", "));
        let config = parse(Path::new("study.toml"), &text, &tables).unwrap_or_else(|e| panic!("{e}"));
        let again = parse(Path::new("study.toml"), &write::toml(&config), &tables);
        assert_eq!(again.unwrap_or_else(|e| panic!("{e}")), config);
    }
}

#[test]
fn enqueued_configs_are_read_by_paths_or_names_and_written() {
    let sampler = "[sampler]
enqueue = [
  { \"model.cnn.activation\" = \"elu\", \"train.batch\" = 16 },
  { model.mlp.momentum = 0.5, kind = \"mlp\" },
  { inertia = 0 },
]
";
    let config = read(&format!("{SMALL}{SEVERAL}{sampler}")).unwrap_or_else(|e| panic!("{e}"));
    let params = |values: &[(&str, Value)]| -> Params {
        values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    };
    let expected = [
        params(&[("cnn.activation", "elu".into()), ("batch", 16.into())]),
        params(&[("mlp.momentum", 0.5.into()), ("kind", "mlp".into())]),
        params(&[("inertia", 0.0.into())]),
    ];
    assert_eq!(config.enqueue, expected);
    assert_eq!(read(&crate::config::write::toml(&config)).unwrap().enqueue, expected);
    assert_eq!(config.fingerprint_text(), several().fingerprint_text(), "it decides no score");
    let trial = {
        let space = config.parameters().space;
        let mut study = Scripted::new(&space, crate::domain::direction::Direction::Minimize, 1);
        let params = space.complete(&expected[0], &mut crate::domain::seed::Rng::new(1)).unwrap();
        let id = study.complete(params, 1.0);
        study.history().trials()[id].clone()
    };
    assert!(config.fixed_to(&trial).enqueue.is_empty());
}
