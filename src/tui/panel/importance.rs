//! How much each parameter matters: a bar for its share by PED-ANOVA, a mark for that by fANOVA.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{Panel, empty};
use crate::analysis::human;
use crate::analysis::importance::{Importance, ParameterImportance, SOON};
use crate::domain::history::History;
use crate::domain::trial::Timestamp;
use crate::domain::value::counted;
use crate::tui::ask::Ask;
use crate::tui::keymap::Action;
use crate::tui::navigate;
use crate::tui::state::{AppState, PanelId};
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel =
    Panel { about, place, act, arrange, ..Panel::plain(PanelId::Importance, "Importance", render) };

/// It is asked anew when so many more trials have completed, by their share,
const GROWTH: f64 = 0.05;
/// or after so many milliseconds, if any has.
const PATIENCE: Timestamp = 30_000;
/// Rows below the bars.
const NOTES: usize = 3;

/// When something was asked, and what of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked {
    at: Timestamp,
    complete: usize,
    moment: u64,
    waiting: bool,
    ever: bool,
}

impl Asked {
    /// Whether it is time to ask of a state.
    pub fn is_due(self, state: &AppState) -> bool {
        let complete = state.history.counts().complete;
        complete > 0
            && (self.is_due_at(complete, state.now)
                // What stands still is told to its end.
                || (state.is_at_rest() && !self.waiting && self.complete != complete))
    }

    fn is_due_at(self, complete: usize, now: Timestamp) -> bool {
        let more = complete.abs_diff(self.complete);
        let late = now.saturating_sub(self.at) >= PATIENCE;
        !self.ever || (!self.waiting && more > 0 && (late || more as f64 >= GROWTH * self.complete as f64))
    }

    /// It is asked now.
    pub fn ask(&mut self, history: &History, now: Timestamp) {
        let complete = history.counts().complete;
        *self = Asked { at: now, complete, moment: history.next_sequence(), waiting: true, ever: true };
    }

    /// The moment whose answer is awaited.
    pub fn moment(self) -> Option<u64> {
        self.waiting.then_some(self.moment)
    }

    /// The answer came.
    pub fn answered(&mut self) {
        self.waiting = false;
    }

    /// Whether an answer is on its way.
    pub fn is_waiting(self) -> bool {
        self.waiting
    }
}

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    asked: Asked,
    /// The last answer, which stays until the next one.
    known: Option<Result<Importance, String>>,
    scroll: usize,
}

impl State {
    /// Takes the answer in.
    pub fn answer(&mut self, outcome: Result<Importance, String>) {
        self.asked.answered();
        // What was once known is worth more than why it can't be told anew.
        if outcome.is_ok() || !matches!(self.known, Some(Ok(_))) {
            self.known = Some(outcome);
        }
    }

    /// The moment whose answer is awaited.
    pub fn awaits(&self) -> Option<u64> {
        self.asked.moment()
    }

    /// Forgets what it was told: the history is another one.
    pub fn forget(&mut self) {
        (self.asked, self.known) = (Asked::default(), None);
    }

    /// The parameters' names, those that matter most first.
    pub fn order(&self) -> impl Iterator<Item = &str> {
        let known = self.known.as_ref().and_then(|known| known.as_ref().ok());
        known.into_iter().flat_map(|i| i.parameters.iter().map(|p| p.parameter.as_str()))
    }
}

fn about(state: &AppState) -> String {
    match &state.panels.importance.known {
        Some(Ok(known)) => {
            format!("{} of {} trials", state.theme.symbols().dot, human::thousands(known.trials))
        }
        _ => String::new(),
    }
}

/// Whether a newer answer is on its way.
fn place(state: &AppState, _rows: usize) -> String {
    let own = &state.panels.importance;
    let anew = own.asked.is_waiting() && own.known.is_some();
    if anew { "computing anew".into() } else { String::new() }
}

fn arrange(state: &mut AppState, _: Rect) -> Vec<Effect> {
    if !state.panels.importance.asked.is_due(state) {
        return Vec::new();
    }
    state.panels.importance.asked.ask(&state.history, state.now);
    vec![Effect::Ask(Ask::Importance(Box::new(state.history.clone())))]
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    let rows = usize::from(area.height).saturating_sub(NOTES);
    let own = &mut state.panels.importance;
    if let Some(by) = navigate::distance(action, rows) {
        let count = own.order().count();
        own.scroll = navigate::clamped(own.scroll, by, (count + 1).saturating_sub(rows));
    }
    Vec::new()
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let own = &state.panels.importance;
    match &own.known {
        Some(Ok(known)) => bars(theme, own, known, area, buf),
        Some(Err(reason)) => empty(theme, &text::clean(reason), area, buf),
        None if own.asked.is_waiting() => {
            let trials = counted(own.asked.complete, "complete trial");
            empty(theme, &format!("telling what matters from {trials} ..."), area, buf);
        }
        None => {
            let words = "how much each parameter matters will stand here, from the fourth complete trial on";
            empty(theme, words, area, buf);
        }
    }
}

/// The columns of a row: name, bar, and the shares.
struct Columns {
    name: usize,
    bar: usize,
    shares: usize,
}

impl Columns {
    fn of(known: &Importance, width: u16) -> Self {
        let width = usize::from(width).saturating_sub(2);
        let longest = known.parameters.iter().map(|p| text::width(&p.parameter)).max().unwrap_or(0);
        // "  46 %", and "  51 % " where there is a second one.
        let shares = match width {
            0..34 => 0,
            _ if has_fanova(known) => 13,
            _ => 6,
        };
        let name = longest.min(width.saturating_sub(shares) / 2).min(28);
        Columns { name, bar: width.saturating_sub(name + shares + 1), shares }
    }
}

