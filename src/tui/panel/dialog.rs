//! Questions that are asked before something can't be undone.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::card;
use crate::domain::event::ObjectiveKind;
use crate::domain::trial::{TrialId, TrialState};
use crate::tui::keymap::Context;
use crate::tui::state::AppState;
use crate::tui::theme::Tone;

/// The question before quitting while trials run.
pub fn quit(state: &AppState, area: Rect, buf: &mut Buffer) {
    let question = match state.running.len() {
        1 => "One trial is running.".to_owned(),
        n => format!("{n} trials are running."),
    };
    ask(state, "Quit?", question, Context::Quit, area, buf);
}

/// The question before a trial is cancelled, or taken from the queue.
pub fn cancel(state: &AppState, trial: TrialId, area: Rect, buf: &mut Buffer) {
    if state.history.trial(trial).is_some_and(|t| t.state == TrialState::Waiting) {
        let question = format!("Trial {trial} waits to start; it would not run.");
        return ask(state, "Take it from the queue?", question, Context::Cancel, area, buf);
    }
    let epochs = state.history.trial(trial).map_or(0, |t| t.epochs());
    let question = match state.history.study().objective {
        ObjectiveKind::Network => {
            format!("Trial {trial} has trained {epochs} epochs; it would get no score.")
        }
        ObjectiveKind::Command => format!("Trial {trial}'s program would be ended; it would get no score."),
    };
    ask(state, "Cancel the trial?", question, Context::Cancel, area, buf);
}

fn ask(state: &AppState, title: &str, question: String, context: Context, area: Rect, buf: &mut Buffer) {
    let theme = state.theme;
    let mut lines = vec![Line::from(question), Line::default()];
    for row in state.keymap.rows(&[context]) {
        let key = row.label(theme.options.ascii);
        lines.push(Line::from(vec![
            Span::styled(format!("{key:<5}"), theme.style(Tone::Accent)),
            Span::raw(row.help),
        ]));
    }
    card(theme, title, Tone::Warn, lines, area, buf);
}
