//! Where a replay stands: playing or not, how fast, how far, and where new bests were found.
//!
//! ```text
//! > playing 16x  ━━━★━━━★━━●─────────────  12m 3s of 1h 02m  812/3,402
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::analysis::human;
use crate::tui::replay::Replay;
use crate::tui::state::AppState;
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};

/// The shortest bar that says anything.
const LEAST: usize = 8;

/// Draws the line.
pub fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let Some(replay) = &state.replay else { return };
    let theme = state.theme;
    let word = match (replay.is_playing(), replay.time()) {
        (true, _) => "playing",
        (false, (clock, end)) if clock >= end => "the end",
        (false, _) => "stopped",
    };
    let start = format!(" {word} {}x  ", speed(replay.speed()));
    let (clock, end) = replay.time();
    let (count, all) = replay.records();
    let of = |ms: u64| human::duration(ms as f64 / 1000.0);
    let time = format!("  {} of {}", of(clock), of(end));
    let records = format!("  record {} of {} ", human::thousands(count), human::thousands(all));
    // In a narrow window the records go first.
    let room = usize::from(area.width);
    let fixed = text::width(&start) + text::width(&time);
    let records = if room >= fixed + text::width(&records) + LEAST { records } else { String::new() };
    let length = room.saturating_sub(fixed + text::width(&records));
    let mut line = Line::from(Span::styled(start, theme.style(Tone::Accent)));
    if length >= LEAST {
        line.extend(bar(theme, replay, length));
    }
    line.push_span(Span::raw(time));
    line.push_span(Span::styled(records, theme.style(Tone::Quiet)));
    line.render(area.intersection(buf.area), buf);
}

/// "16", "0.5".
fn speed(speed: f64) -> String {
    if speed >= 10.0 { human::thousands(speed.round() as usize) } else { format!("{speed}") }
}

fn bar(theme: Theme, replay: &Replay, length: usize) -> Vec<Span<'static>> {
    let symbols = theme.symbols();
    let (clock, end) = replay.time();
    let cell = |at: u64| (at as f64 / end.max(1) as f64 * (length - 1) as f64).round() as usize;
    let head = cell(clock.min(end));
    let mut best = vec![false; length];
    replay.bests().for_each(|at| best[cell(at).min(length - 1)] = true);
    let span = |at: usize| {
        let tone = if at <= head { Tone::Accent } else { Tone::Quiet };
        match at {
            _ if at == head => Span::styled(symbols.state, theme.style(Tone::Strong)),
            _ if best[at] => {
                Span::styled(symbols.best, theme.style(if at < head { Tone::Good } else { Tone::Quiet }))
            }
            _ if at < head => Span::styled(symbols.done, theme.style(tone)),
            _ => Span::styled(symbols.to_do, theme.style(tone)),
        }
    };
    (0..length).map(span).collect()
}
