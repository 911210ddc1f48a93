//! Graphics cards.
//!
//! ```text
//! 0 NVIDIA H200                            4121, 4188 of this study
//!   compute ━━━━━━─── 63%     memory ━━─────── 12.3/140 GiB
//!   heat    ━━━━───── 54 °C   power  ━━━━───── 312 of 700 W
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::machine::UNTOLD;
use super::machine::level;
use super::{Panel, empty};
use crate::analysis::human;
use crate::domain::value::counted;
use crate::tui::keymap::Action;
use crate::tui::machine::cards::{Card, Cards};
use crate::tui::scroll::Scroll;
use crate::tui::state::{AppState, PanelId};
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel =
    Panel { about, place, act, arrange, ..Panel::plain(PanelId::Cards, "Graphics cards", render) };

/// From this width on, two bars stand side by side.
const WIDE: usize = 64;

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    found: Option<Cards>,
    scroll: Scroll,
    /// Whether two bars stand side by side.
    wide: bool,
}

impl State {
    /// Shows what a later state knows, where this one is scrolled to.
    pub fn catch_up(&mut self, later: Self) {
        *self = State { scroll: std::mem::take(&mut self.scroll), wide: self.wide, ..later };
    }

    /// Takes a sample in; says whether anything is new.
    pub fn take(&mut self, cards: Cards) -> bool {
        let cards = Some(cards);
        let new = self.found != cards;
        self.found = cards;
        new
    }

    /// Rows of a card, a blank one included.
    fn each(&self) -> usize {
        if self.wide { 4 } else { 6 }
    }

    fn cards(&self) -> &[Card] {
        match &self.found {
            Some(Cards::Found(cards)) => cards,
            Some(Cards::Absent(_)) | None => &[],
        }
    }
}

fn about(state: &AppState) -> String {
    match state.panels.cards.cards().len() {
        0 => String::new(),
        count => format!("{} {}", state.theme.symbols().dot, counted(count, "card")),
    }
}

/// Cards in sight; the blank row below the last one may be missing.
fn shown(state: &AppState, rows: usize) -> usize {
    ((rows + 1) / state.panels.cards.each()).max(1)
}

fn place(state: &AppState, rows: usize) -> String {
    let kept = &state.panels.cards;
    kept.scroll.place(state.theme, shown(state, rows), kept.cards().len())
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    let (rows, total) = (shown(state, usize::from(area.height)), state.panels.cards.cards().len());
    state.panels.cards.scroll.act(action, rows, total);
    Vec::new()
}

fn arrange(state: &mut AppState, area: Rect) -> Vec<Effect> {
    state.panels.cards.wide = usize::from(area.width) >= WIDE;
    Vec::new()
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }.intersection(area);
    let theme = state.theme;
    let cards = match &state.panels.cards.found {
        _ if state.replay.is_some() => return empty(theme, UNTOLD, area, buf),
        None => return empty(theme, "looking for the driver of the graphics cards ...", area, buf),
        Some(Cards::Absent(why)) => {
            let words = format!("no NVIDIA card, or no driver: {}", text::clean(why));
            return empty(theme, &words, area, buf);
        }
        Some(Cards::Found(cards)) => cards,
    };
    let (each, shown) = (state.panels.cards.each(), shown(state, usize::from(area.height)));
    let from = state.panels.cards.scroll.from(shown, cards.len());
    for (i, card) in cards.iter().skip(from).take(shown).enumerate() {
        for (row, line) in lines(state, card, usize::from(area.width)).into_iter().enumerate() {
            text::fitted(line, text::row(area, i * each + row), theme.symbols().cut, buf);
        }
    }
}

fn lines(state: &AppState, card: &Card, width: usize) -> Vec<Line<'static>> {
    let (theme, symbols) = (state.theme, state.theme.symbols());
    let mut title = vec![Span::styled(format!("{} ", card.number), theme.style(Tone::Accent))];
    if let Some(problem) = &card.problem {
        let words = format!("says nothing: {}", text::clean(problem));
        title.push(Span::styled(words, theme.style(Tone::Warn)));
        return vec![Line::from(title)];
    }
    title.push(Span::styled(text::clean(&card.name), theme.style(Tone::Strong)));
    title.push(Span::styled(users(state, card), theme.style(Tone::Quiet)));
    let unit = if theme.options.ascii { "C" } else { "°C" };
    let of = |share: f64, of: f64| if of > 0.0 { share / of } else { 0.0 };
    let compute = card.busy.map(|busy| (f64::from(busy) / 100.0, format!("{busy}%")));
    let memory = card.memory.map(|(used, total)| {
        let words = format!("{}/{} GiB", human::gibibytes(used), human::gibibytes(total));
        (of(used as f64, total as f64), words)
    });
    // Without its limit a temperature is seen on the way to one that is usual.
    let heat = card.temperature.map(|degrees| match card.hottest {
        Some(limit) => (of(f64::from(degrees), f64::from(limit)), format!("{degrees} of {limit} {unit}")),
        None => (f64::from(degrees) / 100.0, format!("{degrees} {unit}")),
    });
    let power = card.power.map(|watts| match card.most_power {
        Some(limit) => (of(f64::from(watts), f64::from(limit)), format!("{watts} of {limit} W")),
        None => (0.0, format!("{watts} W")),
    });
    let narrow = !state.panels.cards.wide;
    let half = if narrow { width } else { width / 2 };
    let bar = |name: &'static str, known: Option<(f64, String)>| {
        let room = half.saturating_sub(10 + 15);
        let mut spans = vec![Span::styled(format!("  {name:<8}"), theme.style(Tone::Quiet))];
        match known {
            Some((share, words)) => {
                spans.extend(level(theme, share, room));
                spans.push(Span::raw(text::left(&format!(" {words}"), 15, symbols.cut)));
            }
            None => spans.push(Span::styled(text::left("not told", room + 15, ""), theme.style(Tone::Quiet))),
        }
        spans
    };
    let [compute, memory] = [bar("compute", compute), bar("memory", memory)];
    let [heat, power] = [bar("heat", heat), bar("power", power)];
    let mut lines = vec![Line::from(title)];
    if narrow {
        lines.extend([compute, memory, heat, power].map(Line::from));
    } else {
        lines.extend([[compute, memory].concat(), [heat, power].concat()].map(Line::from));
    }
    lines
}

/// Whose processes use it: the numbers of ours, the count of others'.
fn users(state: &AppState, card: &Card) -> String {
    let ours = |pid: &&u32| state.panels.processes.is_ours(**pid);
    let own: Vec<String> = card.processes.iter().filter(ours).map(ToString::to_string).collect();
    let others = card.processes.len() - own.len();
    let mut words = Vec::new();
    if !own.is_empty() {
        words.push(format!("ours {}", own.join(", ")));
    }
    if others > 0 {
        words.push(format!("{others} of others"));
    }
    if words.is_empty() { "  in use by nobody".into() } else { format!("  {}", words.join(", ")) }
}
