//! What a person prefers: theme, keys and manners of the dashboard, from a TOML file.
//!
//! ```toml
//! theme = "mine"
//! mouse = false
//!
//! [keys.anywhere]
//! help = ["F1", "?"]
//!
//! [themes.mine]
//! from = "dark"
//! accent = "#ff8800 bold"
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use super::keymap::{Key, Keymap};
use super::palette::{Palette, THEMES, ThemeRow, parse_color, parse_style, print_color, print_style};
use super::theme::Tone;

/// A file of preferences, read and checked.
#[derive(Debug, Clone)]
pub struct Preferences {
    /// The name of the theme to begin with.
    pub theme: String,
    /// Every theme by name: those that come with the program, then the person's own.
    pub themes: Vec<(String, Palette)>,
    /// The keys.
    pub keymap: Keymap,
    /// Only ASCII characters.
    pub ascii: bool,
    /// Whether the mouse is listened to.
    pub mouse: bool,
    /// Most frames a second.
    pub fps: u16,
}

/// Why a file of preferences can't be used.
#[derive(Debug, Error)]
pub enum PreferenceError {
    /// It is no TOML, or has a key that is not known.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// A value has no meaning.
    #[error("{place}: {problem}")]
    Value {
        /// The key.
        place: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Document {
    theme: String,
    ascii: bool,
    mouse: bool,
    fps: u16,
    keys: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    themes: BTreeMap<String, BTreeMap<String, toml::Value>>,
}

impl Default for Document {
    fn default() -> Self {
        Document {
            theme: THEMES[0].0.to_owned(),
            ascii: false,
            mouse: true,
            fps: 20,
            keys: BTreeMap::new(),
            themes: BTreeMap::new(),
        }
    }
}

impl Default for Preferences {
    fn default() -> Self {
        let Document { theme, ascii, mouse, fps, .. } = Document::default();
        let own = |row: &ThemeRow| (row.0.to_owned(), row.2);
        Preferences {
            theme,
            themes: THEMES.iter().map(own).collect(),
            keymap: Keymap::default(),
            ascii,
            mouse,
            fps,
        }
    }
}

impl Preferences {
    /// Reads a file's text.
    ///
    /// # Errors
    /// Names the place and the remedy.
    pub fn parse(text: &str) -> Result<Self, PreferenceError> {
        let Document { theme, ascii, mouse, fps, keys, themes } = toml::from_str(text)?;
        let mut own = Preferences { ascii, mouse, fps, ..Preferences::default() };
        if !(1..=60).contains(&fps) {
            return Err(wrong("fps", format!("{fps} is not from 1 to 60")));
        }
        for (context, rows) in keys {
            for (action, keys) in rows {
                let place = format!("keys.{context}.{action}");
                let keys: Result<Vec<Key>, String> = keys.iter().map(|key| Key::parse(key)).collect();
                let bound = keys.and_then(|keys| own.keymap.bind(&context, &action, keys));
                bound.map_err(|problem| wrong(&place, problem))?;
            }
        }
        if let Some(clash) = own.keymap.clash() {
            return Err(wrong("keys", format!("{clash}: give one of them another key")));
        }
        for (name, settings) in themes {
            let palette = own_theme(&own.themes, &name, &settings)?;
            own.themes.retain(|(other, _)| *other != name);
            own.themes.push((name, palette));
        }
        own.palette(&theme).map_err(|problem| wrong("theme", problem))?;
        Ok(Preferences { theme, ..own })
    }

    /// The theme of that name.
    ///
    /// # Errors
    /// Names those there are.
    pub fn palette(&self, name: &str) -> Result<Palette, String> {
        theme_named(&self.themes, name)
    }
}

/// The theme of that name.
///
/// # Errors
/// Names those there are.
pub fn theme_named(themes: &[(String, Palette)], name: &str) -> Result<Palette, String> {
    themes.iter().find(|(other, _)| other == name).map(|(_, palette)| *palette).ok_or_else(|| {
        let names: Vec<&str> = themes.iter().map(|(name, _)| name.as_str()).collect();
        format!("there is no theme `{name}`; there are {}", names.join(", "))
    })
}

fn wrong(place: &str, problem: String) -> PreferenceError {
    PreferenceError::Value { place: place.to_owned(), problem }
}

/// The name of a tone in a theme's table.
fn word(tone: Tone) -> String {
    format!("{tone:?}").to_lowercase()
}

fn own_theme(
    known: &[(String, Palette)],
    name: &str,
    settings: &BTreeMap<String, toml::Value>,
) -> Result<Palette, PreferenceError> {
    let text = |key: &str, value: &toml::Value| {
        let place = format!("themes.{name}.{key}");
        value.as_str().map(str::to_owned).ok_or_else(|| wrong(&place, format!("{value} is no text")))
    };
    let mut palette = match settings.get("from") {
        None => THEMES[0].2,
        Some(from) => theme_named(known, &text("from", from)?)
            .map_err(|problem| wrong(&format!("themes.{name}.from"), problem))?,
    };
    for (key, value) in settings.iter().filter(|(key, _)| *key != "from") {
        let place = format!("themes.{name}.{key}");
        let fail = |problem| wrong(&place, problem);
        if key == "series" {
            palette.series = series(value).map_err(fail)?;
            continue;
        }
        let style = parse_style(&text(key, value)?).map_err(fail)?;
        match Tone::ALL.into_iter().find(|tone| word(*tone) == *key) {
            Some(tone) => *palette.tone(tone) = style,
            None if key == "base" => palette.base = style,
            None => {
                let known: Vec<String> = Tone::ALL.into_iter().map(word).collect();
                return Err(wrong(
                    &place,
                    format!("is no part of a theme: from, base, series, {}", known.join(", ")),
                ));
            }
        }
    }
    Ok(palette)
}

fn series(value: &toml::Value) -> Result<[ratatui::style::Color; 6], String> {
    let colors =
        value.as_array().map(|list| list.iter().map(|c| parse_color(c.as_str().unwrap_or_default())));
    let colors: Vec<_> = colors.ok_or("wants a list of six colours")?.collect::<Result<_, _>>()?;
    let count = colors.len();
    colors.try_into().map_err(|_| format!("wants six colours, found {count}"))
}

/// A theme as the file of preferences would hold it.
pub fn print_theme(name: &str, palette: &Palette) -> String {
    let mut text =
        format!("theme = \"{name}\"\n\n[themes.{name}]\nbase = \"{}\"\n", print_style(palette.base));
    for tone in Tone::ALL {
        text += &format!("{} = \"{}\"\n", word(tone), print_style(palette.tones[tone as usize]));
    }
    let series: Vec<String> = palette.series.iter().map(|c| format!("\"{}\"", print_color(*c))).collect();
    text + &format!("series = [{}]\n", series.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Preferences::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn what_is_printed_reads_as_itself() {
        let usual = Preferences::parse("").unwrap();
        assert_eq!((usual.theme.as_str(), usual.mouse, usual.fps), ("terminal", true, 20));
        let again = Preferences::parse(&usual.keymap.print()).unwrap();
        assert_eq!(again.keymap.print(), usual.keymap.print());
        for (name, _, palette) in THEMES {
            let printed = print_theme("own", palette);
            assert_eq!(Preferences::parse(&printed).unwrap().palette("own"), Ok(*palette), "{name}");
        }
    }

    #[test]
    fn own_themes_begin_with_another() {
        let own = Preferences::parse(
            "theme = \"mine\"\nfps = 4\n[themes.mine]\nfrom = \"dark\"\naccent = \"red bold\"\n",
        );
        let own = own.unwrap();
        let (mine, dark) = (own.palette("mine").unwrap(), own.palette("dark").unwrap());
        assert_ne!(mine.tones[Tone::Accent as usize], dark.tones[Tone::Accent as usize]);
        assert_eq!((mine.base, mine.series, own.fps), (dark.base, dark.series, 4));
    }

    #[test]
    fn errors_name_the_place_and_the_remedy() {
        assert!(
            error("theme = \"drak\"").contains("theme: there is no theme `drak`; there are terminal, dark,")
        );
        assert!(error("[themes.a]\naccent = \"cyna\"").contains("themes.a.accent: `cyna` is no colour"));
        assert!(error("[themes.a]\naccnt = \"cyan\"").contains("is no part of a theme: from, base"));
        assert!(error("[themes.a]\nseries = [\"red\"]").contains("wants six colours, found 1"));
        assert!(
            error("[keys.anywhere]\nquit = [\"hyper-q\"]")
                .contains("keys.anywhere.quit: `hyper-q` is no key")
        );
        assert!(error("[keys.anywhere]\nquit = [\"?\"]").contains("`?` is both"));
        assert!(error("fps = 0").contains("fps: 0 is not from 1 to 60"));
        assert!(error("colour = 1").contains("unknown field `colour`"));
    }
}
