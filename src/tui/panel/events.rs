//! What happened to a trial: who asked for it and why, its course, what a person did with it, and its kin.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Panel, detail, empty};
use crate::analysis::{family, human};
use crate::domain::event::ObjectiveKind;
use crate::domain::trial::{Expected, Timestamp, Trial, TrialId, TrialState};
use crate::domain::value::{counted, significant};
use crate::tui::keymap::Action;
use crate::tui::navigate;
use crate::tui::order::Row;
use crate::tui::state::{AppState, PanelId};
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel = Panel { about, act, arrange, ..Panel::plain(PanelId::Events, "Events", render) };

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    trial: Option<TrialId>,
    /// The trials that were bred from it, and of how many trials that was looked up.
    children: (usize, Vec<TrialId>),
    lines: Vec<Told>,
    cursor: usize,
}

/// A line.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    /// When, where it is known and the line is the first of its event.
    at: Option<Timestamp>,
    /// A word for what it is; empty on the lines that follow.
    what: &'static str,
    tone: Tone,
    text: String,
    /// The trial that Enter leads to.
    trial: Option<TrialId>,
}

/// Columns before the text: the time of day and a word.
const BEFORE: usize = 10 + WHAT;
/// Columns of that word.
const WHAT: usize = 11;
/// Most children that are listed.
const CHILDREN: usize = 50;

fn about(state: &AppState) -> String {
    detail::shown(state).map_or_else(String::new, |trial| format!("of trial {}", trial.id))
}

/// Makes the lines: the log and the trial may have changed.
fn arrange(state: &mut AppState, area: Rect) -> Vec<Effect> {
    let Some(trial) = detail::shown(state) else {
        state.panels.events = State::default();
        return Vec::new();
    };
    let known = &state.panels.events;
    let (id, count) = (trial.id, state.history.trials().len());
    let children = match known.trial == Some(id) && known.children.0 == count {
        true => known.children.1.clone(),
        false => family::children(&state.history, id),
    };
    let room = usize::from(area.width).saturating_sub(BEFORE + 3);
    let lines = told(state, trial, &children, room.max(8));
    let own = &mut state.panels.events;
    let cursor = if own.trial == Some(id) { own.cursor.min(lines.len().saturating_sub(1)) } else { 0 };
    *own = State { trial: Some(id), children: (count, children), lines, cursor };
    Vec::new()
}

/// Puts events into lines of `room` columns.
struct Teller {
    room: usize,
    lines: Vec<Told>,
}

impl Teller {
    fn tell(&mut self, at: Option<Timestamp>, what: &'static str, tone: Tone, text: &str) {
        self.lead(at, what, tone, text, None);
    }

    fn lead(
        &mut self,
        at: Option<Timestamp>,
        what: &'static str,
        tone: Tone,
        text: &str,
        trial: Option<TrialId>,
    ) {
        for (i, text) in text::wrap(text, self.room).into_iter().enumerate() {
            let first = i == 0;
            let (at, what) = (at.filter(|_| first), if first { what } else { "" });
            self.lines.push(Told { at, what, tone, text, trial });
        }
    }
}

fn told(state: &AppState, trial: &Trial, children: &[TrialId], room: usize) -> Vec<Told> {
    let mut teller = Teller { room, lines: Vec::new() };
    asked(state, trial, &mut teller);
    course(state, trial, &mut teller);
    if trial.pinned {
        teller.tell(None, "pinned", Tone::Accent, "a person keeps it in sight");
    }
    if !trial.annotation.is_empty() {
        teller.tell(None, "note", Tone::Strong, &trial.annotation);
    }
    for child in children.iter().take(CHILDREN) {
        let words = kin(state, *child);
        teller.lead(None, "child", Tone::Plain, &words, Some(*child));
    }
    if children.len() > CHILDREN {
        let words = format!("and {} more", human::thousands(children.len() - CHILDREN));
        teller.tell(None, "", Tone::Quiet, &words);
    }
    let own =
        state.activity.entries().iter().filter(|e| speaks_of(&e.text, trial.id) && !is_known(&e.text, trial));
    for entry in own {
        teller.tell(Some(entry.at), "log", entry.tone, &entry.text);
    }
    teller.lines
}

/// Whether a line of the log says of a trial what its course says already.
fn is_known(text: &str, trial: &Trial) -> bool {
    let told = text.strip_prefix(&format!("trial {} ", trial.id));
    told.is_some_and(|told| told.starts_with(trial.state.word()) || told.starts_with("started in slot"))
}

/// Whether a line of the log is about a trial.
fn speaks_of(text: &str, trial: TrialId) -> bool {
    let words = format!("trial {trial}");
    text.match_indices(&words).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + words.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(|c| c.is_ascii_digit())
    })
}

