//! Forms: a few fields that are checked as one types, and become one command to the study.

mod count;
mod method;
mod note;
mod params;
mod range;

pub use count::{slots, total};
pub use params::completed;
pub use range::{narrowed, within};

use super::entry::Input;
use super::keymap::Action;
use super::state::{AppState, Dialog};
use super::steer;
use super::theme::Tone;
use super::update::Effect;
use crate::domain::command::Command;
use crate::domain::trial::TrialId;

/// What a form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A new trial with the params of another one, changed.
    Clone,
    /// A new trial.
    New,
    /// Another number of trials.
    Trials,
    /// Another number of trials at once.
    Workers,
    /// Another range of a parameter.
    Range,
    /// Another sampler.
    Sampler,
    /// Another pruner.
    Pruner,
    /// Words on a trial.
    Note,
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What stands in it.
    pub input: Input,
    /// What it may hold, where that is a list to go through.
    pub choices: Vec<String>,
    /// What may be written, in a few words.
    pub hint: String,
    /// What stood there in what is changed.
    pub was: Option<String>,
    /// Whether it is left out, because it has no effect beside the others.
    pub hidden: bool,
    /// What is wrong with it.
    pub problem: Option<String>,
}

impl Field {
    /// A field to write into.
    fn line(name: &str, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Field { name: name.to_owned(), input: Input::new(text), hint: hint.into(), ..Field::default() }
    }

    /// A field to choose in.
    fn choice(name: &str, choices: Vec<String>, now: &str) -> Self {
        Field { name: name.to_owned(), input: Input::new(now), choices, ..Field::default() }
    }

    /// What stands in it, without the blanks around.
    pub fn text(&self) -> &str {
        self.input.text().trim()
    }

    /// Whether it differs from what stood there.
    pub fn is_changed(&self) -> bool {
        !self.hidden && self.was.as_ref().is_some_and(|was| was != self.text())
    }

    /// Goes round its choices.
    fn cycle(&mut self, by: isize) {
        let at = self.choices.iter().position(|c| c == self.input.text());
        let count = self.choices.len() as isize;
        let to = at.map_or(0, |at| (at as isize + by).rem_euclid(count));
        self.input = Input::new(self.choices[to as usize].clone());
    }

    /// Goes to the next choice that begins with a letter.
    fn jump(&mut self, letter: char) {
        let at = self.choices.iter().position(|c| c == self.input.text()).map_or(0, |at| at + 1);
        let begins = |c: &&String| c.to_lowercase().starts_with(letter.to_ascii_lowercase());
        let (before, after) = self.choices.split_at(at.min(self.choices.len()));
        if let Some(choice) = after.iter().chain(before).find(begins) {
            self.input = Input::new(choice.clone());
        }
    }
}

/// A form that is open.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// What it is for.
    pub purpose: Purpose,
    /// Its title.
    pub title: String,
    /// The trial it is about, if any.
    pub trial: Option<TrialId>,
    /// Its fields.
    pub fields: Vec<Field>,
    /// The field that takes the keys.
    pub at: usize,
    /// A line below the fields.
    pub foot: Option<(Tone, String)>,
    /// The parameter or method that the other fields were filled in for.
    filled: String,
}

impl Form {
    fn new(purpose: Purpose, title: impl Into<String>, fields: Vec<Field>) -> Self {
        Form { purpose, title: title.into(), trial: None, fields, at: 0, foot: None, filled: String::new() }
    }

    /// The first thing that is wrong, and in which field.
    pub fn problem(&self) -> Option<usize> {
        self.fields.iter().position(|field| !field.hidden && field.problem.is_some())
    }

    /// How many fields differ from what they were.
    pub fn changes(&self) -> usize {
        self.fields.iter().filter(|field| field.is_changed()).count()
    }

    /// Gives the keys to the next field that is shown, round the form.
    fn step(&mut self, by: isize) {
        let count = self.fields.len() as isize;
        for _ in 0..count {
            self.at = (self.at as isize + by).rem_euclid(count) as usize;
            if !self.fields[self.at].hidden {
                return;
            }
        }
    }
}

