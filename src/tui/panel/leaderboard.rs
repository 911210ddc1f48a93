//! The leaderboard: every trial in order, its searched parameters as columns.
//!
//! Mark, rank, trial, score and state stay; parameters, epochs and time scroll beside them.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::Panel;
use super::empty;
use crate::analysis::human;
use crate::analysis::parameters::dependent;
use crate::domain::baseline::BaselineScore;
use crate::domain::space::Distribution;
use crate::domain::trial::{Trial, TrialState};
use crate::domain::value::{Value, significant};
use crate::tui::keymap::Action;
use crate::tui::navigate;
use crate::tui::order::{BASELINE, Column, Row};
use crate::tui::state::{AppState, PanelId, Phase};
use crate::tui::text::{self, left, right};
use crate::tui::theme::{Symbols, Tone};
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel =
    Panel { about, place, foot, act, click, ..Panel::plain(PanelId::Leaderboard, "Leaderboard", render) };

/// Widths: mark and rank, trial, score, spread, state.
const RANK: usize = 6;
const TRIAL: usize = 6;
const SCORE: usize = 9;
const SPREAD: usize = 7;
const STATE: usize = 10;
const PINNED: usize = RANK + TRIAL + SCORE + SPREAD + STATE;
/// Room beyond the columns in which reasons can be read.
pub const REASON: u16 = 22;
/// Widest a parameter may be.
const PARAMETER: usize = 13;
/// Width of the parameters that depend on others.
const DEPENDENT: usize = 44;

/// How it is sorted and filtered, behind a word of caution where the scores need one.
pub fn about(state: &AppState) -> String {
    let (table, symbols) = (&state.table, state.theme.symbols());
    let column = table.sort.name(&state.history.study().space);
    let turned = if table.reverse { ", reversed" } else { "" };
    let order = if table.sort == Column::Score && !table.reverse {
        "best first".to_owned()
    } else {
        format!("by {column}{turned}")
    };
    let caution = state.history.study().caution();
    let caution = caution.map_or_else(String::new, |words| format!("{} {words} ", symbols.dot));
    match table.filter.text() {
        "" => format!("{caution}{} {order}", symbols.dot),
        filter => format!("{caution}{0} {order} {0} /{filter}", symbols.dot),
    }
}

/// Which of the rows are in sight.
pub fn place(state: &AppState, rows: usize) -> String {
    let total = state.table.order().len();
    let height = rows.saturating_sub(1);
    if total == 0 || height == 0 {
        return String::new();
    }
    let from = first_row(state.table.cursor(), total, height);
    let (a, b) = (human::thousands(from + 1), human::thousands((from + height).min(total)));
    format!("{a}{}{b} of {}", state.theme.symbols().range, human::thousands(total))
}

/// The first row in sight: the selection is kept in the middle, but the ends are not left empty.
fn first_row(cursor: usize, total: usize, height: usize) -> usize {
    cursor.saturating_sub(height / 2).min(total.saturating_sub(height))
}

/// Width with frame at which no column is cut.
pub fn full_width(state: &AppState) -> u16 {
    let scrolling: usize = scrolling(state).iter().map(|(_, width)| width).sum();
    (PINNED + scrolling + 3).min(1000) as u16
}

/// The columns that scroll, with their widths, the gap before them included.
fn scrolling(state: &AppState) -> Vec<(Column, usize)> {
    let space = &state.history.study().space;
    let width = |column: &Column| match column {
        Column::Parameter(i) => {
            let parameter = &space.parameters[*i];
            let widest = widest_value(&parameter.distribution).max(text::width(&parameter.name));
            widest.clamp(5, PARAMETER) + 1
        }
        Column::Dependent => DEPENDENT,
        Column::Time => 8,
        _ => 7,
    };
    Column::beside(space).into_iter().map(|column| (column, width(&column))).collect()
}

