//! The command line `:`: a table of commands, what completes them, and what came before.

mod go;
mod screen;
mod study;
mod table;

pub use table::COMMANDS;

use super::entry::Input;
use super::keymap::Action;
use super::state::{AppState, Dialog};
use super::text::clean;
use super::update::Effect;
use super::values::near;

/// How many commands of this session are kept.
const PAST: usize = 50;
/// How many of them are offered again.
const RECENT: usize = 3;

/// What a command comes to: its effects, or what is wrong with it and the remedy.
pub type Outcome = Result<Vec<Effect>, String>;

/// A row of the table.
#[derive(Debug)]
pub struct CommandRow {
    /// Its name.
    pub name: &'static str,
    /// What follows the name; in brackets where it may be left out.
    pub usage: &'static str,
    /// One line of help.
    pub help: &'static str,
    /// What may stand at the place of the last of its words; given those before it.
    pub complete: fn(&AppState, &[&str]) -> Vec<Candidate>,
    /// Does it; given what follows the name.
    pub run: fn(&mut AppState, &str) -> Outcome,
}

impl CommandRow {
    /// Whether nothing can be done with its name alone.
    fn wants_more(&self) -> bool {
        !self.usage.is_empty() && !self.usage.starts_with('[')
    }
}

/// Something that may be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The word.
    pub word: String,
    /// What follows it, for a command.
    pub usage: &'static str,
    /// What it means.
    pub help: String,
    /// Whether it stands for the whole line.
    pub whole: bool,
}

impl Candidate {
    /// A word with its meaning.
    pub fn new(word: impl Into<String>, help: impl Into<String>) -> Self {
        Candidate { word: word.into(), usage: "", help: help.into(), whole: false }
    }
}

/// The command line, while it is open.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prompt {
    /// What is written.
    pub input: Input,
    /// What may be meant, the likeliest first.
    pub candidates: Vec<Candidate>,
    /// The chosen one.
    pub chosen: Option<usize>,
    /// Why what was written can't be done.
    pub problem: Option<String>,
}

impl Prompt {
    /// Writes a candidate at the place of the last word.
    fn fill(&mut self, state: &AppState, place: usize) {
        let Some(candidate) = self.candidates.get(place) else { return };
        let written = self.input.text();
        let from = if candidate.whole { 0 } else { start(written) };
        let space = if candidate.usage.is_empty() { "" } else { " " };
        self.input = Input::new(format!("{}{}{space}", &written[..from], candidate.word));
        self.refresh(state);
    }

    /// Looks again for what may be meant.
    fn refresh(&mut self, state: &AppState) {
        self.candidates = candidates(state, self.input.text());
        (self.chosen, self.problem) = (None, None);
    }
}

/// Opens the command line, with something written already.
pub fn open(state: &mut AppState, text: &str) {
    let mut prompt = Prompt { input: Input::new(text), ..Prompt::default() };
    prompt.refresh(state);
    state.dialog = Some(Dialog::Command(Box::new(prompt)));
}

/// Follows a key.
pub fn act(state: &mut AppState, mut prompt: Box<Prompt>, action: Action) -> Vec<Effect> {
    let count = prompt.candidates.len();
    match action {
        Action::Back => return Vec::new(),
        Action::Accept => return accept(state, prompt),
        Action::Down if count > 0 => prompt.chosen = Some(prompt.chosen.map_or(0, |at| (at + 1) % count)),
        Action::Up if count > 0 => prompt.chosen = prompt.chosen.unwrap_or(count).checked_sub(1),
        Action::NextPanel => {
            let place = prompt.chosen.unwrap_or(0);
            prompt.fill(state, place);
        }
        // Nothing left to erase: the line is left, as in vi.
        Action::Erase if prompt.input.text().is_empty() => return Vec::new(),
        other => {
            if prompt.input.act(other) {
                prompt.refresh(state);
            }
        }
    }
    state.dialog = Some(Dialog::Command(prompt));
    Vec::new()
}

/// Takes in what is typed or pasted.
pub fn write(state: &mut AppState, words: &str) {
    let Some(Dialog::Command(mut prompt)) = state.dialog.take() else { return };
    prompt.input.insert(words);
    prompt.refresh(state);
    state.dialog = Some(Dialog::Command(prompt));
}