/// Opens a form; one about a trial for `trial`, or for the selected one.
///
/// # Errors
/// Why it can't be opened.
pub fn open(state: &mut AppState, purpose: Purpose, trial: Option<TrialId>) -> Result<Vec<Effect>, String> {
    if let Some(why) = steer::refusal(state) {
        return Err(format!("nothing can be changed: {why}"));
    }
    let about = |doing: &str| match trial {
        Some(id) => steer::trial(state, id),
        None => steer::selected(state, doing),
    };
    let mut form = match purpose {
        Purpose::Clone => params::clone(state, about("clone")?)?,
        Purpose::New => params::new(state)?,
        Purpose::Trials => count::trials(state),
        Purpose::Workers => count::workers(state),
        Purpose::Range => range::new(state)?,
        Purpose::Sampler | Purpose::Pruner => method::new(state, purpose)?,
        Purpose::Note => note::new(about("note")?),
    };
    review(&mut form, state);
    state.dialog = Some(Dialog::Form(Box::new(form)));
    Ok(Vec::new())
}

/// Checks everything again, after something was written.
fn review(form: &mut Form, state: &AppState) {
    for field in &mut form.fields {
        field.problem = None;
    }
    form.foot = None;
    match form.purpose {
        Purpose::Clone | Purpose::New => params::review(form, state),
        Purpose::Trials | Purpose::Workers => count::review(form, state),
        Purpose::Range => range::review(form, state),
        Purpose::Sampler | Purpose::Pruner => method::review(form, state),
        Purpose::Note => note::review(form),
    }
}

/// The command that a form without problems comes to, and what is said of it.
fn command(form: &Form, state: &AppState) -> Result<(Command, String), String> {
    match form.purpose {
        Purpose::Clone | Purpose::New => params::command(form, state),
        Purpose::Trials | Purpose::Workers => count::command(form, state),
        Purpose::Range => range::command(form, state),
        Purpose::Sampler | Purpose::Pruner => method::command(form),
        Purpose::Note => Ok(note::command(form)),
    }
}

/// Follows a key. The form is open again afterwards, unless it was sent or left.
pub fn act(state: &mut AppState, mut form: Box<Form>, action: Action) -> Vec<Effect> {
    let at = form.at;
    match action {
        Action::Back => return Vec::new(),
        Action::Accept => return submit(state, form),
        Action::NextPanel | Action::Down => form.step(1),
        Action::PreviousPanel | Action::Up => form.step(-1),
        Action::Left if !form.fields[at].choices.is_empty() => form.fields[at].cycle(-1),
        Action::Right if !form.fields[at].choices.is_empty() => form.fields[at].cycle(1),
        other if form.fields[at].choices.is_empty() => drop(form.fields[at].input.act(other)),
        _ => {}
    }
    review(&mut form, state);
    state.dialog = Some(Dialog::Form(form));
    Vec::new()
}

/// Takes in what is typed or pasted.
pub fn write(state: &mut AppState, words: &str) {
    let Some(Dialog::Form(mut form)) = state.dialog.take() else { return };
    let at = form.at;
    let field = &mut form.fields[at];
    match words.chars().next() {
        Some(' ') if !field.choices.is_empty() => field.cycle(1),
        Some(letter) if !field.choices.is_empty() => field.jump(letter),
        _ => field.input.insert(words),
    }
    review(&mut form, state);
    state.dialog = Some(Dialog::Form(form));
}

fn submit(state: &mut AppState, mut form: Box<Form>) -> Vec<Effect> {
    if let Some(at) = form.problem() {
        form.at = at;
        state.dialog = Some(Dialog::Form(form));
        return Vec::new();
    }
    match command(&form, state) {
        Ok((command, said)) => {
            let outcome = steer::send(state, command, said);
            steer::told(state, outcome)
        }
        Err(why) => {
            form.foot = Some((Tone::Bad, why));
            state.dialog = Some(Dialog::Form(form));
            Vec::new()
        }
    }
}