fn widest_value(distribution: &Distribution) -> usize {
    let shown = |v: &Value| text::width(&v.to_string());
    match distribution {
        Distribution::Int { low, high, .. } => shown(&Value::Int(*low)).max(shown(&Value::Int(*high))),
        // Four significant digits of anything between are no longer than this.
        Distribution::Float { .. } => 8,
        Distribution::Choice { choices } => choices.iter().map(shown).max().unwrap_or(0),
    }
}

/// The scrolled columns that fit into `room`, and whether some are left out at the right.
fn in_sight(state: &AppState, room: usize) -> (Vec<(Column, usize)>, bool) {
    let all = scrolling(state);
    let rest = all.get(state.table.scrolled.min(all.len() - 1)..).unwrap_or_default();
    let whole: usize = rest.iter().map(|(_, w)| w).sum();
    if whole <= room {
        return (rest.to_vec(), false);
    }
    // One column is kept for the mark.
    let (mut used, mut shown) = (1, Vec::new());
    for (column, width) in rest {
        // A text is cut where a number would mislead.
        let width = if *column == Column::Dependent { (*width).min(room - used) } else { *width };
        if used + width > room || (*column == Column::Dependent && width < PARAMETER) {
            break;
        }
        used += width;
        shown.push((*column, width));
    }
    // A text that is cut has its own mark.
    let cut = shown.last().is_some_and(|(column, width)| *column == Column::Dependent && *width < DEPENDENT);
    (shown, !cut)
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    let rows = usize::from(area.height).saturating_sub(1);
    if let Some(by) = navigate::distance(action, rows) {
        let to = navigate::clamped(state.table.cursor(), by, state.table.order().len());
        state.table.move_to(to);
        return Vec::new();
    }
    // One of the columns always stays.
    let last = Column::beside(&state.history.study().space).len() - 1;
    match action {
        Action::Left => state.table.scrolled = state.table.scrolled.saturating_sub(1),
        Action::Right => state.table.scrolled = (state.table.scrolled + 1).min(last),
        Action::Sort => sort(state),
        Action::Reverse => {
            state.table.reverse = !state.table.reverse;
            state.refresh();
        }
        _ => {}
    }
    Vec::new()
}

fn click(state: &mut AppState, area: Rect, at: Position, again: bool) -> Vec<Effect> {
    // The first click may have moved the rows.
    if again {
        navigate::open(state, state.table.selected());
        return Vec::new();
    }
    let total = state.table.order().len();
    let from = first_row(state.table.cursor(), total, usize::from(area.height).saturating_sub(1));
    if let Some(row) = usize::from(at.y.saturating_sub(area.y)).checked_sub(1)
        && from + row < total
    {
        state.table.move_to(from + row);
    }
    Vec::new()
}

fn sort(state: &mut AppState) {
    let columns = Column::sortable(&state.history.study().space);
    let at = columns.iter().position(|c| *c == state.table.sort).unwrap_or(0);
    state.table.sort = columns[(at + 1) % columns.len()];
    state.table.reverse = false;
    state.refresh();
}

/// Draws the table.
pub fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let order = state.table.order();
    if order.is_empty() {
        let sentence = match (&state.phase, state.history.trials().is_empty()) {
            (_, false) => "no trial passes the filter: Esc takes it away",
            (Phase::Over(_), true) => "no trial was started",
            (_, true) if state.history.target() == 0 => "loading the data ...",
            (_, true) => "starting the first trial ...",
        };
        return empty(theme, sentence, area, buf);
    }
    let height = usize::from(area.height).saturating_sub(1);
    let from = first_row(state.table.cursor(), order.len(), height);
    let (columns, more) = in_sight(state, usize::from(area.width).saturating_sub(PINNED + 1));
    heading(state, &columns, more).render(text::row(area, 0), buf);
    let best = state.history.incumbent().map(|t| t.id);
    let decimals = human::decimals(state.best.best().unwrap_or(0.0));
    let reasons =
        usize::from(area.width).saturating_sub(PINNED + 3 + columns.iter().map(|c| c.1).sum::<usize>());
    for (i, row) in order.iter().enumerate().skip(from).take(height) {
        let at = text::row(area, 1 + i - from);
        let selected = i == state.table.cursor();
        let (mut line, reason) = match row {
            Row::Trial(id) => {
                let Some(trial) = state.history.trial(*id) else { continue };
                let mut line = pinned(state, trial, best == Some(*id), selected, decimals);
                line.extend(columns.iter().map(|(column, width)| cell(state, trial, *column, *width)));
                (line, trial.state.reason())
            }
            Row::Baseline(number) => {
                let Some(baseline) = state.history.baselines().get(*number) else { continue };
                (baseline_row(state, baseline, &columns, selected, decimals), None)
            }
        };
        if more {
            line.push(Span::styled(theme.symbols().cut, theme.style(Tone::Quiet)));
        } else if let Some(reason) = reason.filter(|_| reasons >= usize::from(REASON) / 2) {
            line.push(Span::styled(
                format!("  {}", text::cut(reason, reasons, theme.symbols().cut)),
                theme.style(Tone::Quiet),
            ));
        }
        Line::from(line).render(at, buf);
        if i == state.table.cursor() {
            buf.set_style(at, theme.selected(state.focus == PanelId::Leaderboard));
        }
    }
}