fn accept(state: &mut AppState, mut prompt: Box<Prompt>) -> Vec<Effect> {
    if let Some(place) = prompt.chosen {
        prompt.fill(state, place);
        let more = named(prompt.input.text().trim()).is_ok_and(CommandRow::wants_more);
        if more {
            state.dialog = Some(Dialog::Command(prompt));
            return Vec::new();
        }
    }
    let line = prompt.input.text().trim().to_owned();
    match run(state, &line) {
        Ok(effects) => {
            state.past.retain(|past| *past != line);
            state.past.extend((!line.is_empty()).then_some(line));
            let surplus = state.past.len().saturating_sub(PAST);
            state.past.drain(..surplus);
            effects
        }
        Err(why) => {
            prompt.problem = Some(why);
            state.dialog = Some(Dialog::Command(prompt));
            Vec::new()
        }
    }
}

/// Does what a line says.
///
/// # Errors
/// What is wrong with it, and the remedy.
pub fn run(state: &mut AppState, line: &str) -> Outcome {
    let line = line.trim();
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    match name.parse() {
        Ok(trial) if rest.is_empty() => go::jump(state, trial),
        _ if name.is_empty() => Ok(Vec::new()),
        _ => {
            let row = named(name)?;
            if row.wants_more() && rest.trim().is_empty() {
                return Err(format!("{} wants {}", row.name, row.usage));
            }
            (row.run)(state, rest.trim())
        }
    }
}

/// The command of that name, or the only one that begins so.
fn named(name: &str) -> Result<&'static CommandRow, String> {
    let name = name.to_lowercase();
    if let Some(row) = COMMANDS.iter().find(|row| row.name == name) {
        return Ok(row);
    }
    let begins: Vec<&CommandRow> = COMMANDS.iter().filter(|row| row.name.starts_with(&name)).collect();
    match begins[..] {
        [only] => Ok(only),
        [] => {
            let near = near(&name, COMMANDS.iter().map(|row| row.name));
            let near = if near.is_empty() { "; Tab shows all".to_owned() } else { near };
            Err(format!("there is no command `{}`{near}", clean(&name)))
        }
        _ => {
            let names: Vec<&str> = begins.iter().map(|row| row.name).collect();
            Err(format!("`{}` may be {}", clean(&name), names.join(", ")))
        }
    }
}

/// The byte at which the last word of a line begins.
fn start(line: &str) -> usize {
    line.rfind(char::is_whitespace).map_or(0, |at| at + 1)
}

/// What may be meant by the last word of a line.
fn candidates(state: &AppState, line: &str) -> Vec<Candidate> {
    let (before, last) = line.split_at(start(line));
    let mut words = before.split_whitespace();
    let Some(name) = words.next() else {
        let recent = state.past.iter().rev().filter(|past| past.starts_with(last)).take(RECENT);
        let recent = recent.map(|past| Candidate { whole: true, ..Candidate::new(past.as_str(), "again") });
        let all =
            COMMANDS.iter().map(|row| Candidate { usage: row.usage, ..Candidate::new(row.name, row.help) });
        return recent.chain(matching(all.collect(), last)).collect();
    };
    let Ok(row) = named(name) else { return Vec::new() };
    matching((row.complete)(state, &words.collect::<Vec<_>>()), last)
}

/// Those that `last` may begin or abbreviate, the likeliest first; nothing once it is written out.
fn matching(all: Vec<Candidate>, last: &str) -> Vec<Candidate> {
    let last = last.to_lowercase();
    let mut found: Vec<(usize, Candidate)> =
        all.into_iter().filter_map(|c| Some((likeness(&c.word.to_lowercase(), &last)?, c))).collect();
    found.sort_by_key(|(rank, _)| *rank);
    if let [(_, only)] = &found[..]
        && only.word == last
        && only.usage.is_empty()
    {
        return Vec::new();
    }
    found.into_iter().map(|(_, candidate)| candidate).collect()
}

/// How well a word matches what was written of it: its start, its middle, or its letters in order.
fn likeness(word: &str, written: &str) -> Option<usize> {
    if word.starts_with(written) {
        return Some(0);
    }
    if word.contains(written) {
        return Some(1);
    }
    let mut rest = word.chars();
    written.chars().all(|c| rest.any(|w| w == c)).then_some(2)
}

/// The usage and help of the command that a line begins with.
pub fn usage(line: &str) -> Option<&'static CommandRow> {
    named(line.split_whitespace().next()?).ok()
}
