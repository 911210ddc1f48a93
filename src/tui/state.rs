//! All that the screen shows. Changed by `update` only; panels read it.

use std::sync::Arc;

use ratatui::layout::Position;

use super::Menu;
use super::activity::{Activity, Entry};
use super::cell::Known;
pub use super::dialog::Dialog;
use super::keymap::Keymap;
use super::machine::load::Load;
pub use super::names::{PanelId, View};
use super::order::{Row, Table};
use super::palette::Palette;
use super::panel::{
    cards, chart, contour, curves, differences, events, generations, importance, jobs, layers, log, machine,
    mind, overlay, pairs, parallel, parameters, predictions, processes, rank, reasons, rungs, scores, slices,
    studies, timeline,
};
use super::preferences::{Preferences, theme_named};
use super::profile::ProfileView;
pub use super::reference::Reference;
pub(super) use super::reference::references;
use super::replay::Replay;
use super::theme::{Options, Theme, Tone};
use crate::analysis::best::BestCurve;
use crate::analysis::compare::Ties;
use crate::analysis::progress::{self, Pace};
use crate::analysis::survey::Survey;
use crate::domain::command::{End, StopMode};
use crate::domain::event::Record;
use crate::domain::history::History;
use crate::domain::trial::{Timestamp, Trial, TrialId, TrialState};

/// Where the study's thread stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// It runs.
    Live,
    /// It was asked to stop and has not yet.
    Stopping(StopMode),
    /// It ended.
    Over(End),
}

/// A line at the foot of the screen, until the next key.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Its weight.
    pub tone: Tone,
    /// What is to be said.
    pub text: String,
}

/// What panels keep to themselves: where they are scrolled, what was computed for them.
#[derive(Debug, Clone, Default)]
pub struct Panels {
    /// All trials in few numbers, for the panels that draw the whole search.
    pub survey: Survey,
    /// Curves.
    pub curves: curves::State,
    /// Parameters.
    pub parameters: parameters::State,
    /// The best so far.
    pub chart: chart::State,
    /// Predictions.
    pub predictions: predictions::State,
    /// Layers.
    pub layers: layers::State,
    /// Events.
    pub events: events::State,
    /// Scores.
    pub scores: scores::State,
    /// Importance.
    pub importance: importance::State,
    /// Parallel.
    pub parallel: parallel::State,
    /// Slices.
    pub slices: slices::State,
    /// Contour.
    pub contour: contour::State,
    /// Rank.
    pub rank: rank::State,
    /// Timeline.
    pub timeline: timeline::State,
    /// Mind.
    pub mind: mind::State,
    /// Generations.
    pub generations: generations::State,
    /// Rungs.
    pub rungs: rungs::State,
    /// Reasons.
    pub reasons: reasons::State,
    /// Differences.
    pub differences: differences::State,
    /// Overlay.
    pub overlay: overlay::State,
    /// Pairs.
    pub pairs: pairs::State,
    /// Machine.
    pub machine: machine::State,
    /// Cards.
    pub cards: cards::State,
    /// Processes.
    pub processes: processes::State,
    /// Jobs.
    pub jobs: jobs::State,
    /// Studies.
    pub studies: studies::State,
    /// The log.
    pub log: log::State,
}

impl Panels {
    /// Forgets what was computed of a history: another one takes its place. What a person chose stays.
    pub fn forget(&mut self) {
        self.survey = Survey::default();
        self.importance.forget();
        self.contour.forget();
        self.mind.forget();
        self.rungs.forget();
        self.rank.forget();
        self.timeline.forget();
        self.generations.forget();
        self.reasons.forget();
    }
}