/// Why the selected trial has no score, for the frame's lower edge.
pub fn foot(state: &AppState, room: usize) -> Option<Line<'static>> {
    let trial = state.history.trial(state.table.selected()?.trial()?)?;
    let words = format!("trial {} {}: {}", trial.id, trial.state.word(), trial.state.reason()?);
    let words = text::cut(&words, room.saturating_sub(2), state.theme.symbols().cut);
    Some(Line::styled(format!(" {words} "), state.theme.style(state.theme.state(&trial.state))))
}

fn heading(state: &AppState, columns: &[(Column, usize)], more: bool) -> Line<'static> {
    let (theme, symbols) = (state.theme, state.theme.symbols());
    let study = state.history.study();
    // The mark of the sorted column stands in the gap before its name.
    let titled = |column: Column, name: &str| {
        let mark = if state.table.reverse { symbols.down } else { symbols.up };
        if column == state.table.sort { format!("{mark}{name}") } else { name.to_owned() }
    };
    let over = if study.repeats > 1 { "rep" } else { "fold" };
    let spread = if study.trainings() > 1 { format!("{}{over}", symbols.plus_minus) } else { String::new() };
    let mut words = right("rank", RANK, symbols.cut);
    words += &right(&titled(Column::Trial, "trial"), TRIAL, symbols.cut);
    words += &right(&titled(Column::Score, &study.metric), SCORE, symbols.cut);
    words += &format!(" {}", left(&spread, SPREAD - 1, symbols.cut));
    words += &left(&format!("{:>6}", titled(Column::State, "state")), STATE, symbols.cut);
    words += if state.table.scrolled > 0 { symbols.cut_left } else { " " };
    for (column, width) in columns {
        let name = match column {
            Column::Epochs => study.objective.steps(),
            column => column.name(&study.space),
        };
        let name = text::cut(name, width - 1, symbols.cut);
        if *column == Column::Dependent {
            words += &format!("  {}", left(&name, width - 2, symbols.cut));
            continue;
        }
        words += &right(&titled(*column, &name), *width, symbols.cut);
    }
    if more {
        words += symbols.cut;
    }
    Line::styled(words, theme.style(Tone::Strong))
}

