//! Colours and symbols. The terminal's own 16 colours and background; every colour comes with a
//! word, a symbol or a weight that says the same.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use crate::domain::trial::TrialState;

/// How the dashboard looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Only ASCII characters.
    pub ascii: bool,
    /// Colours; without them weight, reversal and symbols are left.
    pub color: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { ascii: false, color: true }
    }
}

/// What something means, to be drawn by the theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Ordinary text.
    Plain,
    /// Labels, frames, what is beside the point.
    Quiet,
    /// Headings.
    Strong,
    /// What has the focus, keys, progress.
    Accent,
    /// Good news; the best.
    Good,
    /// To be watched.
    Warn,
    /// Gone wrong.
    Bad,
    /// A second line in a chart.
    Second,
}

/// The symbols of one character set.
#[derive(Debug)]
pub struct Symbols {
    /// The end of text that was cut.
    pub cut: &'static str,
    /// Text that was cut at its start.
    pub cut_left: &'static str,
    /// The best trial.
    pub best: &'static str,
    /// A trial that can't be told from the best.
    pub tied: &'static str,
    /// The row or panel that has the focus.
    pub cursor: &'static str,
    /// Between score and spread.
    pub plus_minus: &'static str,
    /// Between two bounds.
    pub range: &'static str,
    /// Between two phrases.
    pub dot: &'static str,
    /// The part of a gauge that is done.
    pub done: &'static str,
    /// The part of a gauge that is to do.
    pub to_do: &'static str,
    /// Sorted upward.
    pub up: &'static str,
    /// Sorted downward.
    pub down: &'static str,
    /// Where nothing is known.
    pub none: &'static str,
    /// Before the study's state.
    pub state: &'static str,
}

const UNICODE: Symbols = Symbols {
    cut: "…",
    cut_left: "…",
    best: "★",
    tied: "≈",
    cursor: "▸",
    plus_minus: "±",
    range: "–",
    dot: "·",
    done: "━",
    to_do: "─",
    up: "▲",
    down: "▼",
    none: "–",
    state: "●",
};

const ASCII: Symbols = Symbols {
    cut: "~",
    cut_left: "~",
    best: "*",
    tied: "=",
    cursor: ">",
    plus_minus: "+-",
    range: "-",
    dot: "|",
    done: "#",
    to_do: "-",
    up: "^",
    down: "v",
    none: "-",
    state: "o",
};

const ASCII_BORDER: border::Set<'_> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// Gives tones their style and names their symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// What was asked for.
    pub options: Options,
}

impl Theme {
    /// The symbols.
    pub fn symbols(self) -> &'static Symbols {
        if self.options.ascii { &ASCII } else { &UNICODE }
    }

    /// The frame's characters.
    pub fn border(self) -> border::Set<'static> {
        if self.options.ascii { ASCII_BORDER } else { border::ROUNDED }
    }

    /// The style of a tone.
    pub fn style(self, tone: Tone) -> Style {
        let (color, modifier) = match tone {
            Tone::Plain => (None, Modifier::empty()),
            Tone::Quiet => (None, Modifier::DIM),
            Tone::Strong => (None, Modifier::BOLD),
            Tone::Accent => (Some(Color::Cyan), Modifier::BOLD),
            Tone::Good => (Some(Color::Green), Modifier::BOLD),
            Tone::Warn => (Some(Color::Yellow), Modifier::empty()),
            Tone::Bad => (Some(Color::Red), Modifier::BOLD),
            Tone::Second => (Some(Color::Magenta), Modifier::empty()),
        };
        let style = Style::new().add_modifier(modifier);
        match color.filter(|_| self.options.color) {
            Some(color) => style.fg(color),
            None => style,
        }
    }

    /// The selected row: one reversed bar where the panel has the focus, bold where it has not.
    pub fn selected(self, focused: bool) -> Style {
        if !focused {
            return Style::new().add_modifier(Modifier::BOLD);
        }
        Style::new()
            .fg(Color::Reset)
            .remove_modifier(Modifier::DIM | Modifier::BOLD)
            .add_modifier(Modifier::REVERSED)
    }

    /// The tone of a trial's state; the word itself is always there too.
    pub fn state(self, state: &TrialState) -> Tone {
        match state {
            TrialState::Complete => Tone::Plain,
            TrialState::Running => Tone::Accent,
            TrialState::Failed { .. } => Tone::Bad,
            TrialState::Pruned { .. } => Tone::Warn,
            TrialState::Waiting | TrialState::Cancelled => Tone::Quiet,
        }
    }
}
