//! Tests of all splits, with and without a test set.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::domain::seed::Rng;

fn grouping(column: &str, values: impl IntoIterator<Item = impl ToString>) -> Grouping {
    Grouping { column: column.into(), values: values.into_iter().map(|v| v.to_string()).collect() }
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|v| (*v).to_owned()).collect()
}

/// Every kind of split, over columns that [`groupings`] has.
fn splits() -> Vec<Split> {
    let family = || "family".to_owned();
    vec![
        Split::Holdout { fraction: 0.3 },
        Split::KFold { folds: 3 },
        Split::RepeatedKFold { folds: 3, repeats: 2 },
        Split::LeaveFamilyOut { column: family(), folds: None },
        Split::LeaveFamilyOut { column: family(), folds: Some(3) },
        Split::Forward { column: "generation".into(), first: None },
        Split::Forward { column: "generation".into(), first: Some("3".into()) },
        Split::Column { column: family(), validate: vec![] },
        Split::Column { column: family(), validate: texts(&["f1", "f2"]) },
    ]
}

/// Five families and four generations; the last twelve rows have each family in each generation but the last.
fn groupings(individuals: usize, seed: u64) -> Vec<Grouping> {
    let mut rng = Rng::new(seed);
    let mut draw = |prefix: &str, from: usize, many: usize| {
        let value =
            |i: usize, rng: &mut Rng| if i < many { i } else { (rng.uniform() * many as f64) as usize };
        let values: Vec<String> =
            (0..individuals).map(|i| format!("{prefix}{}", from + value(i, &mut rng))).collect();
        values
    };
    vec![grouping("family", draw("f", 0, 5)), grouping("generation", draw("", 1, 4))]
}

fn tests() -> Vec<TestSet> {
    vec![
        TestSet::Fraction(0.2),
        TestSet::Column { column: "generation".into(), values: texts(&["4"]) },
        TestSet::Column { column: "family".into(), values: texts(&["f0", "f4"]) },
    ]
}

proptest! {
    #[test]
    fn no_test_row_is_in_a_fold_of_any_split(individuals in 40_usize..150, seed: u64) {
        let groupings = groupings(individuals, seed);
        for split in splits() {
            for test in tests() {
                let made = partition(&split, Some(&test), individuals, &groupings, seed).map_err(|e| e.to_string());
                // Chance may have left too few values for this split; then nothing is made at all.
                let Ok(made) = made else { continue };
                let out: BTreeSet<usize> = made.test.iter().copied().collect();
                prop_assert!(!out.is_empty() && made.test.is_sorted());
                prop_assert_eq!(made.development(individuals).len() + out.len(), individuals);
                for fold in &made.folds {
                    let all = || fold.train.iter().chain(&fold.validation);
                    prop_assert!(all().all(|row| *row < individuals && !out.contains(row)), "{:?}", split);
                    prop_assert_eq!(all().collect::<BTreeSet<_>>().len(), all().count());
                    prop_assert!(fold.train.is_sorted() && fold.validation.is_sorted());
                    prop_assert!(!fold.train.is_empty() && !fold.validation.is_empty());
                }
            }
        }
    }

    #[test]
    fn every_row_validates_once_and_sizes_differ_by_at_most_one(
        individuals in 2_usize..200, folds in 2_usize..12, seed: u64,
    ) {
        prop_assume!(folds <= individuals);
        let made = partition(&Split::KFold { folds }, None, individuals, &[], seed).unwrap();
        prop_assert_eq!(&made, &partition(&Split::KFold { folds }, None, individuals, &[], seed).unwrap());
        prop_assert_eq!(made.test.len(), 0);
        let mut validated = vec![0; individuals];
        for fold in &made.folds {
            let mut all: Vec<usize> = fold.train.iter().chain(&fold.validation).copied().collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..individuals).collect::<Vec<_>>());
            fold.validation.iter().for_each(|row| validated[*row] += 1);
        }
        prop_assert!(validated.iter().all(|times| *times == 1));
        let sizes: Vec<usize> = made.folds.iter().map(|f| f.validation.len()).collect();
        prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
        // The first shuffle of several is that of one.
        let repeated = Split::RepeatedKFold { folds, repeats: 3 };
        let repeated = partition(&repeated, None, individuals, &[], seed).unwrap().folds;
        prop_assert_eq!((repeated.len(), &repeated[..folds]), (3 * folds, &made.folds[..]));
    }

    #[test]
    fn a_holdout_is_complete_and_of_the_size_asked(individuals in 3_usize..200, seed: u64) {
        let made = partition(&Split::Holdout { fraction: 0.3 }, None, individuals, &[], seed).unwrap();
        let fold = &made.folds[0];
        prop_assert_eq!(fold.validation.len(), (0.3 * individuals as f64).round() as usize);
        prop_assert_eq!(fold.train.len() + fold.validation.len(), individuals);
    }

    #[test]
    fn families_are_never_torn_and_folds_are_about_equal(
        sizes in proptest::collection::vec(1_usize..9, 4..20), folds in 2_usize..5, seed: u64,
    ) {
        let families = sizes.iter().enumerate().flat_map(|(f, size)| vec![f; *size]);
        let groupings = [grouping("family", families)];
        let values = &groupings[0].values;
        let split = Split::LeaveFamilyOut { column: "family".into(), folds: Some(folds) };
        let made = partition(&split, None, values.len(), &groupings, seed).unwrap().folds;
        prop_assert_eq!(made.len(), folds);
        for fold in &made {
            let of = |rows: &[usize]| rows.iter().map(|r| &values[*r]).collect::<BTreeSet<_>>();
            prop_assert!(of(&fold.train).is_disjoint(&of(&fold.validation)));
        }
        let filled: Vec<usize> = made.iter().map(|f| f.validation.len()).collect();
        prop_assert_eq!(filled.iter().sum::<usize>(), values.len());
        // The largest group came into the smallest fold.
        prop_assert!(filled.iter().max().unwrap() - filled.iter().min().unwrap() <= *sizes.iter().max().unwrap());
    }
}

