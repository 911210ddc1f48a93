//! The params of a new trial: those of another one, changed, or some and the rest drawn.

use super::{Field, Form, Purpose};
use crate::domain::command::Command;
use crate::domain::seed::{self, Rng};
use crate::domain::space::{Distribution, SearchSpace};
use crate::domain::trial::Trial;
use crate::domain::value::{Params, counted};
use crate::tui::state::AppState;
use crate::tui::theme::Tone;
use crate::tui::values;

/// The form that copies a trial.
pub fn clone(state: &AppState, trial: &Trial) -> Result<Form, String> {
    let fields = fields(state, Some(trial))?;
    Ok(Form {
        trial: Some(trial.id),
        ..Form::new(Purpose::Clone, format!("Clone trial {} and edit", trial.id), fields)
    })
}

/// The form of a trial from nothing.
pub fn new(state: &AppState) -> Result<Form, String> {
    Ok(Form::new(Purpose::New, "New trial", fields(state, None)?))
}

fn fields(state: &AppState, from: Option<&Trial>) -> Result<Vec<Field>, String> {
    let space = &state.history.study().space;
    if space.parameters.is_empty() {
        return Err("nothing is searched: every trial has the same params".into());
    }
    let field = |(name, distribution): (&String, &Distribution)| {
        let was = from.map(|trial| trial.params.get(name).map(values::exact));
        // What the other trial has no value of begins in the middle, should it come to have an effect.
        let middle = || values::exact(&distribution.from_unit(0.5));
        let text = was.clone().map_or_else(String::new, |own| own.unwrap_or_else(middle));
        let mut choices = Vec::new();
        if let Distribution::Choice { choices: values } = distribution {
            choices.extend(from.is_none().then(String::new));
            choices.extend(values.iter().map(values::exact));
        }
        let was = was.map(Option::unwrap_or_default);
        Field { choices, was, ..Field::line(name, text, values::range(distribution)) }
    };
    Ok(space.parameters.iter().map(|p| field((&p.name, &p.distribution))).collect())
}

pub fn review(form: &mut Form, state: &AppState) {
    let space = &state.history.study().space;
    let drawn = form.purpose == Purpose::New;
    let mut params = Params::new();
    for (field, parameter) in form.fields.iter_mut().zip(&space.parameters) {
        field.hidden = !parameter.is_active(&params);
        if field.hidden || (drawn && field.text().is_empty()) {
            continue;
        }
        match values::read(field.text(), &parameter.distribution) {
            Ok(value) => drop(params.insert(parameter.name.clone(), value)),
            Err(why) => field.problem = Some(why),
        }
    }
    let Some(trial) = form.trial else {
        form.foot = Some((Tone::Quiet, "what is left blank is drawn".into()));
        return;
    };
    form.foot = (form.problem().is_none()).then(|| match form.changes() {
        0 => (Tone::Warn, format!("nothing differs from trial {trial}: only its seed would")),
        n => (Tone::Quiet, format!("{} from trial {trial}", counted(n, "change"))),
    });
}

pub fn command(form: &Form, state: &AppState) -> Result<(Command, String), String> {
    let shown = form.fields.iter().filter(|field| !field.hidden && !field.text().is_empty());
    let written: Vec<String> = shown.map(|field| format!("{}={}", field.name, field.text())).collect();
    let params = completed(state, &written)?;
    let said = match form.trial {
        Some(trial) => {
            format!("queued: a clone of trial {trial} with {}", counted(form.changes(), "change"))
        }
        None => format!("queued: a new trial, {} given", counted(written.len(), "value")),
    };
    Ok((Command::Enqueue { params, parent: form.trial }, said))
}

/// The values that `name=value` words give.
///
/// # Errors
/// Names the word that gives none, and the remedy.
fn given(space: &SearchSpace, words: &[String]) -> Result<Params, String> {
    let mut params = Params::new();
    for word in words {
        let Some((name, value)) = word.split_once('=') else {
            return Err(format!("`{word}` gives no value: write name=value"));
        };
        let names = || space.parameters.iter().map(|p| p.name.as_str());
        let Some(parameter) = space.parameters.iter().find(|p| p.name.eq_ignore_ascii_case(name)) else {
            let near = values::near(name, names());
            let near = if near.is_empty() {
                format!(": those searched are {}", names().collect::<Vec<_>>().join(", "))
            } else {
                near
            };
            return Err(format!("`{name}` is not searched{near}"));
        };
        let value = values::read(value, &parameter.distribution)
            .map_err(|why| format!("{}: {why}", parameter.name))?;
        params.insert(parameter.name.clone(), value);
    }
    Ok(params)
}

/// Params with the values that `name=value` words give, and draws for the others, from where the sampler looks
/// now. The same words at the same time give the same params.
///
/// # Errors
/// Names the word that is wrong, and the remedy.
pub fn completed(state: &AppState, words: &[String]) -> Result<Params, String> {
    let study = state.history.study();
    let given = given(&study.space, words)?;
    let mut space = study.space.clone();
    for (parameter, now) in space.parameters.iter_mut().zip(&state.history.space().parameters) {
        if !given.contains_key(&parameter.name) {
            parameter.distribution = now.distribution.clone();
        }
    }
    let mut rng = Rng::new(seed::derive(study.seed, &words.join(" "), state.history.trials().len() as u64));
    space.complete(&given, &mut rng).map_err(|error| error.to_string())
}
