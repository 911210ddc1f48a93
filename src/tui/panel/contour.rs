//! What a model believes of the score over two parameters, the others as in the best trial.
//!
//! ```text
//! ▲ learning_rate (log)          filters ▸
//! 0.01 ┤ shades, trials, the best one
//! 1e-5 ┤
//!      └──┬─────────┬─────────┬──
//! best 63.4 [shades] 96.4
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::importance::Asked;
use super::{Panel, empty, slices};
use crate::domain::direction::Direction;
use crate::domain::insight::Contour;
use crate::domain::space::{Distribution, Parameter, SearchSpace};
use crate::domain::trial::Trial;
use crate::domain::value::{counted, significant};
use crate::tui::ask::Ask;
use crate::tui::keymap::Action;
use crate::tui::plot::{Frame, frame, heat, parameter_ticks};
use crate::tui::state::{AppState, PanelId};
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel =
    Panel { about, place, act, arrange, ..Panel::plain(PanelId::Contour, "Contour", render) };

/// Most trials that are drawn.
const DOTS: usize = 300;

/// Who chose the parameters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Choice {
    #[default]
    Nobody,
    /// Those that matter most.
    Importance,
    Person,
}

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    pair: [usize; 2],
    choice: Choice,
    asked: Asked,
    /// The parameters of the question, and where they were searched then.
    asked_of: Option<([usize; 2], SearchSpace)>,
    /// The last answer, which stays until the next one of these parameters or until their axes are others.
    known: Option<Result<Contour, String>>,
    /// What was searched when it was asked for.
    known_in: SearchSpace,
    hides_trials: bool,
}

impl State {
    /// Takes the answer in.
    pub fn answer(&mut self, outcome: Result<Contour, String>) {
        let sound = |c: &Contour| c.side > 1 && c.belief.len() == c.side * c.side;
        match outcome {
            // Late, of a pair that nobody looks at any more.
            Ok(contour) if !self.is_asked(contour.parameters) || !sound(&contour) => {}
            Err(_) if matches!(&self.known, Some(Ok(c)) if c.parameters == self.pair) => {
                self.asked.answered()
            }
            outcome => {
                self.asked.answered();
                self.known = Some(outcome);
                self.known_in =
                    self.asked_of.as_ref().map_or_else(SearchSpace::default, |(_, space)| space.clone());
            }
        }
    }

    /// The moment whose answer is awaited.
    pub fn awaits(&self) -> Option<u64> {
        self.asked.moment()
    }

    /// Forgets what it was told: the history is another one.
    pub fn forget(&mut self) {
        (self.asked, self.asked_of, self.known) = (Asked::default(), None, None);
    }

    fn is_asked(&self, pair: [usize; 2]) -> bool {
        self.asked_of.as_ref().is_some_and(|(asked, _)| *asked == pair)
    }

    /// Wipes an answer whose axes are not those of `space`.
    fn wipe(&mut self, space: &SearchSpace) {
        let axis = |space: &SearchSpace, at: usize| space.parameters.get(at).map(|p| p.distribution.clone());
        let moved = |at: &usize| axis(space, *at) != axis(&self.known_in, *at);
        if matches!(&self.known, Some(Ok(known)) if known.parameters.iter().any(moved)) {
            self.known = None;
        }
    }

    fn shown(&self) -> Option<&Contour> {
        self.known.as_ref()?.as_ref().ok().filter(|c| c.parameters == self.pair)
    }
}

/// Names the parameters.
fn about(state: &AppState) -> String {
    let dot = state.theme.symbols().dot;
    match parameters(state) {
        Some([across, up]) => format!("{dot} {} by {}", across.name, up.name),
        None => String::new(),
    }
}

/// Whether a newer answer is on its way.
fn place(state: &AppState, _rows: usize) -> String {
    let own = &state.panels.contour;
    let anew = own.asked.is_waiting() && own.shown().is_some();
    if anew { "computing anew".into() } else { String::new() }
}

/// The two parameters, as the sampler looks at them now.
fn parameters(state: &AppState) -> Option<[&Parameter; 2]> {
    let parameters = &state.history.space().parameters;
    let [across, up] = state.panels.contour.pair;
    (across != up).then_some([parameters.get(across)?, parameters.get(up)?])
}

fn arrange(state: &mut AppState, _: Rect) -> Vec<Effect> {
    state.panels.survey.refresh(&state.history);
    let parameters = &state.history.space().parameters;
    let space = state.history.space();
    let panels = &mut state.panels;
    let own = &mut panels.contour;
    own.wipe(space);
    if parameters.len() < 2 {
        return Vec::new();
    }
    if own.choice < Choice::Importance {
        let place = |name: &str| parameters.iter().position(|p| p.name == name);
        let most: Vec<usize> = panels.importance.order().take(2).filter_map(place).collect();
        (own.pair, own.choice) = match most[..] {
            [across, up] => ([across, up], Choice::Importance),
            _ => ([0, 1], Choice::Nobody),
        };
    }
    let (asked, pair) = (own.asked, own.pair);
    let other = !own.asked_of.as_ref().is_some_and(|(of, within)| *of == pair && within == space);
    if state.history.counts().complete == 0 || !(other || asked.is_due(state)) {
        return Vec::new();
    }
    let own = &mut state.panels.contour;
    own.asked.ask(&state.history, state.now);
    own.asked_of = Some((pair, state.history.space().clone()));
    vec![Effect::Ask(Ask::Contour(Box::new(state.history.clone()), pair))]
}