#[test]
fn the_seed_decides_folds_and_test_set() {
    let made =
        |seed| partition(&Split::KFold { folds: 5 }, Some(&TestSet::Fraction(0.2)), 50, &[], seed).unwrap();
    assert_eq!((made(1), made(1).test.len()), (made(1), 10));
    assert_ne!(made(1).folds, made(2).folds);
    assert_ne!(made(1).test, made(2).test);
    let plain = partition(&Split::KFold { folds: 5 }, None, 50, &[], 1).unwrap().folds;
    assert_ne!(plain[0].validation, (0..10).collect::<Vec<_>>(), "not shuffled");
    let repeated = Split::RepeatedKFold { folds: 2, repeats: 2 };
    let repeated = partition(&repeated, None, 50, &[], 1).unwrap().folds;
    assert_ne!(repeated[0], repeated[2], "the second shuffle is the first");
}

#[test]
fn a_generation_validates_after_training_on_all_earlier_ones() {
    let generations = [grouping("generation", [2, 10, 1, 2, 10, 9])];
    let made = |first: Option<&str>, test: Option<&TestSet>| {
        let split = Split::Forward { column: "generation".into(), first: first.map(Into::into) };
        partition(&split, test, 6, &generations, 1)
    };
    let fold = |train: &[usize], validation: &[usize]| Fold {
        train: train.to_vec(),
        validation: validation.to_vec(),
    };
    let all = [fold(&[2], &[0, 3]), fold(&[0, 2, 3], &[5]), fold(&[0, 2, 3, 5], &[1, 4])];
    assert_eq!(made(None, None).unwrap().folds, all);
    assert_eq!(made(Some("9"), None).unwrap().folds, all[1..]);
    let last = TestSet::Column { column: "generation".into(), values: texts(&["10"]) };
    let without = made(None, Some(&last)).unwrap();
    assert_eq!((without.folds, without.test), (all[..2].to_vec(), vec![1, 4]));
    let refused = |first| made(Some(first), None).unwrap_err().to_string();
    assert!(refused("1").contains("no earlier one to train on"), "{}", refused("1"));
    assert!(refused("3").contains("`1`, `2`, `9`, `10`"), "{}", refused("3"));
}

