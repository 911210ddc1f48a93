//! Which classes were taken for which.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::analysis::agreement::Confusion;
use crate::tui::ask::Predictions;
use crate::tui::text::{self, left, right};
use crate::tui::theme::{Theme, Tone};

/// Columns of a count.
const COUNT: usize = 7;
/// Columns of the share that is right.
const RIGHT: usize = 8;

/// Draws the table, as many classes of it as there is room for.
pub fn render(theme: Theme, found: &Predictions, confusion: &Confusion, area: Rect, buf: &mut Buffer) {
    let cut = theme.symbols().cut;
    let names: Vec<String> = found.classes.iter().map(|name| text::clean(name)).collect();
    let (accuracy, all) = confusion.accuracy();
    let percent = |share: Option<f64>| {
        share.map_or(theme.symbols().none.to_owned(), |share| format!("{:.1} %", 100.0 * share))
    };
    let title = format!("{} of {all} are right", percent(accuracy));
    text::fitted(Line::styled(title, theme.style(Tone::Strong)), text::row(area, 0), cut, buf);
    let name = names.iter().map(|name| text::width(name)).max().unwrap_or(0).clamp(8, 16);
    let room = usize::from(area.width).saturating_sub(name + RIGHT) / COUNT;
    let columns = room.min(names.len());
    let heads: String = names.iter().take(columns).map(|name| right(name, COUNT, cut)).collect();
    let heading = format!("{}{heads}{}", left("observed", name, cut), right("right", RIGHT, cut));
    text::fitted(Line::styled(heading, theme.style(Tone::Quiet)), text::row(area, 2), cut, buf);
    let height = usize::from(area.height).saturating_sub(4);
    for (observed, class) in names.iter().enumerate().take(height) {
        let mut line = Line::from(Span::raw(left(class, name, cut)));
        for predicted in 0..columns {
            let count = confusion.count(observed, predicted);
            let tone = match (observed == predicted, count) {
                (_, 0) => Tone::Quiet,
                (true, _) => Tone::Good,
                (false, _) => Tone::Warn,
            };
            line.push_span(Span::styled(right(&count.to_string(), COUNT, cut), theme.style(tone)));
        }
        let recall = percent(confusion.recall(observed));
        line.push_span(Span::styled(right(&recall, RIGHT, cut), theme.style(Tone::Plain)));
        text::fitted(line, text::row(area, 3 + observed), cut, buf);
    }
    let hidden = names.len() - columns.min(height).min(names.len());
    let words = match hidden {
        0 => "across: predicted".to_owned(),
        hidden => format!("across: predicted; {hidden} more classes"),
    };
    let last = 3 + names.len().min(height);
    text::fitted(Line::styled(words, theme.style(Tone::Quiet)), text::row(area, last), cut, buf);
}
