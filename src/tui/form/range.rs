//! Where the sampler looks from now on.

use super::{Field, Form, Purpose};
use crate::domain::command::Command;
use crate::domain::space::Distribution;
use crate::domain::value::Value;
use crate::tui::state::AppState;
use crate::tui::theme::Tone;
use crate::tui::values;

/// The form, beginning with the first parameter.
pub fn new(state: &AppState) -> Result<Form, String> {
    let names: Vec<String> = state.history.space().parameters.iter().map(|p| p.name.clone()).collect();
    let Some(first) = names.first().cloned() else {
        return Err("nothing is searched: there is no range to change".into());
    };
    let fields = vec![
        Field::choice("parameter", names, &first),
        Field::line("low", "", "the smallest value"),
        Field::line("high", "", "the largest"),
        Field::line("values", "", "some of them, with commas between"),
    ];
    Ok(Form::new(Purpose::Range, "Narrow or widen a range", fields))
}

/// Fills in the present range of the parameter that was chosen.
fn fill(form: &mut Form, state: &AppState) {
    form.filled = form.fields[0].text().to_owned();
    let Some(parameter) = state.history.space().parameters.iter().find(|p| p.name == form.filled) else {
        return;
    };
    let mut put = |at: usize, text: String| {
        form.fields[at].input = crate::tui::entry::Input::new(text.clone());
        form.fields[at].was = Some(text);
    };
    match &parameter.distribution {
        Distribution::Float { low, high, .. } => {
            put(1, values::exact(&Value::Float(*low)));
            put(2, values::exact(&Value::Float(*high)));
        }
        Distribution::Int { low, high, .. } => {
            put(1, low.to_string());
            put(2, high.to_string());
        }
        choice @ Distribution::Choice { .. } => put(3, values::range(choice)),
    }
    let listed = matches!(parameter.distribution, Distribution::Choice { .. });
    for (field, is_list) in form.fields[1..].iter_mut().zip([false, false, true]) {
        field.hidden = is_list != listed;
    }
    form.fields[0].hint = format!("now {}", values::range(&parameter.distribution));
    form.fields[3].hint =
        format!("of {}", values::range(widest(state, &form.filled).unwrap_or(&parameter.distribution)));
}

/// The distribution of all values that a parameter's trials have had or may have.
fn widest<'a>(state: &'a AppState, parameter: &str) -> Option<&'a Distribution> {
    let all = &state.history.study().space.parameters;
    all.iter().find(|p| p.name == parameter).map(|p| &p.distribution)
}

/// The range of a parameter that `words` ask for: `LOW HIGH`, or some of its values. With it the place of the word
/// that is wrong.
///
/// # Errors
/// What is wrong with them, and which.
pub fn narrowed(state: &AppState, parameter: &str, words: &[&str]) -> Result<Distribution, (usize, String)> {
    let space = state.history.space();
    let now = space.parameters.iter().find(|p| p.name == parameter).map(|p| &p.distribution);
    let limits = state.menu.limits.get(parameter).copied();
    let ends = |what: &str| match words {
        [low, high] => Ok((*low, *high)),
        _ => Err((0, format!("{parameter} wants {what}: LOW HIGH"))),
    };
    let inside = |at: usize, value: f64| match limits {
        Some((low, high)) if !(low..=high).contains(&value) => {
            let [value, low, high] = [value, low, high].map(plain);
            Err((at, format!("{value} is outside {low} – {high}, what {parameter} may be")))
        }
        _ => Ok(()),
    };
    match now {
        None => Err((0, format!("`{parameter}` is not searched"))),
        Some(Distribution::Int { log, .. }) => {
            let (low, high) = ends("two whole numbers")?;
            let low = values::whole(low).map_err(|why| (0, why))?;
            let high = values::whole(high).map_err(|why| (1, why))?;
            inside(0, low as f64)?;
            inside(1, high as f64)?;
            match (low > high, *log && low < 1) {
                (true, _) => Err((1, format!("{high} is below {low}"))),
                (_, true) => Err((0, format!("{low} has no logarithm: at least 1"))),
                _ => Ok(Distribution::Int { low, high, log: *log }),
            }
        }
        Some(Distribution::Float { log, .. }) => {
            let (low, high) = ends("two numbers")?;
            let low = values::number(low).map_err(|why| (0, why))?;
            let high = values::number(high).map_err(|why| (1, why))?;
            inside(0, low)?;
            inside(1, high)?;
            match (low > high, *log && low <= 0.0) {
                (true, _) => Err((1, format!("{} is below {}", Value::Float(high), Value::Float(low)))),
                (_, true) => Err((0, format!("{} has no logarithm: above 0", Value::Float(low)))),
                _ => Ok(Distribution::Float { low, high, log: *log }),
            }
        }
        Some(own @ Distribution::Choice { .. }) => {
            let all = widest(state, parameter).unwrap_or(own);
            let listed = words.iter().flat_map(|word| word.split(',')).map(str::trim);
            let mut choices: Vec<Value> = Vec::new();
            for word in listed.filter(|word| !word.is_empty()) {
                let value = values::read(word, all).map_err(|why| (0, why))?;
                if !choices.contains(&value) {
                    choices.push(value);
                }
            }
            if choices.is_empty() {
                return Err((0, format!("{parameter} wants at least one of {}", values::range(all))));
            }
            Ok(Distribution::Choice { choices })
        }
    }
}

/// A limit as a person writes it: whole where it is.
fn plain(limit: f64) -> String {
    if limit.fract() == 0.0 && limit.abs() < 1e9 {
        format!("{limit:.0}")
    } else {
        Value::Float(limit).to_string()
    }
}

/// How many of the trials that have a value of a parameter lie within a range, and how many those are.
pub fn within(state: &AppState, parameter: &str, range: &Distribution) -> (usize, usize) {
    let own = state.history.trials().iter().filter_map(|trial| trial.params.get(parameter));
    own.fold((0, 0), |(inside, all), value| (inside + usize::from(range.to_unit(value).is_some()), all + 1))
}

fn asked(form: &Form, state: &AppState) -> Result<Distribution, (usize, String)> {
    let texts: Vec<&str> = form.fields[1..].iter().filter(|f| !f.hidden).map(Field::text).collect();
    narrowed(state, form.fields[0].text(), &texts)
}

pub fn review(form: &mut Form, state: &AppState) {
    if form.filled != form.fields[0].text() {
        fill(form, state);
    }
    let first = form.fields.iter().skip(1).position(|field| !field.hidden).map_or(1, |at| at + 1);
    match asked(form, state) {
        Err((at, why)) => form.fields[(first + at).min(3)].problem = Some(why),
        Ok(range) => {
            let (inside, all) = within(state, &form.filled, &range);
            let most = state.menu.limits.get(&form.filled).map_or_else(String::new, |(low, high)| {
                format!("; at most {} – {}", plain(*low), plain(*high))
            });
            form.foot = Some((Tone::Quiet, format!("{inside} of {all} trials lie inside{most}")));
        }
    }
}

pub fn command(form: &Form, state: &AppState) -> Result<(Command, String), String> {
    let distribution = asked(form, state).map_err(|(_, why)| why)?;
    let parameter = form.fields[0].text().to_owned();
    let said = format!("sent: {parameter} in {distribution} from now on");
    Ok((Command::Range { parameter, distribution }, said))
}
