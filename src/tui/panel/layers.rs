//! The layers of a trial's network: what each gives on, and how many numbers it learns.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Panel, detail, empty};
use crate::analysis::human;
use crate::domain::event::ObjectiveKind;
use crate::domain::trial::Trial;
use crate::domain::value::human_bytes;
use crate::tui::ask::{Ask, Awaited, LayerRow, NetworkRows};
use crate::tui::keymap::Action;
use crate::tui::navigate;
use crate::tui::state::{AppState, PanelId};
use crate::tui::text::{self, left, right};
use crate::tui::theme::Tone;
use crate::tui::update::Effect;

/// The panel.
pub const PANEL: Panel = Panel { about, act, arrange, ..Panel::plain(PanelId::Layers, "Model", render) };

/// What it keeps.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The network of the trial that was shown last.
    pub network: Awaited<NetworkRows>,
    scroll: usize,
}

/// What stands below the layers.
const TOTALS: usize = 3;

/// The network of the trial on the screen.
fn shown<'a>(state: &'a AppState, trial: &Trial) -> Option<&'a NetworkRows> {
    match &state.panels.layers.network {
        Awaited::Ready(of, network) if *of == trial.id => Some(network),
        _ => None,
    }
}

fn about(state: &AppState) -> String {
    let Some((trial, network)) = detail::shown(state).and_then(|t| Some((t, shown(state, t)?))) else {
        return String::new();
    };
    let encoding = text::clean(&network.encoding);
    format!("of trial {}: {}, genotypes {encoding}", trial.id, text::clean(&network.model))
}

/// Shapes cost nothing: they are asked for whenever the panel shows another trial.
fn arrange(state: &mut AppState, area: Rect) -> Vec<Effect> {
    let Some(trial) = detail::shown(state) else { return Vec::new() };
    if state.history.study().objective == ObjectiveKind::Command {
        return Vec::new();
    }
    let (id, params) = (trial.id, trial.params.clone());
    let layers = shown(state, trial).map_or(0, |network| network.layers.len());
    let own = &mut state.panels.layers;
    if own.network.trial() == Some(id) {
        own.scroll = own.scroll.min(layers.saturating_sub(room(area)));
        return Vec::new();
    }
    (own.network, own.scroll) = (Awaited::Waiting(id), 0);
    vec![Effect::Ask(Ask::Layers { trial: id, params })]
}

/// How many layers are in sight.
fn room(area: Rect) -> usize {
    usize::from(area.height).saturating_sub(1 + TOTALS).max(1)
}

fn act(state: &mut AppState, action: Action, area: Rect) -> Vec<Effect> {
    let layers = detail::shown(state).and_then(|t| shown(state, t)).map_or(0, |n| n.layers.len());
    if let Some(by) = navigate::distance(action, room(area)) {
        let last = layers.saturating_sub(room(area));
        state.panels.layers.scroll = navigate::clamped(state.panels.layers.scroll, by, last + 1);
    }
    Vec::new()
}

fn render(state: &AppState, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let Some(trial) = detail::shown(state) else {
        return empty(theme, "the layers of a trial's network stand here", area, buf);
    };
    if state.history.study().objective == ObjectiveKind::Command {
        return empty(theme, "a program has no layers: this is of studies of networks", area, buf);
    }
    match &state.panels.layers.network {
        Awaited::Ready(of, network) if *of == trial.id => table(state, network, area, buf),
        Awaited::Failed(of, reason) if *of == trial.id => {
            let words = format!("the network of trial {of} can't be built: {}", text::clean(reason));
            empty(theme, &words, area, buf);
        }
        _ => empty(theme, &format!("laying out the network of trial {} ...", trial.id), area, buf),
    }
}

fn table(state: &AppState, network: &NetworkRows, area: Rect, buf: &mut Buffer) {
    let (theme, symbols) = (state.theme, state.theme.symbols());
    let area = detail::inset(area);
    let width = |text: fn(&LayerRow) -> usize| network.layers.iter().map(text).max().unwrap_or(0);
    let name = width(|row| text::width(&row.layer)).clamp(5, 28);
    let output = width(|row| text::width(&row.output)).clamp(12, 24);
    let number = text::width(&human::thousands(network.weights.0)).max(7);
    let quiet = theme.style(Tone::Quiet);
    let heading = format!(
        "{}  {}  {}",
        left("layer", name, symbols.cut),
        left("output shape", output, symbols.cut),
        right("weights", number, symbols.cut)
    );
    text::fitted(Line::styled(heading, theme.style(Tone::Strong)), text::row(area, 0), symbols.cut, buf);
    let bar = usize::from(area.width).saturating_sub(name + output + number + 6).min(24);
    let most = network.layers.iter().map(|row| row.weights).max().unwrap_or(0).max(1);
    let scroll = state.panels.layers.scroll;
    let in_sight = room(area).min(usize::from(area.height).saturating_sub(1));
    for (i, row) in network.layers.iter().skip(scroll).take(in_sight).enumerate() {
        let share = row.weights as f64 / most as f64;
        let filled = if row.weights == 0 { 0 } else { ((share * bar as f64).round() as usize).max(1) };
        let weights = if row.weights == 0 { symbols.none.to_owned() } else { human::thousands(row.weights) };
        let line = Line::from(vec![
            Span::raw(left(&row.layer, name, symbols.cut)),
            Span::styled(format!("  {}  ", left(&row.output, output, symbols.cut)), quiet),
            Span::raw(right(&weights, number, symbols.cut)),
            Span::styled(format!("  {}", symbols.done.repeat(filled.min(bar))), theme.style(Tone::Second)),
        ]);
        text::fitted(line, text::row(area, 1 + i), symbols.cut, buf);
    }
    totals(state, network, network.layers.len().saturating_sub(scroll + in_sight), area, buf);
}

/// What all layers take together, in the last lines.
fn totals(state: &AppState, network: &NetworkRows, hidden: usize, area: Rect, buf: &mut Buffer) {
    let (theme, symbols) = (state.theme, state.theme.symbols());
    let ((all, trained), (bytes, batch)) = (network.weights, network.memory);
    let fixed = match all - trained.min(all) {
        0 => String::new(),
        fixed => format!(", {} of them not trained", human::thousands(fixed)),
    };
    let more = if hidden > 0 { format!("{hidden} more layers below") } else { String::new() };
    let lines = [
        Line::styled(more, theme.style(Tone::Accent)),
        Line::styled(format!("{} weights in all{fixed}", human::thousands(all)), theme.style(Tone::Strong)),
        Line::styled(
            format!("training takes {} at least, in batches of {batch}", human_bytes(bytes)),
            theme.style(Tone::Quiet),
        ),
    ];
    let rows = network.layers.len().min(room(area)) + 1;
    for (i, line) in lines.into_iter().enumerate() {
        text::fitted(line, text::row(area, rows + i), symbols.cut, buf);
    }
}
