//! How many trials in all, and how many at once.

use super::{Field, Form, Purpose};
use crate::domain::command::Command;
use crate::domain::value::counted;
use crate::tui::state::AppState;
use crate::tui::theme::Tone;
use crate::tui::values;

/// Most trials that a study is asked for.
const MOST: usize = 1_000_000;

/// The form for another number of trials.
pub fn trials(state: &AppState) -> Form {
    let field = Field::line("trials in all", state.history.target().to_string(), "a number, or +20 for more");
    Form::new(Purpose::Trials, "How many trials?", vec![field])
}

/// The form for another number of trials at once.
pub fn workers(state: &AppState) -> Form {
    let hint = match state.menu.slots {
        0 => "a number, +1 or -1".to_owned(),
        most => format!("1 to {most}, +1 or -1"),
    };
    let field = Field::line("trials at once", state.history.slots().to_string(), hint);
    Form::new(Purpose::Workers, "How many trials at once?", vec![field])
}

/// A number, or what is to be added to `now` or taken from it.
fn moved(text: &str, now: usize) -> Result<i64, String> {
    let number = values::whole(text.trim_start_matches('+'))?;
    let relative = text.starts_with(['+', '-']);
    Ok(if relative { (now as i64).saturating_add(number) } else { number })
}

/// The number of trials in all that `20` or `+20` asks for.
///
/// # Errors
/// Where it is none that can be had.
pub fn total(state: &AppState, text: &str) -> Result<usize, String> {
    let number = moved(text, state.history.target())?;
    let there = state.history.trials().len();
    match usize::try_from(number) {
        Ok(number) if (there.max(1)..=MOST).contains(&number) => Ok(number),
        Ok(number) if number > MOST => Err(format!("{number} are too many: at most {MOST}")),
        _ if there > 0 => Err(format!("{number} is too few: there are {there} already")),
        _ => Err(format!("{number} is too few: at least 1")),
    }
}

/// The number of trials at once that `4`, `+1` or `-1` asks for.
///
/// # Errors
/// Where it is none that can be had.
pub fn slots(state: &AppState, text: &str) -> Result<usize, String> {
    let number = moved(text, state.history.slots())?;
    let most = if state.menu.slots == 0 { usize::MAX } else { state.menu.slots };
    match usize::try_from(number) {
        Ok(0) | Err(_) => Err(format!("{number} is too few: at least 1; `p` pauses the study")),
        Ok(number) if number > most => {
            Err(format!("{number} are too many: this machine has room for {most}"))
        }
        Ok(number) => Ok(number),
    }
}

pub fn review(form: &mut Form, state: &AppState) {
    let text = form.fields[0].text();
    let outcome = match form.purpose {
        Purpose::Workers => slots(state, text).map(|number| {
            let (now, running) = (state.history.slots(), state.running.len());
            match number.cmp(&now) {
                std::cmp::Ordering::Equal => format!("as now: {} at once", counted(now, "trial")),
                std::cmp::Ordering::Greater => {
                    format!("{} more at once; the threads are shared anew", counted(number - now, "trial"))
                }
                std::cmp::Ordering::Less if running > number => {
                    format!("the {running} that run finish first")
                }
                std::cmp::Ordering::Less => format!("{} fewer at once", counted(now - number, "trial")),
            }
        }),
        _ => total(state, text).map(|number| {
            let (there, ended) = (state.history.trials().len(), state.history.counts().finished());
            format!(
                "{} so far, of which {ended} have ended: {} to come",
                counted(there, "trial"),
                number - there
            )
        }),
    };
    match outcome {
        Ok(words) => form.foot = Some((Tone::Quiet, words)),
        Err(why) => form.fields[0].problem = Some(why),
    }
}

pub fn command(form: &Form, state: &AppState) -> Result<(Command, String), String> {
    let text = form.fields[0].text();
    Ok(match form.purpose {
        Purpose::Workers => {
            let number = slots(state, text)?;
            (Command::Workers(number), format!("sent: {} at once", counted(number, "trial")))
        }
        _ => {
            let number = total(state, text)?;
            (Command::Trials(number), format!("sent: {} in all", counted(number, "trial")))
        }
    })
}