/// Everything the screen shows.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The study, folded from the records so far.
    pub history: History,
    /// The time as of the last tick.
    pub now: Timestamp,
    /// The time of the last tick by the wall's clock, whatever the screen shows.
    pub clock: Timestamp,
    /// Whether the screen's clocks step by the minute.
    pub slow: bool,
    /// Colours and symbols.
    pub theme: Theme,
    /// Columns and rows of the screen.
    pub size: (u16, u16),
    /// The view.
    pub view: View,
    /// The keys.
    pub keymap: Keymap,
    /// Every theme, by name.
    pub themes: Arc<Vec<(String, Palette)>>,
    /// What a person may choose from.
    pub menu: Menu,
    /// The marked trials, in the order in which they were marked.
    pub marked: Vec<TrialId>,
    /// What panels keep to themselves.
    pub panels: Panels,
    /// The view to go back to from the detail.
    pub origin: View,
    /// The panel that takes the keys.
    pub focus: PanelId,
    /// Whether that panel has the screen for itself.
    pub zoomed: bool,
    /// The leaderboard's order and selection.
    pub table: Table,
    /// Which trials are tied with the best.
    pub ties: Ties,
    /// The trials in the slots, by number.
    pub running: Vec<TrialId>,
    /// The selected one of them, by its place.
    pub running_cursor: usize,
    /// The row of the detail.
    pub detail: Option<Row>,
    /// The fold of the detail's charts.
    pub fold: usize,
    /// How far the detail's parameters are scrolled.
    pub detail_scroll: usize,
    /// The marker effects that were asked for.
    pub profile: Option<ProfileView>,
    /// The baselines with a score, best first.
    pub references: Vec<Reference>,
    /// How many lines the log is scrolled back from its end.
    pub log_scroll: usize,
    /// The log.
    pub activity: Activity,
    /// The best score so far.
    pub best: BestCurve,
    /// How long trials take.
    pub pace: Pace,
    /// The machine's load.
    pub load: Option<Load>,
    /// What is open above the panels.
    pub dialog: Option<Dialog>,
    /// The line at the foot.
    pub notice: Option<Notice>,
    /// What happens behind a frozen screen.
    pub frozen: Option<Box<AppState>>,
    /// The commands of this session, the latest last.
    pub past: Vec<String>,
    /// Where and when the mouse was pressed last.
    pub clicked: Option<(Position, Timestamp)>,
    /// The character typed just before, for double keys.
    pub before: Option<char>,
    /// Where the study's thread stands.
    pub phase: Phase,
    /// Whether the screen shows something older than this.
    pub stale: bool,
    /// Why the screen lost track of the study, if it did.
    pub lost: Option<String>,
    /// Where the replay stands, where this is one.
    pub replay: Option<Replay>,
}

impl AppState {
    /// The overview of a study.
    pub fn new(history: History, options: Options, now: Timestamp) -> Self {
        let running = history.trials().iter().filter(|t| is_running(t)).map(|t| t.id).collect();
        let (mut table, ties) = (Table::new(), Ties::of(&history));
        table.refresh(&Known { history: &history, ties: &ties, marked: &[], now });
        AppState {
            now,
            clock: now,
            slow: false,
            theme: Theme::new(options),
            size: (80, 24),
            view: View::Overview,
            keymap: Keymap::default(),
            themes: Arc::default(),
            menu: Menu::default(),
            marked: Vec::new(),
            panels: Panels::default(),
            origin: View::Overview,
            focus: PanelId::Leaderboard,
            zoomed: false,
            table,
            ties,
            running,
            running_cursor: 0,
            detail: None,
            fold: 0,
            detail_scroll: 0,
            profile: None,
            references: references(&history),
            log_scroll: 0,
            activity: Activity::of(&history),
            best: BestCurve::of(&history),
            pace: Pace::of(&history),
            load: None,
            dialog: None,
            notice: None,
            frozen: None,
            past: Vec::new(),
            clicked: None,
            before: None,
            phase: Phase::Live,
            stale: true,
            lost: None,
            replay: None,
            history,
        }
    }

    /// Takes over what a person prefers.
    pub fn prefer(&mut self, preferences: Preferences) {
        let Preferences { theme, themes, keymap, .. } = preferences;
        (self.themes, self.keymap) = (Arc::new(themes), keymap);
        // It was checked when it was read.
        self.set_theme(&theme).ok();
    }

    /// Changes the colours.
    ///
    /// # Errors
    /// Where there is no such theme: names those there are.
    pub fn set_theme(&mut self, name: &str) -> Result<(), String> {
        self.theme.palette = theme_named(&self.themes, name)?;
        Ok(())
    }

    /// Takes a record in; `refresh` must follow. Records that the history holds already are passed
    /// over: the first ones may come twice, in the history given and in the updates.
    pub fn record(&mut self, record: &Record) {
        if record.sequence < self.history.next_sequence() || self.lost.is_some() {
            return;
        }
        if let Err(error) = self.history.apply(record) {
            let text = format!("the screen lost track of the study, which goes on: {error}");
            self.activity.push(Entry::new(record.at, Tone::Bad, text.as_str()));
            self.lost = Some(text);
            return;
        }
        let told = self.activity.record(record, &self.history);
        // A log that is scrolled back stays where it is.
        if told && self.log_scroll > 0 {
            self.log_scroll = log::later(self);
        }
        let Some(trial) = record.event.trial().and_then(|id| self.history.trial(id)) else { return };
        match self.running.binary_search(&trial.id) {
            Err(place) if is_running(trial) => self.running.insert(place, trial.id),
            Ok(place) if !is_running(trial) => {
                self.running.remove(place);
                if place < self.running_cursor {
                    self.running_cursor -= 1;
                }
            }
            _ => {}
        }
        let ended = trial.finished == Some(record.at) && trial.state.is_finished();
        if let Some(score) = trial.score.filter(|_| ended) {
            self.best.push(score);
        }
    }

