//! The two charts of the curves: losses, and the study's metric.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::super::{chart, empty};
use super::{Training, is_program, named};
use crate::domain::trial::{Report, Trial, TrialState};
use crate::tui::plot::{self, Canvas, Scale, Stroke, Tick, short};
use crate::tui::state::AppState;
use crate::tui::text;
use crate::tui::theme::Tone;

/// Most trainings whose lines are named at their ends.
const NAMED: usize = 12;

/// Most reports for each column of a chart.
const DENSE: usize = 4;

/// Some of many reports, evenly spread, and the last one.
fn thinned(reports: &[Report], most: usize) -> impl Iterator<Item = &Report> {
    let each = reports.len().div_ceil(most.max(1)).max(1);
    let last = reports.last().filter(|_| !(reports.len() - 1).is_multiple_of(each));
    reports.iter().step_by(each).chain(last)
}

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
        let best = best
            .map(|fold| format!("  {} best at epoch {}", state.theme.symbols().best, fold.best_epoch + 1));
        let title = Line::from(vec![
            Span::styled(format!("{metric}{}", self.which()), state.theme.style(Tone::Strong)),
            Span::styled(best.unwrap_or_default(), state.theme.style(Tone::Quiet)),
            Span::styled(self.scale_word(), state.theme.style(Tone::Quiet)),
        ]);
        let fold = state.fold % state.history.study().folds.max(1);
        let references = if self.is_all() { Vec::new() } else { chart::references_of_fold(state, fold) };
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
        if log { ", log scale".to_owned() } else { String::new() }
    }

    fn across(&self, epoch: usize) -> f64 {
        let (from, to) = self.window;
        (epoch as f64 - from as f64) / (to - from).max(1) as f64
    }

    /// The reports in sight, with the neighbours to which their lines lead.
    fn in_sight<'a>(&self, reports: &'a [Report]) -> &'a [Report] {
        let (from, to) = self.window;
        let first = reports.partition_point(|r| r.epoch < from).saturating_sub(1);
        let end = (reports.partition_point(|r| r.epoch <= to) + 1).min(reports.len());
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
        // More of them than this would only be drawn over each other.
        let most = DENSE * usize::from(area.width);
        let reports = || self.trainings.iter().flat_map(|(_, reports)| thinned(self.in_sight(reports), most));
        let values = reports().flat_map(|r| figures.iter().filter_map(|(figure, ..)| figure(r)));
        let Some(scale) = Scale::fit(values) else {
            return empty(theme, &self.nothing(), rest, buf);
        };
        let scale = self.state.panels.curves.logarithm.map_or(scale, |log| {
            let (low, high) = scale.range();
            Scale::of(low, high, log)
        });
        let frame = plot::frame(rest, buf, theme, &|most| self.epochs(most), &|most| scale.ticks(most));
        let mut canvas = Canvas::new(frame.room, theme);
        let labels = chart::lines(theme, &mut canvas, scale, references);
        canvas.raise();
        for (number, reports) in &self.trainings {
            for (figure, stroke, tone) in figures {
                let style = self.style(*number, *tone);
                let points = thinned(self.in_sight(reports), most);
                let points = points.filter_map(|r| Some((self.across(r.epoch), scale.place(figure(r)?))));
                canvas.line(points, *stroke, style);
            }
        }
        self.best(figures, scale, &mut canvas);
        canvas.render(buf);
        chart::names(theme, frame.room, &labels, buf);
        self.names(figures, scale, &frame, buf);
        if let Some(at) = self.cursor {
            frame.cross(buf, (self.across(at), f64::NAN), (&named(self.state, at), ""));
        }
    }

    /// Epochs below a chart: whole ones, as a person counts them.
    fn epochs(&self, most: usize) -> Vec<Tick> {
        let base = usize::from(!is_program(self.state)) as f64;
        let (from, to) = (self.window.0 as f64 + base, self.window.1 as f64 + base);
        let scale = Scale::even(from, to);
        let mut ticks = scale.ticks(most);
        ticks.retain_mut(|tick| {
            let epoch = scale.at(tick.place);
            tick.label = short(epoch.round());
            (epoch - epoch.round()).abs() < 1e-6
        });
        if ticks.is_empty() {
            ticks.push(Tick { place: self.across(self.window.0), label: short(from) });
        }
        ticks
    }

    fn style(&self, training: usize, tone: Tone) -> Style {
        let theme = self.state.theme;
        if self.is_all() { theme.series(training) } else { theme.style(tone) }
    }

    /// The best epoch of each training that ended.
    fn best(&self, figures: &[(Figure, Stroke, Tone)], scale: Scale, canvas: &mut Canvas) {
        let Some((figure, _, tone)) = figures.last().filter(|_| !is_program(self.state)) else { return };
        let symbol = self.state.theme.symbols().best;
        for (number, reports) in &self.trainings {
            let Some(fold) = self.trial.folds.get(*number) else { continue };
            let report = reports.get(fold.best_epoch).filter(|r| r.epoch == fold.best_epoch);
            if let Some((report, value)) = report.and_then(|r| Some((r, figure(r)?))) {
                canvas.mark(
                    self.across(report.epoch),
                    scale.place(value),
                    symbol,
                    self.style(*number, *tone),
                );
            }
        }
    }

    /// Which line is which training's, at their ends.
    fn names(&self, figures: &[(Figure, Stroke, Tone)], scale: Scale, frame: &plot::Frame, buf: &mut Buffer) {
        let Some((figure, _, tone)) = figures.last() else { return };
        if !self.is_all() || self.trainings.len() > NAMED {
            return;
        }
        let room = frame.room;
        let mut ends: Vec<((u16, u16), String, Style)> = Vec::new();
        for (number, reports) in &self.trainings {
            let end = self.in_sight(reports).last();
            let place = end.and_then(|r| Some((self.across(r.epoch).min(1.0), scale.place(figure(r)?))));
            let Some(cell) = place.and_then(|(x, y)| frame.cell(x, y)) else { continue };
            let name = self.state.history.study().training(*number);
            match ends.iter_mut().find(|(at, ..)| *at == cell) {
                Some((_, names, _)) => *names += &format!(",{name}"),
                None => ends.push((cell, name, self.style(*number, *tone))),
            }
        }
        for ((x, y), names, style) in ends {
            let x = x.min(room.right().saturating_sub(text::width(&names) as u16)).max(room.x);
            let at = Rect { x, y, width: room.right() - x, height: 1 };
            text::fitted(Line::styled(names, style), at, self.state.theme.symbols().cut, buf);
        }
    }

    /// Why there is nothing to draw.
    fn nothing(&self) -> String {
        let (id, steps) = (self.trial.id, self.state.history.study().objective.steps());
        let step = steps.trim_end_matches('s');
        if !self.trial.reports.is_empty() && !self.is_all() {
            return match self.trial.state.is_finished() {
                true => {
                    format!("fold {} was not trained", self.state.history.study().training(self.state.fold))
                }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_reports_some_are_drawn_and_always_the_last() {
        let report = |step| Report {
            step,
            repeat: 0,
            fold: 0,
            epoch: step,
            train_loss: None,
            validation_loss: None,
            score: 0.0,
        };
        let reports: Vec<Report> = (0..10).map(report).collect();
        let steps = |n: usize, most| thinned(&reports[..n], most).map(|r| r.step).collect::<Vec<_>>();
        assert_eq!(steps(4, 4), [0, 1, 2, 3]);
        assert_eq!(steps(10, 4), [0, 3, 6, 9]);
        assert_eq!(steps(10, 3), [0, 4, 8, 9]);
        assert_eq!((steps(0, 4), steps(1, 0)), (vec![], vec![0]));
    }
}
