//! The table of studies, with as many columns as there is room for.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::Standing;
use crate::analysis::human;
use crate::domain::trial::Timestamp;
use crate::domain::value::significant;
use crate::tui::ask::StudyRow;
use crate::tui::text;
use crate::tui::theme::{Theme, Tone};

/// What begins a study where there is none.
const BEGIN: [&str; 2] = ["tune-tui simulate quick -o data/quick", "tune-tui studies/quickstart.toml"];

/// Draws the table, or how to begin where it has no rows.
pub fn list(
    theme: Theme,
    rows: &[(Cow<'_, StudyRow>, Standing)],
    (cursor, focused): (usize, bool),
    now: Timestamp,
    area: Rect,
    buf: &mut Buffer,
) {
    if rows.is_empty() {
        return none(theme, area, buf);
    }
    let symbols = theme.symbols();
    let columns = Columns::of(rows, now, theme, area.width);
    let heading = columns.line(&HEADING.map(str::to_owned), symbols.cut);
    Line::styled(heading, theme.style(Tone::Quiet)).render(text::row(area, 0), buf);
    let below = usize::from(area.height.saturating_sub(1));
    // The line of the selected one's file stands below the table, where there is room for it.
    let detail = usize::from(below > 4);
    let seen = below - detail.min(below);
    let first = (cursor + 1).saturating_sub(seen);
    for (place, (row, standing)) in rows.iter().enumerate().skip(first).take(seen) {
        let at = text::row(area, place - first + 1);
        let line = columns.line(&cells(row, *standing, now, theme, columns.bar), symbols.cut);
        let (before, state, after) = columns.around_state(&line);
        let tone = if *standing == Standing::Damaged { Tone::Quiet } else { Tone::Plain };
        Line::from(vec![
            Span::styled(before, theme.style(tone)),
            Span::styled(state, theme.style(standing.tone())),
            Span::styled(after, theme.style(tone)),
        ])
        .render(at, buf);
        if place == cursor {
            buf.set_style(at.intersection(buf.area), theme.selected(focused));
        }
    }
    if detail > 0
        && let Some((row, _)) = rows.get(cursor)
    {
        let words = format!(" {}", about(row, symbols.dot));
        let tone = if row.problem.is_some() { Tone::Bad } else { Tone::Quiet };
        let words = text::cut(&words, usize::from(area.width), symbols.cut);
        let at = text::row(area, usize::from(area.height) - 1);
        Line::styled(words, theme.style(tone)).render(at, buf);
    }
}

/// Where the selected study lies, or why it can't be opened.
fn about(row: &StudyRow, dot: &str) -> String {
    if let Some(problem) = &row.problem {
        return problem.clone();
    }
    let file = row.file.as_ref().map(|file| file.display().to_string());
    let store = row.store.as_ref().map(|store| format!("stored in {}", store.display()));
    let parts: Vec<String> = file.into_iter().chain(store).collect();
    parts.join(&format!(" {dot} "))
}

fn none(theme: Theme, area: Rect, buf: &mut Buffer) {
    let quiet = |words: &str| Line::styled(words.to_owned(), theme.style(Tone::Quiet));
    let command = |words: &str| Line::styled(words.to_owned(), theme.style(Tone::Accent));
    let lines = [
        Line::from("There are no studies in this folder yet."),
        Line::default(),
        quiet("The example of tune-tui's own folder simulates its data:"),
        command(BEGIN[1]),
        Line::default(),
        quiet("or simulate a population, and write a study file of your own:"),
        command(BEGIN[0]),
    ];
    let from = usize::from(area.height).saturating_sub(lines.len()) / 2;
    for (row, line) in lines.into_iter().enumerate() {
        let at = text::row(area, from + row);
        text::fitted(line.centered(), at, theme.symbols().cut, buf);
    }
}

const HEADING: [&str; 7] = ["study", "state", "done", "trials", "best", "changed", "study file"];
/// Least and most columns of each cell.
const ROOM: [(usize, usize); 7] = [(8, 40), (11, 11), (4, 24), (6, 15), (8, 22), (8, 11), (10, 80)];
/// From this width on the bars are long, and each study's file is told.
const WIDE: u16 = 110;

/// What a row shows, in the order of [`HEADING`].
fn cells(row: &StudyRow, standing: Standing, now: Timestamp, theme: Theme, bar: usize) -> [String; 7] {
    let symbols = theme.symbols();
    let stored = row.store.as_ref().and_then(|store| store.file_name());
    // An archived study keeps its name, but not its folder.
    let name = match stored {
        Some(folder) if standing == Standing::Archived => folder.to_string_lossy().into_owned(),
        _ => row.name.clone(),
    };
    let trials = row.trials.map_or_else(
        || symbols.none.to_owned(),
        |(ended, wanted)| format!("{}/{}", human::thousands(ended), human::thousands(wanted)),
    );
    let best = row.best.as_ref().map_or_else(
        || symbols.none.to_owned(),
        |(score, metric)| format!("{metric} {}", significant(*score, 4)),
    );
    let state = match standing {
        Standing::Here => format!("{} {}", symbols.cursor, standing.word()),
        _ => standing.word().to_owned(),
    };
    let file = row.file.as_ref().map_or_else(|| symbols.none.to_owned(), |file| file.display().to_string());
    [name, state, progress(row, theme, bar), trials, best, ago(row.last, now, symbols.none), file]
}

fn progress(row: &StudyRow, theme: Theme, room: usize) -> String {
    let symbols = theme.symbols();
    let Some((ended, wanted)) = row.trials.filter(|(_, wanted)| *wanted > 0) else {
        return symbols.to_do.repeat(room);
    };
    let done = ((ended as f64 / wanted as f64).clamp(0.0, 1.0) * room as f64).floor() as usize;
    symbols.done.repeat(done) + &symbols.to_do.repeat(room - done)
}

/// How wide each column is; those without room are left out, the last ones first.
struct Columns {
    widths: Vec<usize>,
    bar: usize,
}

impl Columns {
    fn of(rows: &[(Cow<'_, StudyRow>, Standing)], now: Timestamp, theme: Theme, room: u16) -> Self {
        let bar = if room < WIDE { 6 } else { 16 };
        let mut widths = HEADING.map(text::width);
        for (row, standing) in rows {
            for (width, cell) in widths.iter_mut().zip(cells(row, *standing, now, theme, bar)) {
                *width = (*width).max(text::width(&cell));
            }
        }
        for (width, (least, most)) in widths.iter_mut().zip(ROOM) {
            *width = (*width).clamp(least, most);
        }
        let mut widths = widths.to_vec();
        if room < WIDE {
            widths.pop();
        }
        let room = usize::from(room);
        let total = |widths: &[usize]| widths.iter().map(|width| width + 2).sum::<usize>();
        // The name gives way first, then columns from the right.
        let over = total(&widths).saturating_sub(room);
        widths[0] = widths[0].saturating_sub(over).max(2 * ROOM[0].0).min(widths[0]);
        while widths.len() > 2 && total(&widths) > room {
            widths.pop();
        }
        Columns { widths, bar }
    }

    fn line(&self, cells: &[String; 7], mark: &str) -> String {
        let mut line = String::new();
        for (number, (cell, width)) in cells.iter().zip(&self.widths).enumerate() {
            // Counts stand to the right.
            let fit = if number == 3 { text::right } else { text::left };
            line += &format!(" {} ", fit(cell, *width, mark));
        }
        line
    }

    /// A line in three: up to the state, the state, and what follows.
    fn around_state(&self, line: &str) -> (String, String, String) {
        let ends = [self.widths[0] + 2, self.widths[0] + self.widths.get(1).map_or(0, |width| width + 4)];
        let mut parts = [String::new(), String::new(), String::new()];
        let mut at = 0;
        for c in line.chars() {
            let part = ends.iter().filter(|end| at >= **end).count();
            parts[part].push(c);
            at += text::width(c.encode_utf8(&mut [0; 4]));
        }
        let [before, state, after] = parts;
        (before, state, after)
    }
}

/// How long ago, in words as short as a cell.
fn ago(last: Option<Timestamp>, now: Timestamp, none: &str) -> String {
    last.map_or_else(
        || none.to_owned(),
        |last| {
            let seconds = now.saturating_sub(last) as f64 / 1000.0;
            if seconds < 10.0 {
                "now".into()
            } else {
                format!("{} ago", human::rough_duration(seconds).trim())
            }
        },
    )
}