    /// A study that had nothing to do may have been given something.
    pub fn wake(&mut self) {
        if self.phase == Phase::Over(End::Done) && !self.history.is_done() {
            self.phase = Phase::Live;
        }
    }

    /// Makes anew what depends on the history as a whole.
    pub fn refresh(&mut self) {
        self.ties.refresh(&self.history);
        self.pace = Pace::of(&self.history);
        self.reorder();
        self.best.rescale();
        if self.references.len() < self.history.baselines().len() {
            self.references = references(&self.history);
        }
        self.running_cursor = self.running_cursor.min(self.running.len().saturating_sub(1));
    }

    /// Makes the leaderboard's order anew, after it is to be sorted or filtered otherwise.
    pub fn reorder(&mut self) {
        let (history, ties) = (&self.history, &self.ties);
        self.table.refresh(&Known { history, ties, marked: &self.marked, now: self.now });
    }

    /// Whether the study's thread is at work.
    pub fn is_live(&self) -> bool {
        !matches!(self.phase, Phase::Over(_))
    }

    /// The trial that the focused panel has selected.
    pub fn selected(&self) -> Option<&Trial> {
        self.history.trial(self.selected_row()?.trial()?)
    }

    /// The trial or baseline that the focused panel has selected.
    pub fn selected_row(&self) -> Option<Row> {
        match (self.focus, self.view) {
            (PanelId::Running, _) => self.running.get(self.running_cursor).copied().map(Row::Trial),
            (PanelId::Scores, _) => scores::cursor(self).map(Row::Trial),
            (PanelId::Reasons, _) => {
                self.panels.reasons.selected(self.history.trials().len()).map(Row::Trial)
            }
            (_, View::Trial) => self.shown(),
            _ => self.table.selected(),
        }
    }

    /// The row of the detail: the one opened, else the leaderboard's.
    pub fn shown(&self) -> Option<Row> {
        self.detail.or_else(|| self.table.selected())
    }

    /// One word for where the study stands, and its weight.
    pub fn standing(&self) -> (&'static str, Tone) {
        let counts = self.history.counts();
        if self.frozen.is_some() {
            return ("FROZEN", Tone::Warn);
        }
        match &self.phase {
            _ if self.replay.is_some() => ("replay", Tone::Second),
            Phase::Over(End::Done) => ("finished", Tone::Good),
            Phase::Over(End::Stopped) => ("stopped", Tone::Warn),
            Phase::Over(End::Failed(_)) => ("failed", Tone::Bad),
            Phase::Stopping(StopMode::Now) => ("stopping", Tone::Warn),
            Phase::Stopping(StopMode::AfterRunning) => ("finishing", Tone::Warn),
            Phase::Live if self.history.is_paused() => ("paused", Tone::Warn),
            // The study waits for its baselines only.
            Phase::Live if counts.finished() > 0 && self.history.is_done() => ("baselines", Tone::Accent),
            Phase::Live if counts.running == 0 && counts.finished() == 0 => ("starting", Tone::Accent),
            Phase::Live => ("running", Tone::Good),
        }
    }

    /// Whether nothing comes by itself that would ask again: what is over, and a replay that stands still.
    pub fn is_at_rest(&self) -> bool {
        match &self.replay {
            Some(replay) => !replay.is_playing(),
            None => self.phase != Phase::Live,
        }
    }

    /// Seconds for which the study was worked on.
    pub fn elapsed(&self) -> f64 {
        progress::elapsed(&self.history, self.now, self.is_live())
    }

    /// Seconds it may still take, from and to.
    pub fn remaining(&self) -> Option<(f64, f64)> {
        let estimate = || progress::remaining(&self.history, &self.running, &self.pace, self.now);
        matches!(self.phase, Phase::Live).then(estimate).flatten()
    }
}

fn is_running(trial: &Trial) -> bool {
    trial.state == TrialState::Running
}
