//! The jobs of a cluster.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::machine::UNTOLD;
use super::{Panel, empty};
use crate::analysis::human;
use crate::domain::trial::Timestamp;
use crate::domain::value::counted;
use crate::tui::keymap::Action;
use crate::tui::machine::jobs::{Job, Jobs};
use crate::tui::scroll::Scroll;
use crate::tui::state::{AppState, PanelId};
use crate::tui::text::{self, left, right};
use crate::tui::theme::{Theme, Tone};
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel = Panel { about, place, act, ..Panel::plain(PanelId::Jobs, "Jobs", render) };

/// From this width on, there is room for nodes and for the time used, and then for more of the name.
const MIDDLE: usize = 70;
const WIDE: usize = 90;

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    standing: Standing,
    jobs: Vec<Job>,
    /// When those were told.
    at: Timestamp,
    scroll: Scroll,
}

#[derive(Debug, Clone, Default, PartialEq)]
enum Standing {
    #[default]
    Asked,
    Told,
    Absent,
    Failed(String),
}

impl State {
    /// Shows what a later state knows, where this one is scrolled to.
    pub fn catch_up(&mut self, later: Self) {
        *self = State { scroll: std::mem::take(&mut self.scroll), ..later };
    }

    /// Takes an answer in; says whether anything is new, which the time of an answer is while jobs run.
    pub fn take(&mut self, jobs: Jobs, now: Timestamp) -> bool {
        let before = (self.standing.clone(), self.jobs.len());
        match jobs {
            Jobs::Absent => self.standing = Standing::Absent,
            // The jobs of before stay, with their time.
            Jobs::Failed(why) => self.standing = Standing::Failed(why),
            Jobs::Found(jobs) => (self.standing, self.jobs, self.at) = (Standing::Told, jobs, now),
        }
        !self.jobs.is_empty() || before != (self.standing.clone(), self.jobs.len())
    }
}

fn about(state: &AppState) -> String {
    let (kept, dot) = (&state.panels.jobs, state.theme.symbols().dot);
    if kept.standing == Standing::Absent || kept.jobs.is_empty() {
        return String::new();
    }
    let running = kept.jobs.iter().filter(|job| job.is_running()).count();
    let pending = kept.jobs.iter().filter(|job| job.letters == "PD").count();
    format!("{dot} {} {dot} {running} running {dot} {pending} pending", counted(kept.jobs.len(), "job"))
}

/// Rows of jobs: below the heading, and below the words of what failed.
fn below(state: &AppState, rows: usize) -> usize {
    rows.saturating_sub(1 + usize::from(matches!(state.panels.jobs.standing, Standing::Failed(_))))
}

fn place(state: &AppState, rows: usize) -> String {
    let kept = &state.panels.jobs;
    kept.scroll.place(state.theme, below(state, rows), kept.jobs.len())
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    let (rows, total) = (below(state, usize::from(area.height)), state.panels.jobs.jobs.len());
    state.panels.jobs.scroll.act(action, rows, total);
    Vec::new()
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }.intersection(area);
    let (theme, symbols, kept) = (state.theme, state.theme.symbols(), &state.panels.jobs);
    let words = match &kept.standing {
        _ if state.replay.is_some() => Some(UNTOLD.to_owned()),
        Standing::Asked => Some("asking squeue for your jobs ...".to_owned()),
        Standing::Absent => Some(
            "no Slurm here: there is no program squeue in PATH. On a cluster your jobs stand here, with the time \
             that they have left."
                .to_owned(),
        ),
        Standing::Told if kept.jobs.is_empty() => Some("Slurm has no job of yours".to_owned()),
        Standing::Failed(why) if kept.jobs.is_empty() => {
            Some(format!("{}. It is asked again every ten seconds.", text::clean(why)))
        }
        Standing::Told | Standing::Failed(_) => None,
    };
    if let Some(words) = words {
        return empty(theme, &words, area, buf);
    }
    let mut first = 0;
    if let Standing::Failed(why) = &kept.standing {
        let age = human::duration(state.now.saturating_sub(kept.at) as f64 / 1000.0);
        let words = format!("{}; what follows is {age} old", text::clean(why));
        text::fitted(Line::styled(words, theme.style(Tone::Warn)), text::row(area, 0), symbols.cut, buf);
        first = 1;
    }
    let width = usize::from(area.width);
    let columns = Columns::of(width);
    let heading = text::cut(&columns.heading(), width, symbols.cut);
    Line::styled(heading, theme.style(Tone::Strong)).render(text::row(area, first), buf);
    let rows = below(state, usize::from(area.height));
    let from = kept.scroll.from(rows, kept.jobs.len());
    let passed = state.now.saturating_sub(kept.at) / 1000;
    for (i, job) in kept.jobs.iter().skip(from).take(rows).enumerate() {
        let line = columns.line(theme, job, if job.is_running() { passed } else { 0 });
        text::fitted(line, text::row(area, first + 1 + i), symbols.cut, buf);
    }
}

