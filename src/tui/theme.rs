//! Colours and symbols. The terminal's own 16 colours and background; every colour comes with a
//! word, a symbol or a weight that says the same.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use super::palette::{Palette, THEMES};

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

impl Tone {
    /// All, in the order of a palette.
    pub const ALL: [Tone; 8] = [
        Tone::Plain,
        Tone::Quiet,
        Tone::Strong,
        Tone::Accent,
        Tone::Good,
        Tone::Warn,
        Tone::Bad,
        Tone::Second,
    ];
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
    /// A trial that a person marked.
    pub marked: &'static str,
    /// A trial that a person pinned.
    pub pinned: &'static str,
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
    /// Trials of a gauge that ended before their end.
    pub pruned: &'static str,
    /// Trials of a gauge that failed.
    pub failed: &'static str,
    /// Trials of a gauge that are at work.
    pub at_work: &'static str,
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
    marked: "◆",
    pinned: "↑",
    cursor: "▸",
    plus_minus: "±",
    range: "–",
    dot: "·",
    done: "━",
    pruned: "╍",
    failed: "×",
    at_work: "╾",
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
    marked: "x",
    pinned: "^",
    cursor: ">",
    plus_minus: "+-",
    range: "-",
    dot: "|",
    done: "#",
    pruned: "=",
    failed: "x",
    at_work: ">",
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
    /// Its colours.
    pub palette: Palette,
}

impl Theme {
    /// The usual one.
    pub const fn new(options: Options) -> Self {
        Theme { options, palette: THEMES[0].2 }
    }

    /// The style of the whole screen.
    pub fn base(self) -> Style {
        self.plain(self.palette.base)
    }

    /// A style without its colours, where there are to be none.
    fn plain(self, style: Style) -> Style {
        if self.options.color { style } else { Style { fg: None, bg: None, underline_color: None, ..style } }
    }

    /// The colour of line `number` of a chart that holds several.
    pub fn series(self, number: usize) -> Style {
        self.plain(Style::new().fg(self.palette.series[number % self.palette.series.len()]))
    }

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
        self.plain(self.palette.tones[tone as usize])
    }

    /// The selected row: one reversed bar where the panel has the focus, bold where it has not.
    pub fn selected(self, focused: bool) -> Style {
        if !focused {
            return Style::new().add_modifier(Modifier::BOLD);
        }
        Style::new()
            .fg(self.base().fg.unwrap_or(Color::Reset))
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
