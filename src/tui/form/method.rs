//! Another sampler or pruner.

use super::{Field, Form, Purpose};
use crate::domain::command::Command;
use crate::domain::event::Method;
use crate::tui::state::AppState;
use crate::tui::theme::Tone;
use crate::tui::values;

fn choices(state: &AppState, purpose: Purpose) -> &[(&'static str, &'static str)] {
    if purpose == Purpose::Sampler { &state.menu.samplers } else { &state.menu.pruners }
}

/// The form that switches.
pub fn new(state: &AppState, purpose: Purpose) -> Result<Form, String> {
    let history = &state.history;
    let (noun, now) = match purpose {
        Purpose::Sampler => ("sampler", history.sampler()),
        _ => ("pruner", history.pruner()),
    };
    let names: Vec<String> = choices(state, purpose).iter().map(|(name, _)| (*name).to_owned()).collect();
    let Some(first) = names.first() else {
        return Err(format!("there is no {noun} to choose from here"));
    };
    // Of a pruner that was never switched the history does not tell the name.
    let asked = || history.asked()?.pruner.as_ref().map(|method| method.kind.as_str());
    let word = if purpose == Purpose::Sampler { history.sampler_name() } else { asked().unwrap_or_default() };
    let kind = now.map_or(word, |method| &method.kind);
    let kind = names.iter().find(|name| *name == kind).unwrap_or(first).clone();
    let settings = now.map_or_else(String::new, |method| values::written(&method.settings));
    let fields = vec![
        Field { was: now.map(|m| m.kind.clone()), ..Field::choice(noun, names, &kind) },
        Field::line("settings", settings, "name=value …, blank for the usual ones"),
    ];
    Ok(Form::new(purpose, format!("Switch the {noun}"), fields))
}

pub fn review(form: &mut Form, state: &AppState) {
    let kind = form.fields[0].text();
    let help = choices(state, form.purpose).iter().find(|(name, _)| *name == kind).map(|(_, help)| *help);
    form.foot = help.map(|help| (Tone::Quiet, help.to_owned()));
    form.fields[1].problem = values::settings(form.fields[1].text()).err();
}

pub fn command(form: &Form) -> Result<(Command, String), String> {
    let settings = values::settings(form.fields[1].text())?;
    let method = Method { kind: form.fields[0].text().to_owned(), settings };
    Ok(match form.purpose {
        Purpose::Sampler => {
            let said = format!("sent: sampler {method} for the next trials");
            (Command::Sampler(method), said)
        }
        _ => {
            let said = format!("sent: pruner {method} from now on");
            (Command::Pruner(method), said)
        }
    })
}
