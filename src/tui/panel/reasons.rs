//! Why each trial was asked, what was expected of it and what it got.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Panel, empty};
use crate::analysis::expectation::{Calibration, Outcome, calibration, outcome};
use crate::analysis::human;
use crate::domain::trial::{Trial, TrialId};
use crate::domain::value::significant;
use crate::tui::keymap::Action;
use crate::tui::navigate;
use crate::tui::order::Row;
use crate::tui::state::{AppState, PanelId};
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel =
    Panel { about, place, act, arrange, ..Panel::plain(PanelId::Reasons, "Reasons", render) };

/// Cells of the gauge: a middle, and as many on each side of it as make three σ.
const GAUGE: usize = 13;
/// σ that the gauge shows on each side.
const SIGMAS: f64 = 3.0;

/// In less room than this a reason does without the sampler's name.
const NARROW: usize = 64;

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The selected trial; the newest where none is.
    selected: Option<TrialId>,
    /// What it was made of: trials, and finished ones.
    made_of: Option<(usize, usize)>,
    /// Whether any trial says why, and whether anything was expected of any.
    told: (bool, bool),
    calibration: Option<Calibration>,
}

impl State {
    /// Forgets what was made of a history: another one takes its place.
    pub fn forget(&mut self) {
        *self = State { selected: self.selected, ..State::default() };
    }

    /// The trial under the cursor.
    pub fn selected(&self, trials: usize) -> Option<TrialId> {
        let last = trials.checked_sub(1)?;
        Some(self.selected.map_or(last, |id| id.min(last)))
    }
}

fn about(state: &AppState) -> String {
    let Some(Calibration { scores, within, error }) = state.panels.reasons.calibration else {
        return String::new();
    };
    let (dot, band) = (state.theme.symbols().dot, state.theme.symbols().plus_minus);
    let share = 100.0 * within as f64 / scores as f64;
    format!(
        "{dot} {within} of {scores} within {band}sd ({share:.0} %, 68 expected), mean error {}",
        significant(error, 3)
    )
}

fn place(state: &AppState, _rows: usize) -> String {
    let count = state.history.trials().len();
    match state.panels.reasons.selected(count) {
        Some(id) if state.panels.reasons.told.0 => format!("{} of {count}", count - id),
        _ => String::new(),
    }
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    let count = state.history.trials().len();
    let own = &mut state.panels.reasons;
    let Some(at) = own.selected(count) else { return Vec::new() };
    if action == Action::Open {
        navigate::open(state, Some(Row::Trial(at)));
        return Vec::new();
    }
    let rows = usize::from(area.height).saturating_sub(2);
    if let Some(by) = navigate::distance(action, rows) {
        let to = count - 1 - navigate::clamped(count - 1 - at, by, count);
        // The newest stays the newest when another one begins.
        own.selected = Some(to).filter(|_| action != Action::First && to + 1 < count);
    }
    Vec::new()
}

fn arrange(state: &mut AppState, _: Rect) -> Vec<Effect> {
    let history = &state.history;
    let of = Some((history.trials().len(), history.counts().finished()));
    let own = &mut state.panels.reasons;
    if own.made_of != of {
        own.made_of = of;
        own.calibration = calibration(history);
        let any = |told: fn(&Trial) -> bool| history.trials().iter().any(|t| told(t));
        own.told = (any(|t| !t.origin.by.is_empty()), any(|t| t.origin.expected.is_some()));
    }
    Vec::new()
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let (theme, own, trials) = (state.theme, &state.panels.reasons, state.history.trials());
    let Some(selected) = own.selected(trials.len()) else {
        return empty(theme, "why each trial is asked stands here from the first one on", area, buf);
    };
    if !own.told.0 {
        let words = "these trials do not say why they were asked: they are of an older version";
        return empty(theme, words, area, buf);
    }
    let columns = Columns::of(own.told.1, area, decimals(state));
    let quiet = theme.style(Tone::Quiet);
    text::fitted(Line::styled(columns.head(theme), quiet), text::row(area, 0), theme.symbols().cut, buf);
    // The selected reason in full, where there is room.
    let foot = usize::from(area.height >= 8);
    let rows = usize::from(area.height).saturating_sub(1 + foot);
    let cursor = trials.len() - 1 - selected;
    let from = (cursor + 1).saturating_sub(rows);
    for (i, trial) in trials.iter().rev().enumerate().skip(from).take(rows) {
        let here = i == cursor;
        let focused = state.focus == PanelId::Reasons;
        let at = text::row(area, 1 + i - from);
        text::fitted(columns.line(theme, trial, here), at, theme.symbols().cut, buf);
        if here && focused {
            buf.set_style(at, theme.selected(true));
        }
    }
    if let Some(trial) = trials.get(selected).filter(|_| foot > 0) {
        let words = format!("trial {selected}: {}", reason(trial, usize::MAX));
        let line = Line::styled(text::clean(&words), theme.style(Tone::Strong));
        let at = text::row(area, usize::from(area.height) - 1);
        text::fitted(line, at, theme.symbols().cut, buf);
    }
}