/// Whether fANOVA has said anything.
fn has_fanova(known: &Importance) -> bool {
    known.parameters.iter().any(|p| p.fanova.is_some())
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

fn bars(theme: Theme, own: &State, known: &Importance, area: Rect, buf: &mut Buffer) {
    let notes = notes(theme, known);
    let head = usize::from(area.height >= 5);
    let rows = usize::from(area.height).saturating_sub(head);
    // The notes are worth less than the last parameters.
    let spare = rows.saturating_sub(known.parameters.len()).max(usize::from(rows > 8)).min(notes.len());
    let shown = rows - spare;
    let columns = Columns::of(known, area.width);
    let most = known.parameters.iter().map(|p| p.ped_anova.max(p.fanova.unwrap_or(0.0))).fold(0.0, f64::max);
    if head > 0 && columns.shares > 0 {
        let left = columns.name + 2 + columns.bar;
        let second = if has_fanova(known) { "fANOVA" } else { "" };
        let words = format!("{}{:>6}{second:>7}", " ".repeat(left), "PED");
        Line::styled(words, theme.style(Tone::Quiet)).render(text::row(area, 0), buf);
    }
    let scroll = own.scroll.min(known.parameters.len().saturating_sub(shown));
    for (i, parameter) in known.parameters.iter().skip(scroll).take(shown).enumerate() {
        row(theme, parameter, most, &columns, text::row(area, head + i), buf);
    }
    for (i, note) in notes.into_iter().take(spare).enumerate() {
        text::fitted(note, text::row(area, usize::from(area.height) - spare + i), theme.symbols().cut, buf);
    }
}

fn row(
    theme: Theme,
    parameter: &ParameterImportance,
    most: f64,
    columns: &Columns,
    area: Rect,
    buf: &mut Buffer,
) {
    let symbols = theme.symbols();
    let share = |value: f64| if most > 0.0 { value / most } else { 0.0 };
    let name = text::left(&parameter.parameter, columns.name, symbols.cut);
    let mut spans = vec![Span::raw(format!(" {name} "))];
    let mut cells = bar(theme, share(parameter.ped_anova), columns.bar);
    if let Some(fanova) = parameter.fanova.filter(|_| columns.bar > 0) {
        let at = (share(fanova) * (columns.bar - 1) as f64).round() as usize;
        cells[at] = (fanova_mark(theme), Tone::Second);
    }
    spans.extend(cells.into_iter().map(|(symbol, tone)| Span::styled(symbol, theme.style(tone))));
    if columns.shares > 0 {
        spans.push(Span::raw(format!("{:>6}", percent(parameter.ped_anova))));
    }
    if columns.shares > 6 {
        let fanova = parameter.fanova.map_or_else(|| symbols.none.to_owned(), percent);
        spans.push(Span::styled(format!("{fanova:>6}"), theme.style(Tone::Second)));
        let within = if parameter.within { "*" } else { " " };
        spans.push(Span::styled(within, theme.style(Tone::Quiet)));
    }
    Line::from(spans).render(area, buf);
}

fn fanova_mark(theme: Theme) -> &'static str {
    if theme.options.ascii { "o" } else { "◆" }
}

/// The cells of a bar, the last one filled in part.
fn bar(theme: Theme, share: f64, room: usize) -> Vec<(&'static str, Tone)> {
    const EIGHTHS: [&str; 8] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * 8.0 * room as f64).round() as usize;
    let cell = |i: usize| match (eighths.saturating_sub(8 * i), theme.options.ascii) {
        (8.., true) => ("#", Tone::Accent),
        (8.., false) => ("█", Tone::Accent),
        (part @ 4.., true) if part > 0 => ("#", Tone::Accent),
        (_, true) => (" ", Tone::Plain),
        (part, false) => (EIGHTHS[part], Tone::Accent),
    };
    (0..room).map(cell).collect()
}

/// What the figures mean.
fn notes(theme: Theme, known: &Importance) -> Vec<Line<'static>> {
    let quiet = theme.style(Tone::Quiet);
    let best = human::thousands(known.best);
    let bar = if theme.options.ascii { "#" } else { "█" };
    let ped_anova = Line::from(vec![
        Span::styled(format!(" {bar} "), theme.style(Tone::Accent)),
        Span::styled(format!("PED-ANOVA: sets the best {best} apart from all"), quiet),
    ]);
    if !has_fanova(known) {
        let why = if known.trials > SOON {
            format!("   fANOVA: in `show`; here up to {} trials", human::thousands(SOON))
        } else {
            "   fANOVA: nothing yet".to_owned()
        };
        return vec![ped_anova, Line::styled(why, quiet)];
    }
    let fanova = Line::from(vec![
        Span::styled(format!(" {} ", fanova_mark(theme)), theme.style(Tone::Second)),
        Span::styled("fANOVA: explains the score's variance alone", quiet),
    ]);
    let mut notes = vec![ped_anova, fanova];
    if known.parameters.iter().any(|p| p.within) {
        let words = " * within the trials that have the parameter at all";
        notes.push(Line::styled(words, quiet));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_asked_when_enough_is_new_or_time_has_passed() {
        let mut asked = Asked::default();
        assert!(asked.is_due_at(1, 0));
        asked = Asked { at: 5_000, complete: 1000, waiting: true, ever: true, ..asked };
        assert!(!asked.is_due_at(2000, 90_000), "the answer is still to come");
        asked.answered();
        assert!(!asked.is_due_at(1000, 90_000), "nothing is new");
        assert!(!asked.is_due_at(1049, 34_999));
        assert!(asked.is_due_at(1050, 5_001));
        assert!(asked.is_due_at(1001, 35_000));
    }
}
