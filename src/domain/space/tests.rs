//! Tests of distributions and of spaces with conditions.

use proptest::prelude::*;

use super::*;
use crate::domain::testing::{conditional, float, int, space, when};

fn distributions() -> impl Strategy<Value = Distribution> {
    prop_oneof![
        (-1e6..1e6, 1e-3..1e6).prop_map(|(low, width)| Distribution::Float {
            low,
            high: low + width,
            log: false
        }),
        (1e-8..1e3, 1.001..1e6).prop_map(|(low, ratio)| Distribution::Float {
            low,
            high: low * ratio,
            log: true
        }),
        (-1000_i64..1000, 0_i64..5000).prop_map(|(low, width)| Distribution::Int {
            low,
            high: low + width,
            log: false
        }),
        (1_i64..1000, 0_i64..5000).prop_map(|(low, width)| Distribution::Int {
            low,
            high: low + width,
            log: true
        }),
        (1_i64..9).prop_map(|n| Distribution::Choice { choices: (0..n).map(Value::Int).collect() }),
    ]
}

proptest! {
    #[test]
    fn unit_cube_round_trip(distribution in distributions(), unit in 0.0..=1.0_f64) {
        let value = distribution.from_unit(unit);
        let back = distribution.to_unit(&value).expect("from_unit stays inside");
        prop_assert!((0.0..=1.0).contains(&back));
        match (&value, &distribution.from_unit(back)) {
            (Value::Float(a), Value::Float(b)) => {
                prop_assert!((a - b).abs() <= 1e-9 * a.abs().max(1.0), "{a} {b}");
            }
            (a, b) => prop_assert_eq!(a, b),
        }
    }
}

#[test]
fn whole_numbers_have_equal_cells() {
    let d = Distribution::Int { low: 5, high: 8, log: false };
    let values: Vec<Value> =
        [0.0, 0.2499, 0.2501, 0.5001, 0.7501, 1.0].iter().map(|u| d.from_unit(*u)).collect();
    assert_eq!(values, [5, 5, 6, 7, 8, 8].map(Value::Int));
}

#[test]
fn check_names_what_is_wrong() {
    let space = space([("filters", int(5, 50))]);
    let params = |name: &str, v: i64| Params::from([(name.to_owned(), Value::Int(v))]);
    assert_eq!(space.check(&params("filters", 5)), Ok(()));
    assert_eq!(space.check(&params("kernel", 5)), Err(SpaceError::Missing("filters".into())));
    assert!(matches!(space.check(&params("filters", 51)), Err(SpaceError::Outside { .. })));
    let mut both = params("filters", 5);
    both.extend(params("kernel", 5));
    assert_eq!(space.check(&both), Err(SpaceError::Unknown("kernel".into())));
}

/// Spaces of up to seven parameters, each with up to two conditions on parameters before it, which may
/// have conditions themselves.
fn spaces() -> impl Strategy<Value = SearchSpace> {
    let condition = (any::<prop::sample::Index>(), proptest::collection::vec(0.0..=1.0_f64, 1..3));
    let parameter = (distributions(), proptest::collection::vec(condition, 0..3));
    proptest::collection::vec(parameter, 1..8).prop_map(|drawn| {
        let mut parameters: Vec<Parameter> = Vec::new();
        for (i, (distribution, conditions)) in drawn.into_iter().enumerate() {
            let condition = |(parent, units): (prop::sample::Index, Vec<f64>)| {
                let parent = &parameters[parent.index(parameters.len())];
                let is = units.iter().map(|unit| parent.distribution.from_unit(*unit)).collect();
                Condition { parameter: parent.name.clone(), is }
            };
            let conditions = if i == 0 { vec![] } else { conditions };
            let when = conditions.into_iter().map(condition).collect();
            parameters.push(Parameter { name: format!("p{i}"), distribution, when });
        }
        SearchSpace { parameters }
    })
}

proptest! {
    #[test]
    fn points_of_conditional_spaces_come_back(
        space in spaces(),
        units in proptest::collection::vec(0.0..=1.0_f64, 7)
    ) {
        let point = &units[..space.dimensions()];
        let params = space.from_unit(point);
        prop_assert_eq!(space.check(&params), Ok(()));
        let back = space.to_unit(&params).expect("from_unit stays inside");
        for ((parameter, is_active), unit) in space.parameters.iter().zip(space.active(point)).zip(&back) {
            prop_assert_eq!(params.contains_key(&parameter.name), is_active);
            prop_assert_eq!(parameter.is_active(&params), is_active);
            if is_active {
                continue;
            }
            prop_assert_eq!(*unit, 0.5);
            let mut more = params.clone();
            more.insert(parameter.name.clone(), parameter.distribution.from_unit(0.3));
            let refused = space.check(&more);
            prop_assert!(
                matches!(&refused, Err(SpaceError::Inactive { name, .. }) if *name == parameter.name),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn a_space_is_written_and_read_unchanged(space in spaces()) {
        let json = serde_json::to_string(&space).unwrap();
        prop_assert_eq!(serde_json::from_str::<SearchSpace>(&json).unwrap(), space);
    }
}

#[test]
fn what_depends_on_an_inactive_parameter_is_inactive() {
    let space = conditional();
    let names = |point: &[f64]| space.from_unit(point).into_keys().collect::<Vec<_>>();
    // The kind is `mlp` in the upper half; its layers are one, two or three.
    assert_eq!(names(&[0.1, 0.9, 0.9, 0.9, 0.9]), ["cnn.pool", "kind"]);
    assert_eq!(names(&[0.9, 0.9, 0.1, 0.9, 0.9]), ["kind", "mlp.layers"]);
    assert_eq!(names(&[0.9, 0.9, 0.9, 0.9, 0.9]), ["kind", "mlp.layers", "mlp.units_2", "mlp.units_3"]);
    let mut params = space.from_unit(&[0.9, 0.9, 0.5, 0.9, 0.9]);
    params.insert("mlp.units_3".into(), 4.into());
    let refused = space.check(&params).unwrap_err().to_string();
    assert_eq!(refused, "parameter `mlp.units_3` has a value, but no effect with this value of `mlp.layers`");
}

#[test]
fn journals_without_conditions_are_read() {
    let json = r#"{"parameters":[{"name":"x","distribution":{"float":{"low":0.0,"high":1.0,"log":false}}}]}"#;
    let space = space([("x", float(0.0, 1.0))]);
    assert_eq!(serde_json::from_str::<SearchSpace>(json).unwrap(), space);
    assert_eq!(serde_json::to_string(&space).unwrap(), json);
    let conditional = when(space, "x", "kind", &[Value::from("cnn")]);
    assert!(serde_json::to_string(&conditional).unwrap().contains(r#""when":[{"parameter":"kind""#));
}