/// Decimals of scores.
fn decimals(state: &AppState) -> usize {
    human::decimals(state.history.incumbent().and_then(|t| t.score).unwrap_or(0.0))
}

/// By whom, of whom, and why; in little room without the first.
fn reason(trial: &Trial, room: usize) -> String {
    let origin = &trial.origin;
    let parents: Vec<String> = origin.parents.iter().map(ToString::to_string).collect();
    let of = if parents.is_empty() { String::new() } else { format!(" of {}", parents.join(" and ")) };
    let by = if origin.by.is_empty() { "unknown" } else { &origin.by };
    match (origin.why.as_str(), of.trim_start()) {
        ("", _) => format!("{by}{of}"),
        // All trials have about the same name there: what sets one apart says more.
        (why, "") if room < NARROW => why.to_owned(),
        (why, of) if room < NARROW => format!("{of}, {why}"),
        (why, _) => format!("{by}{of}: {why}"),
    }
}

/// How wide columns are.
struct Columns {
    /// Whether there are those of what was expected.
    expected: bool,
    reason: usize,
    decimals: usize,
    number: usize,
}

impl Columns {
    fn of(expected: bool, area: Rect, decimals: usize) -> Self {
        // The words for trials without a score fit in.
        let number = (decimals + 4).max(7);
        let rest = 9 + number + 2 + if expected { 2 * (decimals + 4) + 2 + GAUGE + 2 + 6 } else { 0 };
        Columns { expected, reason: usize::from(area.width).saturating_sub(rest), decimals, number }
    }

    fn head(&self, theme: Theme) -> String {
        let mark = theme.symbols().cut;
        let asked = text::left("asked by, and why", self.reason, mark);
        let got = text::right("score", self.number, mark);
        if !self.expected {
            return format!("   trial {asked} {got}");
        }
        let expected = text::left("expected", 2 * self.decimals + 9, mark);
        let sd = if theme.options.ascii { "-3sd  0  +3sd" } else { "−3σ   0   +3σ" };
        format!("   trial {asked} {expected} {got}  {sd} {:>5}", "z")
    }

    fn line(&self, theme: Theme, trial: &Trial, here: bool) -> Line<'static> {
        let symbols = theme.symbols();
        let quiet = theme.style(Tone::Quiet);
        let number = |v: f64| human::aligned(v, self.decimals);
        let mark = if here { symbols.cursor } else { " " };
        let got = trial.score.map_or_else(|| trial.state.word().to_owned(), number);
        let tone = if trial.score.is_some() { Tone::Strong } else { theme.state(&trial.state) };
        let mut line = Line::from(vec![
            Span::styled(format!("{mark} "), theme.style(Tone::Accent)),
            Span::raw(format!("{:>6} ", trial.id)),
            Span::raw(text::left(&reason(trial, self.reason), self.reason, symbols.cut)),
            Span::raw(" "),
        ]);
        let got = Span::styled(text::right(&got, self.number, symbols.cut), theme.style(tone));
        if !self.expected {
            line.push_span(got);
            return line;
        }
        let expected = trial
            .origin
            .expected
            .map_or_else(String::new, |e| format!("{}{}{}", number(e.low), symbols.range, number(e.high)));
        line.push_span(Span::styled(text::left(&expected, 2 * self.decimals + 9, symbols.cut), quiet));
        line.push_span(Span::raw(" "));
        line.push_span(got);
        line.push_span(Span::raw("  "));
        let outcome = outcome(trial);
        if trial.origin.expected.is_some() {
            line.spans.extend(interval(theme, outcome));
        }
        if let Some(Outcome { z, .. }) = outcome {
            let words = if z.abs() < 9.95 {
                format!("{z:+.1}")
            } else {
                format!("{}9", if z < 0.0 { "<-" } else { ">" })
            };
            let tone = if z.abs() > 2.0 { Tone::Warn } else { Tone::Plain };
            line.push_span(Span::styled(format!(" {words:>5}"), theme.style(tone)));
        }
        line
    }
}

/// Three σ to each side of what was expected, ± σ of it drawn strong, and the score on it.
fn interval(theme: Theme, outcome: Option<Outcome>) -> Vec<Span<'static>> {
    let symbols = theme.symbols();
    let middle = GAUGE / 2;
    let sigma = middle as f64 / SIGMAS;
    let at = outcome.map(|o| {
        let place = (o.z.clamp(-SIGMAS, SIGMAS) * sigma).round() + middle as f64;
        (place as usize, o.z.abs() > SIGMAS, o.z < 0.0)
    });
    let (score, below, above) = if theme.options.ascii { ("O", "<", ">") } else { ("●", "◂", "▸") };
    (0..GAUGE)
        .map(|i| match at {
            Some((place, off, left)) if place == i => {
                let mark = match (off, left) {
                    (false, _) => score,
                    (true, true) => below,
                    (true, false) => above,
                };
                Span::styled(mark, theme.style(if off { Tone::Warn } else { Tone::Strong }))
            }
            _ if i.abs_diff(middle) as f64 <= sigma => Span::styled(symbols.done, theme.style(Tone::Accent)),
            _ => Span::styled(symbols.to_do, theme.style(Tone::Quiet)),
        })
        .collect()
}