fn act(state: &mut AppState, action: Action, _: Rect) -> Vec<Effect> {
    let count = state.history.space().dimensions();
    let own = &mut state.panels.contour;
    let (which, by) = match action {
        Action::Next => (0, 1),
        Action::Previous => (0, count.saturating_sub(1)),
        Action::NextSecond => (1, 1),
        Action::PreviousSecond => (1, count.saturating_sub(1)),
        Action::NextMeasure => {
            own.hides_trials = !own.hides_trials;
            return Vec::new();
        }
        _ => return Vec::new(),
    };
    if count >= 2 {
        own.choice = Choice::Person;
        own.pair[which] = (own.pair[which] + by) % count;
        if own.pair[0] == own.pair[1] {
            own.pair[which] = (own.pair[which] + by) % count;
        }
    }
    Vec::new()
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let (theme, own) = (state.theme, &state.panels.contour);
    let Some(parameters) = parameters(state) else {
        let one = state.history.space().dimensions() < 2;
        let words = if one {
            "a contour needs two parameters to be searched"
        } else {
            "the model's belief will stand here"
        };
        return empty(theme, words, area, buf);
    };
    if let Some(contour) = own.shown() {
        return chart(state, contour, parameters, area, buf);
    }
    match &own.known {
        Some(Err(reason)) if !own.asked.is_waiting() => empty(theme, &text::clean(reason), area, buf),
        _ if own.asked.is_waiting() => {
            let [across, up] = parameters.map(|p| text::clean(&p.name));
            let words = format!("computing what a model believes over {across} and {up} ...");
            empty(theme, &words, area, buf);
        }
        _ => {
            let words =
                "what a model believes over two parameters will stand here, once trials have completed";
            empty(theme, words, area, buf);
        }
    }
}

/// A field of shades with its scores.
struct Field<'a> {
    contour: &'a Contour,
    /// The worst and the best score.
    ends: (f64, f64),
}

impl Field<'_> {
    fn of(contour: &Contour, direction: Direction) -> Option<Field<'_>> {
        let scores = || contour.belief.iter().copied().filter(|b| b.is_finite());
        let worst = scores().max_by(|a, b| direction.compare(*a, *b))?;
        let best = scores().min_by(|a, b| direction.compare(*a, *b))?;
        Some(Field { contour, ends: (worst, best) })
    }

    /// How good a place is, from 0 to 1.
    fn at(&self, x: f64, y: f64) -> Option<f64> {
        let side = self.contour.side;
        let cell = |u: f64| {
            let place = u.clamp(0.0, 1.0) * (side - 1) as f64;
            let node = (place as usize).min(side - 2);
            (node, place - node as f64)
        };
        let ((i, a), (j, b)) = (cell(x), cell(y));
        let node = |i: usize, j: usize| self.contour.belief.get(j * side + i).copied();
        let below = node(i, j)? * (1.0 - a) + node(i + 1, j)? * a;
        let above = node(i, j + 1)? * (1.0 - a) + node(i + 1, j + 1)? * a;
        let (worst, best) = self.ends;
        let score = below * (1.0 - b) + above * b;
        Some(if worst == best { 0.5 } else { (score - worst) / (best - worst) })
    }

    /// The score in the middle of a step.
    fn score(&self, step: usize) -> f64 {
        let share = (step as f64 + 0.5) / heat::STEPS as f64;
        self.ends.0 + share * (self.ends.1 - self.ends.0)
    }
}

fn titled(parameter: &Parameter) -> String {
    let log = match parameter.distribution {
        Distribution::Float { log, .. } | Distribution::Int { log, .. } => log,
        Distribution::Choice { .. } => false,
    };
    format!("{}{}", text::clean(&parameter.name), if log { " (log)" } else { "" })
}

fn chart(state: &AppState, contour: &Contour, [across, up]: [&Parameter; 2], area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let Some(field) = Field::of(contour, state.history.study().direction) else {
        return empty(theme, "the model believes nothing here", area, buf);
    };
    let rows = [u16::from(area.height >= 6), u16::from(area.height >= 8)].map(Constraint::Length);
    let [above, main, below] = area.layout(&Layout::vertical([rows[0], Constraint::Fill(1), rows[1]]));
    let symbols = theme.symbols();
    let strong = theme.style(Tone::Strong);
    let (left, right) =
        (format!(" {} {}", symbols.up, titled(up)), format!("{} {} ", titled(across), symbols.cursor));
    text::ends(above, buf, Line::styled(left, strong), Line::styled(right, strong));
    let ticks = [across, up].map(|p| |n| parameter_ticks(&p.distribution, n));
    let frame = frame(main, buf, theme, &ticks[0], &ticks[1]);
    heat::field(frame.room, buf, theme, |x, y| field.at(x, y));
    heights(&frame, &field, buf);
    if !state.panels.contour.hides_trials {
        trials(state, &frame, [across, up], buf);
    }
    text::fitted(legend(state, &field), below, symbols.cut, buf);
}

