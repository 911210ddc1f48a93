//! The head of the screen: what is studied, how far it is, what it found.
//!
//! ```text
//! name  model · sampler · data                        ● state
//! ━━━━━━━━━━━━━━━──────── 16/40 trials · 2 running   cpu  mem
//! ★ mse 62.34 ±1.23 trial 17 · gblup 64.3   elapsed       left
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Widget, Wrap};

use super::gauge;
use crate::analysis::human;
use crate::domain::command::End;
use crate::domain::value::significant;
use crate::tui::state::{AppState, Phase};
use crate::tui::text;
use crate::tui::theme::Tone;

/// Draws the three lines.
pub fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    study(state, text::row(area, 0), buf);
    progress(state, text::row(area, 1), buf);
    findings(state, text::row(area, 2), buf);
}

fn study(state: &AppState, area: Rect, buf: &mut Buffer) {
    let (theme, symbols, study) = (state.theme, state.theme.symbols(), state.history.study());
    let (word, tone) = state.standing();
    let end = Line::styled(format!("{} {word}", symbols.state), theme.style(tone));
    let about = [&study.model, &study.sampler, &study.data].into_iter().filter(|words| !words.is_empty());
    let about = about.map(|s| text::clean(s)).collect::<Vec<_>>().join(&format!(" {} ", symbols.dot));
    let room = usize::from(area.width).saturating_sub(end.width() + 2);
    let name = text::cut(&study.name, room / 2, symbols.cut);
    let about = text::cut(&about, room.saturating_sub(text::width(&name) + 2), symbols.cut);
    let start = Line::from(vec![
        Span::styled(name, theme.style(Tone::Accent)),
        Span::raw("  "),
        Span::styled(about, theme.style(Tone::Quiet)),
    ]);
    text::ends(area, buf, start, end);
}

fn progress(state: &AppState, area: Rect, buf: &mut Buffer) {
    let (theme, counts, target) = (state.theme, state.history.counts(), state.history.target());
    let total = match target {
        0 => " no trials yet".to_owned(),
        _ => format!(" {}/{} trials", human::thousands(counts.finished()), human::thousands(target)),
    };
    let mut words = vec![Span::styled(total, theme.style(Tone::Strong))];
    let others = [
        (counts.running, if state.is_live() { "running" } else { "cut off" }, Tone::Accent),
        (counts.waiting, "waiting", Tone::Quiet),
        (counts.pruned, "pruned", Tone::Warn),
        (counts.failed, "failed", Tone::Bad),
        (counts.cancelled, "cancelled", Tone::Quiet),
    ];
    for (count, word, tone) in others.into_iter().filter(|(count, ..)| *count > 0) {
        words.push(Span::styled(format!("  {} {word}", human::thousands(count)), theme.style(tone)));
    }
    let load = state.load.map_or_else(String::new, |load| {
        let (used, total) = (human::gibibytes(load.memory), human::gibibytes(load.total));
        format!("cpu {}%  mem {used}/{total} GiB", load.processor)
    });
    let words_width = words.iter().map(Span::width).sum::<usize>();
    let room = usize::from(area.width).saturating_sub(words_width + text::width(&load) + 2);
    let share = if target == 0 { 0.0 } else { counts.finished() as f64 / target as f64 };
    let mut line = gauge(theme, share, room.clamp(6, 50));
    line.extend(words);
    text::ends(area, buf, Line::from(line), Line::styled(load, theme.style(Tone::Quiet)));
}

fn findings(state: &AppState, area: Rect, buf: &mut Buffer) {
    let (theme, symbols, study) = (state.theme, state.theme.symbols(), state.history.study());
    let quiet = theme.style(Tone::Quiet);
    let mut start = match state.history.incumbent() {
        None => Line::styled(format!("{} no score yet", symbols.none), quiet),
        Some(best) => {
            let score = best.score.map(|s| significant(s, 4)).unwrap_or_default();
            let spread = best.spread().map(|s| format!(" {} {}", symbols.plus_minus, significant(s, 2)));
            Line::from(vec![
                Span::styled(
                    format!("{} {} {score}", symbols.best, text::clean(&study.metric)),
                    theme.style(Tone::Good),
                ),
                Span::raw(spread.unwrap_or_default()),
                Span::styled(format!("  trial {}", best.id), quiet),
            ])
        }
    };
    if let Some(caution) = study.caution() {
        start.push_span(Span::styled(format!("  {caution}"), theme.style(Tone::Warn)));
    }
    // The best baseline: what there is to beat.
    if let Some(baseline) = state.references.first() {
        let words = format!("  {} {} {}", symbols.dot, baseline.name, significant(baseline.score, 4));
        start.push_span(Span::styled(words, theme.style(Tone::Second)));
    }
    let left = match state.remaining() {
        Some((from, to)) => {
            let (from, to) = (human::rough_duration(from), human::rough_duration(to));
            let span = if from == to { from } else { format!("{from} {} {to}", symbols.range) };
            format!("{span} left")
        }
        None if state.is_live() && state.pace.quartiles().is_none() => {
            "time left: after the first trial".into()
        }
        None => String::new(),
    };
    let elapsed = format!("{} elapsed", human::duration(state.elapsed()));
    let room = usize::from(area.width).saturating_sub(start.width() + 1);
    // In a narrow window what is left goes before what has passed.
    let choices =
        if left.is_empty() { vec![elapsed] } else { vec![format!("{elapsed}   {left}"), left, elapsed] };
    let end = choices.into_iter().find(|c| text::width(c) <= room).unwrap_or_default();
    text::ends(area, buf, start, Line::from(end));
}

/// Rows of the banner that says how the study ended; 0 while it is live.
pub fn banner_height(state: &AppState, width: u16) -> u16 {
    let Some((_, text, _)) = verdict(state) else { return 0 };
    let lines = text::width(&text).div_ceil(usize::from(width.saturating_sub(6).max(1)));
    // Words are not broken, so a line may be lost to them.
    (lines as u16 + u16::from(lines > 1)).clamp(1, 4) + 2
}

/// Draws the banner.
pub fn banner(state: &AppState, area: Rect, buf: &mut Buffer) {
    let Some((title, text, tone)) = verdict(state) else { return };
    let style = state.theme.style(tone);
    let block = Block::bordered()
        .border_set(state.theme.border())
        .border_style(style)
        .title_top(Line::styled(format!(" {title} "), style));
    let inner = block.inner(area);
    block.render(area, buf);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    Paragraph::new(text).wrap(Wrap { trim: true }).render(inner, buf);
}

fn verdict(state: &AppState) -> Option<(&'static str, String, Tone)> {
    let Phase::Over(end) = &state.phase else { return None };
    let counts = state.history.counts();
    Some(match end {
        End::Failed(why) => (
            "The study failed",
            format!("{}. All that counted is stored.", text::clean(why).trim_end_matches('.')),
            Tone::Bad,
        ),
        End::Stopped => (
            "Stopped",
            format!(
                "{} of {} trials ended. Run the same command to go on.",
                counts.finished(),
                state.history.target()
            ),
            Tone::Warn,
        ),
        End::Done if counts.complete == 0 => {
            ("Finished", "No trial completed: the log and the table's reasons say why.".into(), Tone::Warn)
        }
        End::Done => {
            let trials = human::thousands(counts.finished());
            let ties = state.ties.summary().map(|words| format!(" {}.", human::sentence(words)));
            let ties = ties.unwrap_or_default();
            (
                "Finished",
                format!("All {trials} trials ended in {}.{ties}", human::duration(state.elapsed())),
                Tone::Good,
            )
        }
    })
}
