//! The three lines at the top: what is studied, how far it is, what was found. And the banner of a
//! study that is over.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Widget, Wrap};

use crate::analysis::human;
use crate::domain::command::End;
use crate::domain::event::ObjectiveKind;
use crate::domain::trial::TrialState;
use crate::domain::value::{counted, significant};
use crate::tui::form::Purpose;
use crate::tui::keymap::{Action, Context};
use crate::tui::state::{AppState, Phase, View};
use crate::tui::text;
use crate::tui::theme::Tone;

/// Narrowest and widest bar.
const BAR: (usize, usize) = (6, 60);

/// Draws the header.
pub fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    study(state, text::row(area, 0), buf);
    progress(state, text::row(area, 1), buf);
    findings(state, text::row(area, 2), buf);
}

fn study(state: &AppState, area: Rect, buf: &mut Buffer) {
    let (theme, symbols, study) = (state.theme, state.theme.symbols(), state.history.study());
    let (word, tone) = state.standing();
    let waits = waits(state).map(|why| format!(" {} {why}", symbols.dot)).unwrap_or_default();
    let end = Line::from(vec![
        Span::styled(format!("{} {word}", symbols.state), theme.style(tone)),
        Span::styled(waits, theme.style(Tone::Quiet)),
    ]);
    let history = &state.history;
    let sampler = history.sampler().map_or_else(|| study.sampler.clone(), |m| m.kind.clone());
    let pruner = history.pruner().map(|m| m.kind.clone()).unwrap_or_default();
    let about = [&study.model, &sampler, &pruner, &study.data].into_iter().filter(|words| !words.is_empty());
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

/// What the study waits for, or why a slot is idle, where it is not all at work.
fn waits(state: &AppState) -> Option<String> {
    let (history, counts) = (&state.history, state.history.counts());
    if !matches!(state.phase, Phase::Live) || history.slots() == 0 {
        return None;
    }
    let (trials, wanted) = (history.trials().len(), history.target());
    if counts.finished() > 0 && history.is_done() {
        return Some("the trials have ended".into());
    }
    if history.is_paused() {
        let running = counts.running;
        return Some(if running == 0 { "nothing new starts".into() } else { format!("{running} still run") });
    }
    let idle = history.slots().saturating_sub(counts.running);
    if idle == 0 || (counts.running == 0 && counts.finished() == 0) {
        return None;
    }
    let why = if counts.waiting > 0 || trials < wanted { "the next trial is due" } else { "no more trials" };
    Some(format!("{} idle: {why}", counted(idle, "slot")))
}

fn progress(state: &AppState, area: Rect, buf: &mut Buffer) {
    let (theme, counts, target) = (state.theme, state.history.counts(), state.history.target());
    let total = match target {
        0 => " no trials yet".to_owned(),
        // A person may want fewer than there are.
        _ if counts.finished() > target => format!(" {} trials, {target} wanted", counts.finished()),
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
    let mut line = bar(state, room.clamp(BAR.0, BAR.1));
    line.extend(words);
    text::ends(area, buf, Line::from(line), Line::styled(load, theme.style(Tone::Quiet)));
}

/// The trials wanted, `room` columns of them, by how they stand: each state has its own stroke.
fn bar(state: &AppState, room: usize) -> Vec<Span<'static>> {
    let (theme, counts) = (state.theme, state.history.counts());
    let symbols = theme.symbols();
    let all = state.history.target().max(state.history.trials().len()).max(1);
    let parts: [(usize, &'static str, Style); 5] = [
        (counts.complete, symbols.done, theme.style(Tone::Accent)),
        (counts.pruned, symbols.pruned, theme.style(Tone::Warn)),
        (counts.failed, symbols.failed, theme.style(Tone::Bad)),
        (counts.cancelled, symbols.pruned, theme.style(Tone::Quiet)),
        (counts.running, symbols.at_work, theme.style(Tone::Accent)),
    ];
    let (mut spans, mut so_far, mut drawn) = (Vec::new(), 0, 0);
    for (count, symbol, style) in parts {
        so_far += count;
        // What there is is shown, where there is room for it; all is done at the end only.
        let least = if count > 0 { drawn + 1 } else { drawn };
        let to = (so_far * room / all).max(least).min(room);
        spans.push(Span::styled(symbol.repeat(to - drawn), style));
        drawn = to;
    }
    spans.push(Span::styled(symbols.to_do.repeat(room - drawn), theme.style(Tone::Quiet)));
    spans
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
        None if state.is_live() && state.pace.is_unknown() => "time left: after the first trial".into(),
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

/// The least height of a screen on which every view has the banner; on a smaller one only the overview has.
const TALL: u16 = 30;
/// The least height on which the overview has it and a table too.
const LOW: u16 = 20;

/// Rows of the banner that says how the study ended; 0 while it is live.
pub fn banner_height(state: &AppState, Rect { width, height, .. }: Rect) -> u16 {
    if height < LOW || height < TALL && state.view != View::Overview {
        return 0;
    }
    let Some((_, text, _)) = verdict(state) else { return 0 };
    let lines = text::wrap(&text, usize::from(width.saturating_sub(4))).len().max(1);
    lines.clamp(1, 4) as u16 + 2
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
        End::Done if counts.complete == 0 => ("Finished without a score", nothing(state), Tone::Warn),
        End::Done => {
            let trials = human::thousands(counts.finished());
            let ties = state.ties.summary().map(|words| format!(" {}.", human::sentence(words)));
            let ties = ties.unwrap_or_default();
            let took = human::duration(state.elapsed());
            ("Finished", format!("All {trials} trials ended in {took}.{ties} {}", next(state)), Tone::Good)
        }
    })
}

/// What may be done with a finished study; of keys those that there are.
fn next(state: &AppState) -> String {
    let key = |action: Action| {
        let row = state.keymap.rows(&[Context::Anywhere]).find(|row| row.action == action)?;
        Some(row.label(state.theme.options.ascii))
    };
    let keys = [
        (Action::Export, "writes the best as a study file"),
        (Action::Copy, "copies the selected"),
        (Action::Form(Purpose::Trials), "asks for more trials"),
    ];
    let mut words: Vec<String> =
        keys.into_iter().filter_map(|(action, words)| Some(format!("{} {words}", key(action)?))).collect();
    let study = state.history.study();
    if study.objective == ObjectiveKind::Network {
        words.push(format!("`tune-tui fit {}` trains the final networks", text::clean(&study.name)));
    }
    format!("Next: {}.", words.join(", "))
}

/// What to do about a study none of whose trials has a score: the first reason, and the remedy.
fn nothing(state: &AppState) -> String {
    let trials = state.history.trials();
    let failed = trials.iter().find(|trial| matches!(trial.state, TrialState::Failed { .. }));
    let first = failed.or(trials.first()).and_then(|trial| Some((trial.id, trial.state.reason()?)));
    let mut rows = state.keymap.rows(&[Context::Anywhere]);
    let log = rows.find(|row| row.action == Action::Show(View::Log));
    let log = log.map_or_else(String::new, |row| format!(" ({})", row.label(state.theme.options.ascii)));
    let why = first.map_or_else(String::new, |(id, reason)| {
        format!(" Trial {id}: {}.", text::clean(reason).trim_end_matches('.'))
    });
    let remedy = "Change the study file and run it again with --fresh.";
    format!("None of {} completed.{why} The log{log} has more. {remedy}", counted(trials.len(), "trial"))
}