/// Numbers of the steps here and there, by which a shade is found in the legend.
fn heights(frame: &Frame, field: &Field<'_>, buf: &mut Buffer) {
    let room = frame.room;
    for y in (room.top() + 1..room.bottom()).step_by(4) {
        let shift = if ((y - room.top()) / 4).is_multiple_of(2) { 4 } else { 10 };
        for x in (room.left() + shift..room.right()).step_by(12) {
            let at = |from: u16, size: u16, i: u16| (f64::from(i - from) + 0.5) / f64::from(size);
            let place = (at(room.x, room.width, x), 1.0 - at(room.y, room.height, y));
            if let Some(value) = field.at(place.0, place.1) {
                buf[(x, y)].set_char(char::from(b'0' + heat::step(value) as u8));
            }
        }
    }
}

/// The trials on the field: the best ones and some of the rest, the selected one, and the best of all.
fn trials(state: &AppState, frame: &Frame, parameters: [&Parameter; 2], buf: &mut Buffer) {
    let theme = state.theme;
    let place = |trial: &Trial| {
        let [x, y] = parameters.map(|p| p.distribution.to_unit(trial.params.get(&p.name)?));
        frame.cell(x?, y?)
    };
    let mut put = |trial: &Trial, symbol: &str, modifier: Modifier| {
        if let Some(at) = place(trial) {
            let style = buf[at].style().add_modifier(modifier);
            buf[at].set_symbol(symbol).set_style(style);
        }
    };
    let (chosen, _) = slices::sample(&state.panels.survey, DOTS);
    let dot = if theme.options.ascii { "o" } else { "•" };
    chosen.iter().filter_map(|id| state.history.trial(*id)).for_each(|t| put(t, dot, Modifier::empty()));
    if let Some(trial) = state.selected() {
        put(trial, if theme.options.ascii { "X" } else { "◆" }, Modifier::BOLD);
    }
    if let Some(trial) = state.history.incumbent() {
        put(trial, theme.symbols().best, Modifier::BOLD);
    }
}

fn legend(state: &AppState, field: &Field<'_>) -> Line<'static> {
    let theme = state.theme;
    let quiet = theme.style(Tone::Quiet);
    let mut line =
        Line::from(Span::styled(format!(" {} ", significant(field.score(heat::STEPS - 1), 4)), quiet));
    for step in (0..heat::STEPS).rev() {
        let shade = heat::shade(theme, step);
        line.push_span(Span::styled(format!("{shade}{step}{shade}"), heat::style(theme, step)));
    }
    line.push_span(Span::styled(format!(" {}   ", significant(field.score(0), 4)), quiet));
    let trials = counted(state.history.counts().complete, "trial");
    let (dot, picked) = if theme.options.ascii { ("o", "X") } else { ("•", "◆") };
    line.push_span(Span::styled(
        format!("{dot} {trials}  {} best  {picked} selected", theme.symbols().best),
        quiet,
    ));
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane() -> Contour {
        // The score is 10 + 2 x + 4 y.
        Contour {
            parameters: [0, 1],
            side: 3,
            belief: vec![10.0, 11.0, 12.0, 12.0, 13.0, 14.0, 14.0, 15.0, 16.0],
        }
    }

    #[test]
    fn beliefs_are_drawn_between_their_nodes_and_the_better_the_brighter() {
        let contour = plane();
        let field = Field::of(&contour, Direction::Maximize).unwrap();
        assert_eq!(
            (field.at(0.0, 0.0), field.at(1.0, 1.0), field.at(0.25, 0.25)),
            (Some(0.0), Some(1.0), Some(0.25))
        );
        let down = Field::of(&contour, Direction::Minimize).unwrap();
        assert_eq!((down.at(0.0, 0.0), down.at(1.0, 0.0)), (Some(1.0), Some(2.0 / 3.0)));
        assert!((down.score(9) - 10.3).abs() < 1e-12);
    }

    #[test]
    fn an_answer_of_another_pair_is_passed_over_and_a_failure_does_not_wipe_what_is_known() {
        let mut own =
            State { pair: [0, 1], asked_of: Some(([0, 1], SearchSpace::default())), ..State::default() };
        own.answer(Ok(Contour { parameters: [1, 2], ..plane() }));
        assert_eq!(own.shown(), None);
        own.answer(Ok(plane()));
        own.answer(Err("too few".into()));
        assert_eq!(own.shown(), Some(&plane()));
        own.answer(Ok(Contour { belief: vec![1.0], ..plane() }));
        assert_eq!(own.shown(), Some(&plane()));
    }
}
