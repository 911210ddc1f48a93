//! The filter's language.

use super::*;
use crate::analysis::compare::Ties;
use crate::analysis::testing::{Script, busy, kinds};
use crate::domain::event::Event;

fn found_in(script: &Script, text: &str) -> Vec<usize> {
    let history = script.history();
    let catalogue = Catalogue::of(history, None);
    let known = Known { history, ties: &Ties::of(history), marked: &[3, 12], now: script.now() };
    let filter = Filter::parse(text, &catalogue).unwrap();
    let admitted = |t: &&std::sync::Arc<Trial>| filter.admits(t, &catalogue, &[], &known);
    history.trials().iter().filter(admitted).map(|t| t.id).collect()
}

fn found(text: &str) -> Vec<usize> {
    found_in(&busy(), text)
}

#[test]
fn words_signs_and_inverse() {
    assert_eq!(found("state:failed"), [4]);
    assert_eq!(found("FINITE"), [4]);
    assert_eq!(found("score<66.5"), [7, 10, 11]);
    assert_eq!(found("score<=66.1 trial!=10"), [7, 11]);
    assert_eq!(found("!state:complete !state:running"), [4, 5]);
    let all: Vec<usize> = (0..16).collect();
    let mut both = [found("activation=RELU"), found("!activation=relu")].concat();
    both.sort_unstable();
    assert_eq!(both, all);
    assert_eq!(found(""), all);
    assert_eq!(found("#10"), [10]);
    assert_eq!(found("learning_rate=5.906e-5"), [10], "as it is shown");
    assert_eq!(found("fold2>100 pearson<0.4"), [8]);
}

#[test]
fn what_a_trial_is_and_what_is_said_of_it() {
    let mut script = busy();
    let text = "Looks good: again".to_owned();
    script.record(Event::TrialAnnotated { trial: 6, text });
    script.record(Event::TrialPinned { trial: 9, pinned: true });
    let found = |text| found_in(&script, text);
    assert_eq!(found("marked"), [3, 12]);
    assert_eq!(found("!marked pinned"), [9]);
    assert_eq!(found("note:good"), [6]);
    assert_eq!(found("note:\"looks good\""), [6]);
    assert_eq!(found("\"good: again\""), [6]);
    assert_eq!(found("note~^looks"), [6]);
    assert_eq!(found("\"pinned\""), Vec::<usize>::new(), "a quoted word is text");
    assert_eq!(found("state:paused"), [5], "its pruner may let it go on");
    assert_eq!(found_in(&kinds(), "tied state:complete").len(), found_in(&kinds(), "tied").len());
}

#[test]
fn regular_expressions() {
    assert_eq!(found("/^training loss/"), [4]);
    assert_eq!(found("~^Below"), [5]);
    let all = found("").len();
    assert_eq!(found("activation~^(relu|elu)$").len() + found("!activation~^(relu|elu)$").len(), all);
    assert_eq!(found("!/^training loss/ /loss|rung/"), [5]);
}

#[test]
fn errors_name_the_word_and_the_remedy() {
    let catalogue = Catalogue::of(busy().history(), None);
    let error = |text| Filter::parse(text, &catalogue).unwrap_err().to_string();
    assert_eq!(error("filtres>5"), "there is no column `filtres`: did you mean `filters`?");
    assert_eq!(error("filters>many"), "`many` is not a number, and only numbers can be smaller or larger");
    assert_eq!(error("state:"), "`state:` wants a value after it");
    assert_eq!(error("qqqqqqqqq=1"), "there is no column `qqqqqqqqq`");
    assert_eq!(error("/(a/"), "`(a` is no regular expression: quote it to find it as text");
}

#[test]
fn no_text_panics() {
    let catalogue = Catalogue::of(busy().history(), None);
    for text in ["!", "!!", "\"", "!\"", "/", "!/", "~", ":", "=", "!=", "ä\"ö ü", "a:\"", "\"!x\" !\"y\""]
    {
        let _ = Filter::parse(text, &catalogue);
    }
}
