//! Tests of settings and of their values.

use super::*;

const ROWS: &[Setting] = &[
    Setting::new("layers", Accepts::Int { min: 0, max: 3 }, Preset::Int(1), ""),
    Setting::new("units", Accepts::IntOr { min: 1, max: 9, word: "match" }, Preset::Word("match"), "")
        .when("layers", Is::AtLeast(1)),
    Setting::new("norm", Accepts::Bool, Preset::Bool(true), "").when("layers", Is::AtLeast(2)),
    Setting::new("momentum", Accepts::Float { min: 0.0, max: 1.0 }, Preset::Float(0.9), "")
        .when("norm", Is::True),
];

#[test]
fn only_settings_with_an_effect_have_a_default() {
    let names = |given: &[(&str, Value)]| Settings::with(ROWS, given).0.into_keys().collect::<Vec<_>>();
    assert_eq!(names(&[("layers", 0.into())]), ["layers"]);
    assert_eq!(names(&[]), ["layers", "units"]);
    assert_eq!(names(&[("layers", 2.into())]), ["layers", "momentum", "norm", "units"]);
    assert_eq!(names(&[("layers", 2.into()), ("norm", false.into())]), ["layers", "norm", "units"]);
}

#[test]
fn a_number_or_a_word_is_either() {
    let Accepts::IntOr { .. } = ROWS[1].accepts else { panic!("a number or a word") };
    for (value, accepted) in [(Value::Int(9), true), ("match".into(), true), (Value::Int(10), false)] {
        assert_eq!(ROWS[1].accepts.admit(&value).is_ok(), accepted, "{value}");
    }
    let wanted = ROWS[1].accepts.admit(&"mach".into()).unwrap_err();
    assert_eq!(wanted, "a whole number from 1 to 9 or `match`");
    let units = |value: Value| Settings::with(ROWS, &[("units", value)]).count_or_word("units");
    assert_eq!((units(4.into()), units("match".into())), (Some(4), None));
}

#[test]
fn lists_of_presets_are_choices() {
    let choices = |preset: Preset| match preset.distribution() {
        Some(Distribution::Choice { choices }) => choices,
        other => panic!("{other:?}"),
    };
    assert_eq!(choices(Preset::SearchInts(&[8, 16])), [Value::Int(8), Value::Int(16)]);
    assert_eq!(choices(Preset::SearchFloats(&[0.5])), [Value::Float(0.5)]);
    assert_eq!(choices(Preset::SearchWords(&["relu"])), [Value::from("relu")]);
    assert_eq!(choices(Preset::SearchBool), [Value::Bool(false), Value::Bool(true)]);
}

#[test]
fn a_trials_params_are_resolved_to_what_has_an_effect() {
    let params = |values: &[(&str, Value)]| -> Params {
        values.iter().map(|(name, value)| (format!("mlp.{name}"), value.clone())).collect()
    };
    let resolve = |values: &[(&str, Value)]| Settings::resolve(ROWS, "mlp.", &params(values));
    let one: &[(&str, Value)] = &[("layers", 1.into()), ("units", 4.into()), ("norm", true.into())];
    assert_eq!(resolve(one).unwrap(), Settings::with(ROWS, &[("units", 4.into())]));
    let missing = resolve(&[("layers", 2.into()), ("units", 4.into())]).unwrap_err();
    assert_eq!(missing, "parameter `mlp.norm` has no value");
    let wrong = resolve(&[("layers", 7.into())]).unwrap_err();
    assert_eq!(wrong, "parameter `mlp.layers` is 7, expected a whole number from 0 to 3");
}