struct Columns {
    id: usize,
    name: usize,
    /// 0 where there is no room for this and the time used.
    nodes: usize,
    /// The bar of a job's time.
    bar: usize,
}

impl Columns {
    fn of(width: usize) -> Self {
        match width {
            0..MIDDLE => Columns { id: 9, name: 11, nodes: 0, bar: 6 },
            MIDDLE..WIDE => Columns { id: 9, name: 13, nodes: 7, bar: 8 },
            _ => Columns { id: 12, name: 21, nodes: 12, bar: 10 },
        }
    }

    fn heading(&self) -> String {
        let cells =
            [("job", self.id), ("name", self.name), ("trial", 6), ("state", 14), ("nodes", self.nodes)];
        let words: String = cells.iter().map(|(name, width)| left(name, *width, "")).collect();
        let used = if self.nodes > 0 { "    used  " } else { "" };
        format!("{words}{used}left, or why")
    }

    /// A job, of which the answer is so many seconds old.
    fn line(&self, theme: Theme, job: &Job, passed: u64) -> Line<'static> {
        let symbols = theme.symbols();
        let cell = |words: &str, width: usize| left(words, width - 1, symbols.cut) + " ";
        let tone = match job.letters.as_str() {
            "R" | "CG" => Tone::Good,
            "PD" | "CF" => Tone::Quiet,
            "CD" => Tone::Plain,
            "S" | "ST" | "PR" | "RQ" | "RH" | "RD" | "SO" | "SI" => Tone::Warn,
            _ => Tone::Bad,
        };
        let trial = job.trial().map_or(symbols.none.to_owned(), |trial| trial.to_string());
        let nodes = if job.nodes.is_empty() { symbols.none } else { &job.nodes };
        let used = job.used.map_or(symbols.none.to_owned(), |used| human::duration((used + passed) as f64));
        let mut spans = vec![
            Span::styled(cell(&job.id, self.id), theme.style(Tone::Strong)),
            Span::raw(cell(&job.name, self.name)),
            Span::styled(cell(&trial, 6), theme.style(Tone::Accent)),
            Span::styled(cell(&format!("{:<2} {}", job.letters, job.state), 14), theme.style(tone)),
        ];
        if self.nodes > 0 {
            spans.push(Span::raw(cell(nodes, self.nodes)));
            spans.push(Span::styled(right(&used, 8, symbols.cut) + "  ", theme.style(Tone::Quiet)));
        }
        match (job.left.map(|left| left.saturating_sub(passed)), job.limit) {
            _ if !job.is_running() => {
                let wants = job.limit.map(|limit| format!("  wants {}", human::rough_duration(limit as f64)));
                spans.push(Span::styled(text::clean(&job.reason), theme.style(Tone::Warn)));
                spans.push(Span::styled(wants.unwrap_or_default(), theme.style(Tone::Quiet)));
            }
            (Some(left), Some(limit)) if limit > 0 => {
                // What has passed fills the bar.
                let share = 1.0 - (left as f64 / limit as f64).min(1.0);
                spans.extend(super::machine::level(theme, share, self.bar));
                spans.push(Span::raw(format!(" {}", human::rough_duration(left as f64))));
            }
            (Some(left), _) => spans.push(Span::raw(human::rough_duration(left as f64))),
            (None, _) => spans.push(Span::styled("no limit", theme.style(Tone::Quiet))),
        }
        Line::from(spans)
    }
}
