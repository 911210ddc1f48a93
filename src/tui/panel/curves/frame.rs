//! The two charts of the curves: losses, and the study's metric.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::super::{chart, empty};
use super::{Training, is_program, named};
use crate::domain::trial::{Report, Trial, TrialState};
use crate::tui::plot::{Canvas, Scale, Stroke, axes};
use crate::tui::state::AppState;
use crate::tui::text;
use crate::tui::theme::Tone;

/// Most trainings whose lines are named at their ends.
const NAMED: usize = 12;

/// What both charts share.
pub struct Frame<'a> {
    pub state: &'a AppState,
    pub trial: &'a Trial,
    pub trainings: Vec<Training<'a>>,
    pub window: (usize, usize),
    pub cursor: Option<usize>,
}

/// One figure of a report.
pub type Figure = fn(&Report) -> Option<f64>;

impl Frame<'_> {
    /// The losses.
    pub fn losses(&self, area: Rect, buf: &mut Buffer) {
        let theme = self.state.theme;
        let (dotted, solid) = if theme.options.ascii { (". .", "...") } else { ("⠒ ⠒", "⠒⠒⠒") };
        let second = if self.is_all() { Tone::Plain } else { Tone::Second };
        let title = Line::from(vec![
            Span::styled(format!("loss{}  ", self.which()), theme.style(Tone::Strong)),
            Span::styled(format!("{dotted} train"), theme.style(Tone::Plain)),
            Span::styled(format!("  {solid} val"), theme.style(second)),
            Span::styled(self.scale_word(), theme.style(Tone::Quiet)),
        ]);
        let figures: [(Figure, Stroke, Tone); 2] = [
            (|r| r.train_loss, Stroke::Dotted, Tone::Plain),
            (|r| r.validation_loss, Stroke::Solid, Tone::Second),
        ];
        self.chart(title, &figures, &[], area, buf);
    }

    /// The study's metric.
    pub fn scores(&self, area: Rect, buf: &mut Buffer) {
        let state = self.state;
        let metric = text::clean(&state.history.study().metric);
        let best = self.trial.folds.get(state.fold).filter(|_| !self.is_all() && !is_program(state));
        let best = best.map(|fold| {
            format!("  {} best at epoch {}", state.theme.symbols().best, fold.best_epoch + 1)
        });
        let title = Line::from(vec![
            Span::styled(format!("{metric}{}", self.which()), state.theme.style(Tone::Strong)),
            Span::styled(best.unwrap_or_default(), state.theme.style(Tone::Quiet)),
            Span::styled(self.scale_word(), state.theme.style(Tone::Quiet)),
        ]);
        let fold = state.fold % state.history.study().folds.max(1);
        let references =
            if self.is_all() { Vec::new() } else { chart::references_of_fold(state, fold) };
        self.chart(title, &[(|r| Some(r.score), Stroke::Solid, Tone::Good)], &references, area, buf);
    }

    fn is_all(&self) -> bool {
        self.state.panels.curves.all && !is_program(self.state)
    }

    /// Which training it is, where there are several.
    fn which(&self) -> String {
        let study = self.state.history.study();
        match (is_program(self.state), self.is_all()) {
            (true, _) => String::new(),
            (_, true) => ", all folds".to_owned(),
            _ => format!(", fold {}", study.training(self.state.fold)),
        }
    }

    fn scale_word(&self) -> String {
        let log = self.state.panels.curves.logarithm == Some(true);
        if log { "  log".to_owned() } else { String::new() }
    }

    fn across(&self, epoch: usize) -> f64 {
        let (from, to) = self.window;
        (epoch as f64 - from as f64) / (to - from).max(1) as f64
    }

    /// The reports in sight, with the neighbours to which their lines lead.
    fn in_sight<'a>(&self, reports: &'a [Report]) -> &'a [Report] {
        let (from, to) = self.window;
        let first = reports.partition_point(|r| r.epoch < from);
        let end = reports.partition_point(|r| r.epoch <= to);
        reports.get(first..end).unwrap_or_default()
    }

    /// A chart of some figures, with its title and axes.
    fn chart(
        &self,
        title: Line<'_>,
        figures: &[(Figure, Stroke, Tone)],
        references: &[(String, f64)],
        area: Rect,
        buf: &mut Buffer,
    ) {
        let theme = self.state.theme;
        text::fitted(title, text::row(area, 0), theme.symbols().cut, buf);
        let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }.intersection(area);
        let reports = || self.trainings.iter().flat_map(|(_, reports)| self.in_sight(reports));
        let values = reports().flat_map(|r| figures.iter().filter_map(|(figure, ..)| figure(r)));
        let Some(scale) = Scale::fit(values) else {
            return empty(theme, &self.nothing(), rest, buf);
        };
        let scale = self.state.panels.curves.logarithm.map_or(scale, |log| scale.logarithmic(log));
        let (from, to) = self.window;
        let first = if is_program(self.state) { from } else { from + 1 };
        let room = axes(rest, buf, theme, scale, &first.to_string(), &named(self.state, to));
        let mut canvas = Canvas::new(room, theme);
        if let Some(at) = self.cursor {
            canvas.stem(self.across(at), 0.0, 1.0, theme.style(Tone::Quiet));
        }
        let labels = chart::lines(theme, &mut canvas, scale, references);
        canvas.raise();
        for (number, reports) in &self.trainings {
            for (figure, stroke, tone) in figures {
                let style = self.style(*number, *tone);
                let points = self.in_sight(reports).iter();
                let points = points.filter_map(|r| Some((self.across(r.epoch), scale.place(figure(r)?))));
                canvas.line(points, *stroke, style);
            }
        }
        canvas.render(buf);
        chart::names(theme, room, &labels, buf);
        self.marks(figures, scale, room, buf);
    }

    fn style(&self, training: usize, tone: Tone) -> Style {
        let theme = self.state.theme;
        if self.is_all() { theme.series(training) } else { theme.style(tone) }
    }

    /// The best epochs, and which training is which where there are several.
    fn marks(&self, figures: &[(Figure, Stroke, Tone)], scale: Scale, room: Rect, buf: &mut Buffer) {
        let Some((figure, _, tone)) = figures.last().filter(|_| !room.is_empty()) else { return };
        let cell = |report: &Report| {
            let (x, y) = (self.across(report.epoch), 1.0 - scale.place(figure(report)?));
            let inside = (0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y);
            let at = |share: f64, cells: u16| (share * f64::from(cells - 1)).round() as u16;
            inside.then(|| (room.x + at(x, room.width), room.y + at(y, room.height)))
        };
        let study = self.state.history.study();
        for (number, reports) in &self.trainings {
            let style = self.style(*number, *tone);
            let ended = self.trial.folds.get(*number).filter(|_| !is_program(self.state));
            let best = ended.and_then(|fold| reports.get(fold.best_epoch).filter(|r| r.epoch == fold.best_epoch));
            if let Some(cell) = best.and_then(cell).and_then(|at| buf.cell_mut(at)) {
                cell.set_symbol(self.state.theme.symbols().best).set_style(style);
            }
            let named = self.is_all() && self.trainings.len() <= NAMED;
            if let Some((x, y)) = reports.last().filter(|_| named).and_then(cell) {
                let name = study.training(*number);
                let x = x.min(room.right().saturating_sub(text::width(&name) as u16)).max(room.x);
                let at = Rect { x, y, width: room.right() - x, height: 1 };
                text::fitted(Line::styled(name, style), at, self.state.theme.symbols().cut, buf);
            }
        }
    }

    /// Why there is nothing to draw.
    fn nothing(&self) -> String {
        let (id, steps) = (self.trial.id, self.state.history.study().objective.steps());
        let step = steps.trim_end_matches('s');
        if !self.trial.reports.is_empty() && !self.is_all() {
            return match self.trial.state.is_finished() {
                true => format!("fold {} was not trained", self.state.history.study().training(self.state.fold)),
                false => "this fold's turn has not come yet".to_owned(),
            };
        }
        match &self.trial.state {
            TrialState::Waiting => format!("no {step} yet: trial {id} waits for a slot"),
            TrialState::Running => format!("no {step} yet"),
            _ => format!("trial {id} ended without a report of an {step}").replace("an step", "a step"),
        }
    }
}