#[test]
fn a_column_splits_by_its_values_or_gives_the_folds() {
    let lines = [grouping("fold", ["1", "4", "2", "4", "1"])];
    let by = |values: &[&str]| {
        let split = Split::Column { column: "fold".into(), validate: texts(values) };
        partition(&split, None, 5, &lines, 1).map(|made| made.folds)
    };
    let fold = &by(&["4"]).unwrap()[0];
    assert_eq!((&fold.train[..], &fold.validation[..]), (&[0, 2, 4][..], &[1, 3][..]));
    let given: Vec<Vec<usize>> = by(&[]).unwrap().into_iter().map(|fold| fold.validation).collect();
    assert_eq!(given, [vec![0, 4], vec![2], vec![1, 3]]);
    let refused = |values: &[&str]| by(values).unwrap_err().to_string();
    assert!(refused(&["4", "5"]).contains("`5`"));
    assert!(refused(&["4", "5"]).contains("`1`, `2`, `4`"));
    assert!(refused(&["1", "2", "4"]).contains("leaves 0 individuals to train on and 5"));
}

#[test]
fn a_study_that_selects_on_its_test_set_has_one_fold_that_validates_on_it() {
    let made = partition(&Split::OnTest, Some(&TestSet::Fraction(0.25)), 20, &[], 1).unwrap();
    assert_eq!((made.folds.len(), made.test.len()), (1, 5));
    assert_eq!(made.folds[0], Fold { train: made.development(20), validation: made.test.clone() });
    let error = partition(&Split::OnTest, None, 20, &[], 1).unwrap_err().to_string();
    assert!(error.contains("`data.test`"), "{error}");
}

fn refusal(split: Split, test: Option<TestSet>, groupings: &[Grouping]) -> String {
    let individuals = groupings.first().map_or(7, |g| g.values.len());
    partition(&split, test.as_ref(), individuals, groupings, 1).unwrap_err().to_string()
}

#[test]
fn an_empty_side_is_refused() {
    let random = |split| refusal(split, None, &[]);
    assert!(random(Split::KFold { folds: 8 }).contains("choose 2 to 7 folds"));
    assert!(random(Split::KFold { folds: 1 }).contains("1 folds"));
    for fraction in [0.01, 0.99, f64::NAN] {
        assert!(random(Split::Holdout { fraction }).contains("of 7 individuals leaves none"));
        let test = Some(TestSet::Fraction(fraction));
        assert!(refusal(Split::KFold { folds: 2 }, test, &[]).contains("test set of"));
    }
    let test = Some(TestSet::Fraction(0.5));
    assert!(refusal(Split::KFold { folds: 4 }, test, &[]).contains("choose 2 to 3 folds"));
}

#[test]
fn what_a_column_lacks_is_said_with_counts() {
    let families = [grouping("family", ["a", "a", "b", "NA", ""]), grouping("one", [1, 1, 1, 1, 1])];
    let family = |folds| Split::LeaveFamilyOut { column: "family".into(), folds };
    assert!(refusal(family(None), None, &families).contains("2 of 5 individuals have no value"));
    let test = |values: &[&str]| Some(TestSet::Column { column: "family".into(), values: texts(values) });
    // Those without a family are tested on.
    let made = partition(&family(None), test(&["NA", ""]).as_ref(), 5, &families, 1).unwrap();
    assert_eq!((made.folds.len(), made.test), (2, vec![3, 4]));
    assert!(refusal(family(Some(3)), test(&["NA", ""]), &families).contains("choose 2 to 2 folds"));
    assert!(refusal(family(None), test(&["c"]), &families).contains("no individual has the value `c`"));
    let all = test(&["a", "b", "NA", ""]);
    assert!(refusal(family(None), all, &families).contains("leaves none of 5 individuals to train on"));
    let one = Split::LeaveFamilyOut { column: "one".into(), folds: None };
    assert!(refusal(one, None, &families).contains("1 value (`1`); take another split"));
    let forward = Split::Forward { column: "one".into(), first: None };
    assert!(refusal(forward, None, &families).contains("no earlier one"));
    let forward = Split::Forward { column: "family".into(), first: None };
    assert!(
        refusal(forward, test(&["NA", ""]), &families).contains("`a` in the column `family` is not a number")
    );
    let unread = Split::Column { column: "sire".into(), validate: vec![] };
    assert!(refusal(unread, None, &families).contains("was not read"));
}
