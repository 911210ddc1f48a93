//! How the dashboard looks: flags, the file of preferences, and what the terminal can show.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use anyhow::{Context, Result, anyhow};
use clap::Args;

use super::output::UsageError;
use crate::program::leads_session;
use crate::tui::palette::Depth;
use crate::tui::preferences::{Preferences, print_theme};
use crate::tui::{Options, Session, Setup};
use crate::wire;

/// Flags of whatever shows the dashboard.
#[derive(Debug, Clone, Args)]
pub struct ScreenArgs {
    /// Draw the dashboard with ASCII characters only
    #[arg(long)]
    pub ascii: bool,
    /// The theme: terminal, dark, light, high-contrast, colour-blind, or one of the file of preferences
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,
    /// The file of preferences; ~/.config/tune-tui/config.toml if not given and there
    #[arg(long = "config", value_name = "FILE")]
    pub preferences: Option<PathBuf>,
    /// Most frames a second, from 1 to 60 (20 if not given)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=60))]
    pub fps: Option<u16>,
    /// Send as little as possible: two frames a second, and no running clocks
    #[arg(long)]
    pub slow_link: bool,
    /// Leave the mouse to the terminal
    #[arg(long)]
    pub no_mouse: bool,
}

/// Frames a second over a slow link.
const SLOW: u16 = 2;

impl ScreenArgs {
    /// What a person prefers: the file, then the flags; the colours are those that the terminal has.
    ///
    /// # Errors
    /// Where the file can't be read, with the place in it.
    pub fn preferences(&self) -> Result<Preferences> {
        let mut own = self.own()?;
        if let Some(theme) = &self.theme {
            own.palette(theme).map_err(|problem| UsageError(format!("--theme: {problem}")))?;
            own.theme.clone_from(theme);
        }
        let depth = depth();
        for (_, palette) in &mut own.themes {
            *palette = palette.at(depth);
        }
        own.fps = if self.slow_link { SLOW } else { self.fps.unwrap_or(own.fps) };
        own.mouse &= !self.no_mouse;
        Ok(own)
    }

    /// Takes the terminal. `signal` holds the number of a signal that arrived.
    ///
    /// # Errors
    /// As [`preferences`](Self::preferences), while the terminal is as it was; where it can't be used.
    pub fn session(&self, signal: Arc<AtomicUsize>) -> Result<Session> {
        let preferences = self.preferences()?;
        let options = self.options(&preferences);
        let suspends = !leads_session();
        let setup = Setup { clock: wire::now, options, preferences, signal, suspends };
        Session::take(setup).map_err(|error| anyhow!("failed to {error}"))
    }

    /// Symbols and whether there are colours.
    pub fn options(&self, preferences: &Preferences) -> Options {
        // NO_COLOR counts when it is set and not empty (no-color.org).
        let color = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        Options { ascii: self.ascii || preferences.ascii, color }
    }

    /// The file named, else the usual one where it is there.
    fn file(&self) -> Option<PathBuf> {
        let usual = || {
            let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".config"));
            let folder = std::env::var_os("XDG_CONFIG_HOME").filter(|v| !v.is_empty()).map(PathBuf::from);
            let file = folder.or_else(home)?.join("tune-tui").join("config.toml");
            file.exists().then_some(file)
        };
        self.preferences.clone().or_else(usual)
    }

    /// What the file says.
    fn own(&self) -> Result<Preferences> {
        let Some(file) = self.file() else { return Ok(Preferences::default()) };
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("failed to read the preferences in {}", file.display()))?;
        Preferences::parse(&text).map_err(|error| anyhow!("{}: {error}", file.display()))
    }

    /// The theme as the file of preferences would hold it; that of `name`, or the chosen one.
    ///
    /// # Errors
    /// As [`preferences`](Self::preferences); a theme that is not there.
    pub fn printed_theme(&self, name: Option<&str>) -> Result<String> {
        let own = self.own()?;
        let name = name.or(self.theme.as_deref()).unwrap_or(&own.theme);
        let palette = own.palette(name).map_err(|problem| UsageError(format!("--print-theme: {problem}")))?;
        Ok(print_theme(name, &palette))
    }
}

/// How many colours the terminal says it has.
fn depth() -> Depth {
    let is = |name: &str, words: &[&str]| {
        std::env::var(name).is_ok_and(|value| words.iter().any(|word| value.contains(word)))
    };
    if is("COLORTERM", &["truecolor", "24bit"]) || is("TERM", &["direct"]) {
        Depth::True
    } else if is("TERM", &["256"]) {
        Depth::Indexed
    } else {
        Depth::Sixteen
    }
}