/// Who asked for it, why, and what was expected.
fn asked(state: &AppState, trial: &Trial, teller: &mut Teller) {
    let (study, origin) = (state.history.study(), &trial.origin);
    let by = if origin.by.is_empty() { "not on record" } else { &origin.by };
    teller.tell(None, "asked by", Tone::Plain, by);
    if !origin.why.is_empty() {
        teller.tell(None, "because", Tone::Plain, &origin.why);
    }
    if let Some(Expected { low, middle, high }) = origin.expected {
        let [low, middle, high] = [low, middle, high].map(|v| significant(v, 4));
        let range = state.theme.symbols().range;
        let got = trial.score.map_or_else(String::new, |score| format!("; it is {}", significant(score, 4)));
        let words = format!("{} {middle} ({low} {range} {high}){got}", study.metric);
        teller.tell(None, "expected", Tone::Plain, &words);
    }
    for parent in &origin.parents {
        teller.lead(None, "parent", Tone::Plain, &kin(state, *parent), Some(*parent));
    }
    if study.replicates > 1 {
        let words = format!("{} of {}", study.replicate(trial.id) + 1, study.replicates);
        teller.tell(None, "search", Tone::Quiet, &words);
    }
}

/// What is said of a parent or child.
fn kin(state: &AppState, id: TrialId) -> String {
    let Some(trial) = state.history.trial(id) else { return format!("trial {id}") };
    let score = trial.score.map(|s| format!(", {} {}", state.history.study().metric, significant(s, 4)));
    format!("trial {id}, {}{}", trial.state.word(), score.unwrap_or_default())
}

/// From its start to its end.
fn course(state: &AppState, trial: &Trial, teller: &mut Teller) {
    let study = state.history.study();
    let steps = study.objective.steps();
    if trial.state == TrialState::Waiting {
        let words = if trial.reports.is_empty() {
            "waits for a slot".to_owned()
        } else {
            format!("waits to go on after {} {steps}", trial.reports.len())
        };
        teller.tell(None, "now", Tone::Accent, &words);
    } else {
        teller.tell(
            Some(trial.started),
            "started",
            Tone::Plain,
            &format!("in slot {}, seed {}", trial.slot, trial.seed),
        );
    }
    if trial.passed != (0, 0) {
        let (reports, folds) = trial.passed;
        let after = if folds > 0 { format!(" and {}", counted(folds, "fold")) } else { String::new() };
        let words = format!("by its pruner: paused after {reports} {steps}{after}, then it went on");
        teller.tell(None, "promoted", Tone::Good, &words);
    }
    for (number, fold) in trial.folds.iter().enumerate() {
        let metric = format!("{} {}", study.metric, significant(fold.score, 4));
        let words = match study.objective {
            ObjectiveKind::Command => metric,
            ObjectiveKind::Network => {
                let name = study.training(number);
                format!("{name} ended: {metric} at epoch {} of {}", fold.best_epoch + 1, fold.epochs)
            }
        };
        teller.tell(None, "fold", Tone::Plain, &words);
    }
    let took = human::duration(trial.seconds(state.now));
    let tone = state.theme.state(&trial.state);
    match &trial.state {
        TrialState::Waiting => {}
        TrialState::Running => {
            let words = format!("running for {took}, {} {steps} so far", trial.reports.len());
            teller.tell(None, "now", Tone::Accent, &words);
        }
        TrialState::Complete => {
            let score = trial.score.map_or_else(String::new, |s| significant(s, 4));
            let best = state.history.incumbent().is_some_and(|best| best.id == trial.id);
            let best = if best { ", the best of all" } else { "" };
            let words = format!("in {took}: {} {score}{best}", study.metric);
            teller.tell(trial.finished, "complete", Tone::Good, &words);
        }
        state => {
            let reason = state.reason().map_or_else(String::new, |reason| format!(": {reason}"));
            teller.tell(trial.finished, state.word(), tone, &format!("after {took}{reason}"));
        }
    }
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    let own = &mut state.panels.events;
    if action == Action::Open {
        let to = own.lines.get(own.cursor).and_then(|line| line.trial);
        if let Some(to) = to.filter(|to| state.history.trial(*to).is_some()) {
            navigate::open(state, Some(Row::Trial(to)));
        }
    } else if let Some(by) = navigate::distance(action, usize::from(area.height)) {
        own.cursor = navigate::clamped(own.cursor, by, own.lines.len());
    }
    Vec::new()
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let (theme, symbols, own) = (state.theme, state.theme.symbols(), &state.panels.events);
    let shown = detail::shown(state).map(|trial| trial.id);
    if shown.is_none() || own.trial != shown {
        return empty(theme, "what happens to a trial stands here", area, buf);
    }
    let area = detail::inset(area);
    let height = usize::from(area.height);
    let from = (own.cursor + 1).saturating_sub(height.max(1));
    let focused = state.focus == PanelId::Events;
    for (i, told) in own.lines.iter().enumerate().skip(from).take(height) {
        let here = focused && i == own.cursor;
        let time = told.at.map_or_else(|| " ".repeat(8), human::time_of_day);
        let mark = if here { symbols.cursor } else { " " };
        let mut line = Line::from(vec![
            Span::styled(mark, theme.style(Tone::Accent)),
            Span::styled(format!("{time} "), theme.style(Tone::Quiet)),
            Span::styled(text::left(told.what, WHAT, symbols.cut), theme.style(Tone::Quiet)),
            Span::styled(told.text.clone(), theme.style(told.tone)),
        ]);
        if here && told.trial.is_some() && !told.what.is_empty() {
            line.push_span(Span::styled("  Enter goes there", theme.style(Tone::Quiet)));
        }
        text::fitted(line, text::row(area, i - from), symbols.cut, buf);
    }
}