fn pinned(
    state: &AppState,
    trial: &Trial,
    best: bool,
    selected: bool,
    decimals: usize,
) -> Vec<Span<'static>> {
    let (theme, symbols) = (state.theme, state.theme.symbols());
    let cursor = if selected { symbols.cursor } else { " " };
    let star = match (best, state.ties.is_tied(trial.id)) {
        (true, _) => symbols.best,
        (false, true) => symbols.tied,
        (false, false) => " ",
    };
    let rank = state.table.rank(trial.id).map_or(symbols.none.to_owned(), |r| r.to_string());
    let (score, spread) = match trial.score {
        Some(score) => (human::aligned(score, decimals), trial.spread()),
        None => (symbols.none.to_owned(), None),
    };
    let spread = spread_words(spread, symbols);
    let tone = theme.state(&trial.state);
    let strong = theme.style(if best { Tone::Good } else { Tone::Plain });
    vec![
        Span::styled(cursor, theme.style(Tone::Accent)),
        Span::styled(star, theme.style(Tone::Good)),
        Span::styled(right(&rank, RANK - 2, symbols.cut), theme.style(Tone::Quiet)),
        Span::raw(right(&trial.id.to_string(), TRIAL, symbols.cut)),
        Span::styled(right(&score, SCORE, symbols.cut), strong),
        Span::styled(format!(" {}", left(&spread, SPREAD - 1, symbols.cut)), theme.style(Tone::Quiet)),
        Span::styled(format!(" {} ", left(trial.state.word(), STATE - 1, symbols.cut)), theme.style(tone)),
    ]
}

fn spread_words(spread: Option<f64>, symbols: &Symbols) -> String {
    // A figure less rather than one that is cut: `0.00…` would say something else.
    let digits = |s: f64| if significant(s, 2).len() > SPREAD - 2 { 1 } else { 2 };
    spread.map_or(String::new(), |s| format!("{}{}", symbols.plus_minus, significant(s, digits(s))))
}

/// A baseline among the trials: without a rank or settings, its name where a trial has its number.
fn baseline_row(
    state: &AppState,
    baseline: &BaselineScore,
    columns: &[(Column, usize)],
    selected: bool,
    decimals: usize,
) -> Vec<Span<'static>> {
    let (theme, symbols) = (state.theme, state.theme.symbols());
    let metric = &state.history.study().metric;
    let name = text::clean(&baseline.baseline);
    let score = baseline.mean(metric).map_or(symbols.none.to_owned(), |s| human::aligned(s, decimals));
    let spread = spread_words(baseline.spread(metric), symbols);
    let mut beside = String::new();
    // A name that was cut stands whole where a trial has its settings.
    let room = RANK + TRIAL - 2;
    if text::width(&name) > room {
        beside = format!("  {name}");
    }
    let mut width = 0;
    for (column, own) in columns {
        width += own;
        if *column == Column::Time && text::width(&beside) + own <= width {
            let time = right(&human::duration(baseline.seconds), own - 1, symbols.cut);
            beside = format!("{} {time}", left(&beside, width - own, symbols.cut));
        }
    }
    let cursor = if selected { symbols.cursor } else { " " };
    let tone = theme.style(Tone::Second);
    vec![
        Span::styled(cursor, theme.style(Tone::Accent)),
        Span::styled(format!(" {}", right(&name, room, symbols.cut)), tone),
        Span::styled(right(&score, SCORE, symbols.cut), tone),
        Span::styled(format!(" {}", left(&spread, SPREAD - 1, symbols.cut)), theme.style(Tone::Quiet)),
        Span::styled(format!(" {} ", left(BASELINE, STATE - 1, symbols.cut)), tone),
        Span::styled(left(&beside, width, symbols.cut), theme.style(Tone::Quiet)),
    ]
}

fn cell(state: &AppState, trial: &Trial, column: Column, width: usize) -> Span<'static> {
    let symbols = state.theme.symbols();
    let study = state.history.study();
    let words = match column {
        Column::Parameter(i) => {
            let value = study.space.parameters.get(i).and_then(|p| trial.params.get(&p.name));
            value.map_or(symbols.none.to_owned(), Value::to_string)
        }
        Column::Dependent => {
            let words = dependent(&study.space, &trial.params);
            return Span::raw(format!("  {}", left(&text::clean(&words), width - 2, symbols.cut)));
        }
        Column::Epochs => trial.epochs().to_string(),
        Column::Time if trial.state == TrialState::Waiting => symbols.none.to_owned(),
        Column::Time => human::duration(trial.seconds(state.now)),
        Column::Trial | Column::Score | Column::State => String::new(),
    };
    Span::raw(format!(" {}", right(&words, width - 1, symbols.cut)))
}
