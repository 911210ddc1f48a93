//! The themes: the table of those that come with the program, and styles as a person writes them.

use ratatui::style::{Color, Modifier, Style};

use super::theme::Tone;

/// The styles of a theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    /// The whole screen: the terminal's own colours where it says nothing.
    pub base: Style,
    /// Each tone, in the order of `Tone::ALL`.
    pub tones: [Style; 8],
    /// The lines of a chart that holds several.
    pub series: [Color; 6],
}

/// How many colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Those of its own palette.
    Sixteen,
    /// And a cube of 216 with 24 greys.
    Indexed,
    /// All of 24 bits.
    True,
}

const fn plain() -> Style {
    Style::new()
}
const fn bold(color: Color) -> Style {
    Style::new().fg(color).add_modifier(Modifier::BOLD)
}
const fn in_color(color: Color) -> Style {
    Style::new().fg(color)
}
const fn rgb(hex: u32) -> Color {
    Color::Rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}
const fn on(foreground: u32, background: u32) -> Style {
    Style::new().fg(rgb(foreground)).bg(rgb(background))
}

const DIM: Style = Style::new().add_modifier(Modifier::DIM);
const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);

/// A theme of the table: its name, what it is for, its styles.
pub type ThemeRow = (&'static str, &'static str, Palette);

/// Every theme; the first one is the usual one.
pub const THEMES: &[ThemeRow] = &[
    (
        "terminal",
        "the terminal's own sixteen colours on its own background",
        Palette {
            base: plain(),
            tones: [
                plain(),
                DIM,
                BOLD,
                bold(Color::Cyan),
                bold(Color::Green),
                in_color(Color::Yellow),
                bold(Color::Red),
                in_color(Color::Magenta),
            ],
            series: [Color::Cyan, Color::Magenta, Color::Yellow, Color::Green, Color::Blue, Color::Red],
        },
    ),
    (
        "dark",
        "soft colours on a dark background",
        Palette {
            base: on(0x00d8_dee9, 0x001b_1f27),
            tones: [
                plain(),
                in_color(rgb(0x0080_8a9c)),
                bold(rgb(0x00f2_f5fa)),
                bold(rgb(0x006c_c7e8)),
                bold(rgb(0x008f_d694)),
                in_color(rgb(0x00f0_c674)),
                bold(rgb(0x00f0_7178)),
                in_color(rgb(0x00c5_95e8)),
            ],
            series: [
                rgb(0x006c_c7e8),
                rgb(0x00c5_95e8),
                rgb(0x00f0_c674),
                rgb(0x008f_d694),
                rgb(0x0088_a5f0),
                rgb(0x00f0_9a78),
            ],
        },
    ),
    (
        "light",
        "dark ink on a light background",
        Palette {
            base: on(0x0024_292f, 0x00fb_fbf8),
            tones: [
                plain(),
                in_color(rgb(0x006a_7178)),
                bold(rgb(0x0010_1418)),
                bold(rgb(0x0000_5f87)),
                bold(rgb(0x001a_6e2e)),
                in_color(rgb(0x0087_5700)),
                bold(rgb(0x00b0_2020)),
                in_color(rgb(0x0080_3a9e)),
            ],
            series: [
                rgb(0x0000_5f87),
                rgb(0x0080_3a9e),
                rgb(0x0087_5700),
                rgb(0x001a_6e2e),
                rgb(0x0030_4fc0),
                rgb(0x00b0_4a20),
            ],
        },
    ),
    (
        "high-contrast",
        "white and pure colours on black",
        Palette {
            base: on(0x00ff_ffff, 0x0000_0000),
            tones: [
                plain(),
                in_color(rgb(0x00c8_c8c8)),
                bold(rgb(0x00ff_ffff)),
                bold(rgb(0x0000_ffff)),
                bold(rgb(0x0000_ff00)),
                bold(rgb(0x00ff_ff00)),
                bold(rgb(0x00ff_6060)),
                bold(rgb(0x00ff_80ff)),
            ],
            series: [
                rgb(0x0000_ffff),
                rgb(0x00ff_80ff),
                rgb(0x00ff_ff00),
                rgb(0x0000_ff00),
                rgb(0x0080_b0ff),
                rgb(0x00ff_a040),
            ],
        },
    ),
    // Okabe & Ito (2008), Color universal design: colours that differ for every kind of colour vision.
    (
        "colour-blind",
        "colours that everybody can tell apart (Okabe and Ito), on the terminal's background",
        Palette {
            base: plain(),
            tones: [
                plain(),
                DIM,
                BOLD,
                bold(rgb(0x0056_b4e9)),
                bold(rgb(0x0000_9e73)),
                in_color(rgb(0x00e6_9f00)),
                bold(rgb(0x00d5_5e00)),
                in_color(rgb(0x00cc_79a7)),
            ],
            series: [
                rgb(0x0056_b4e9),
                rgb(0x00e6_9f00),
                rgb(0x0000_9e73),
                rgb(0x00cc_79a7),
                rgb(0x0000_72b2),
                rgb(0x00d5_5e00),
            ],
        },
    ),
];

/// The words of a style that are no colours.
const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
];

/// Reads a style such as `cyan bold`, `#f0c674 on #101010` or `dim`.
///
/// # Errors
/// The word that is neither a colour nor one of the others.
pub fn parse_style(text: &str) -> Result<Style, String> {
    let mut style = Style::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        if let Some((_, modifier)) = MODIFIERS.iter().find(|(name, _)| *name == word) {
            style = style.add_modifier(*modifier);
        } else if word == "on" {
            let color = words.next().ok_or("`on` wants a colour after it")?;
            style = style.bg(parse_color(color)?);
        } else {
            style = style.fg(parse_color(word)?);
        }
    }
    Ok(style)
}

/// Reads a colour: a name of the sixteen, `#rrggbb`, or a number of the 256.
///
/// # Errors
/// Where it is none.
pub fn parse_color(word: &str) -> Result<Color, String> {
    word.parse().map_err(|_| {
        format!(
            "`{word}` is no colour: a name (cyan, lightred, …), #rrggbb, or a number from 0 to 255; beside them \
             bold, dim, italic, underlined, reversed, and `on COLOUR` for the background"
        )
    })
}

/// A style as [`parse_style`] reads it.
pub fn print_style(style: Style) -> String {
    let mut words: Vec<String> = style.fg.iter().map(|color| print_color(*color)).collect();
    words.extend(style.bg.iter().map(|color| format!("on {}", print_color(*color))));
    let set = MODIFIERS.iter().filter(|(_, modifier)| style.add_modifier.contains(*modifier));
    words.extend(set.map(|(name, _)| (*name).to_owned()));
    words.join(" ")
}

/// A colour as [`parse_color`] reads it.
pub fn print_color(color: Color) -> String {
    color.to_string().to_lowercase()
}

impl Palette {
    /// The same with the colours that a terminal has: each becomes the nearest one. Where there are sixteen only,
    /// two that differ stay different as long as there are hues left.
    pub fn at(self, depth: Depth) -> Palette {
        match depth {
            Depth::True => self,
            Depth::Indexed => self.mapped(|color| match color {
                Color::Rgb(r, g, b) => Color::Indexed(nearest(r, g, b)),
                other => other,
            }),
            Depth::Sixteen => {
                let styles = [&self.base].into_iter().chain(&self.tones);
                let all = styles.flat_map(|s| s.fg.iter().chain(&s.bg)).chain(&self.series).copied();
                let few = few(all);
                self.mapped(|color| few.iter().find(|(from, _)| *from == color).map_or(color, |(_, to)| *to))
            }
        }
    }

    fn mapped(self, map: impl Fn(Color) -> Color) -> Palette {
        let style = |s: Style| Style { fg: s.fg.map(&map), bg: s.bg.map(&map), ..s };
        Palette { base: style(self.base), tones: self.tones.map(style), series: self.series.map(&map) }
    }

    /// The style of a tone.
    pub fn tone(&mut self, tone: Tone) -> &mut Style {
        &mut self.tones[tone as usize]
    }
}

/// The hues of the sixteen, from red on in steps of 60 degrees: each dark and bright.
const HUES: [(Color, Color); 6] = [
    (Color::Red, Color::LightRed),
    (Color::Yellow, Color::LightYellow),
    (Color::Green, Color::LightGreen),
    (Color::Cyan, Color::LightCyan),
    (Color::Blue, Color::LightBlue),
    (Color::Magenta, Color::LightMagenta),
];
/// Colours whose parts differ by less are greys.
const GREY: i32 = 48;
/// From this value of the largest part on a colour is bright.
const BRIGHT: i32 = 220;

/// For each colour one of the sixteen, the first ones choosing first.
fn few(colors: impl Iterator<Item = Color>) -> Vec<(Color, Color)> {
    let mut few: Vec<(Color, Color)> = Vec::new();
    for color in colors {
        if few.iter().all(|(from, _)| *from != color) {
            let to = parts(color).map_or(color, |parts| one_of_sixteen(parts, &few));
            few.push((color, to));
        }
    }
    few
}

fn one_of_sixteen([r, g, b]: [i32; 3], taken: &[(Color, Color)]) -> Color {
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    let spread = most - least;
    if spread < GREY {
        return match (r + g + b) / 3 {
            ..56 => Color::Black,
            56..160 => Color::DarkGray,
            160..215 => Color::Gray,
            _ => Color::White,
        };
    }
    let sector = |from: i32, over: i32| from + 60 * over / spread;
    let hue = match most {
        _ if most == r => sector(0, g - b),
        _ if most == g => sector(120, b - r),
        _ => sector(240, r - g),
    };
    let is_taken = |color: &Color| taken.iter().any(|(_, to)| to == color);
    let away = |i: usize| {
        let apart = (hue - 60 * i as i32).rem_euclid(360);
        apart.min(360 - apart)
    };
    // First the hues that nobody has, then those whose other half is free.
    let rank = |i: usize| {
        let halves = [HUES[i].0, HUES[i].1];
        (halves.iter().filter(|half| is_taken(half)).count(), away(i))
    };
    let i = (0..HUES.len()).min_by_key(|i| rank(*i)).unwrap_or(0);
    let (dark, bright) = HUES[i];
    let (wanted, other) = if most >= BRIGHT { (bright, dark) } else { (dark, bright) };
    if is_taken(&wanted) { other } else { wanted }
}

/// Red, green and blue of a colour that is not one of the sixteen.
fn parts(color: Color) -> Option<[i32; 3]> {
    match color {
        Color::Rgb(r, g, b) => Some([r, g, b].map(i32::from)),
        Color::Indexed(i @ 232..) => Some([8 + 10 * (i32::from(i) - 232); 3]),
        Color::Indexed(i @ 16..) => {
            let i = usize::from(i) - 16;
            Some([i / 36, i / 6 % 6, i % 6].map(|step| STEPS[step]))
        }
        _ => None,
    }
}

/// The steps of the cube.
const STEPS: [i32; 6] = [0, 95, 135, 175, 215, 255];

/// The nearest colour of the 256 to one of 24 bits: of the cube of 216, or of the greys.
fn nearest(r: u8, g: u8, b: u8) -> u8 {
    let [r, g, b] = [r, g, b].map(i32::from);
    let step = |v: i32| (0..6).min_by_key(|i| (STEPS[*i] - v).abs()).unwrap_or(0);
    let (i, j, k) = (step(r), step(g), step(b));
    let distance = |x: i32, y: i32, z: i32| (x - r).pow(2) + (y - g).pow(2) + (z - b).pow(2);
    let grey = (((r + g + b) / 3 - 3) / 10).clamp(0, 23);
    let level = 8 + 10 * grey;
    if distance(level, level, level) < distance(STEPS[i], STEPS[j], STEPS[k]) {
        return 232 + grey as u8;
    }
    (16 + 36 * i + 6 * j + k) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_style_reads_as_itself() {
        for (name, _, palette) in THEMES {
            for depth in [Depth::True, Depth::Indexed, Depth::Sixteen] {
                let palette = palette.at(depth);
                for style in palette.tones.iter().chain([&palette.base]) {
                    assert_eq!(parse_style(&print_style(*style)).as_ref(), Ok(style), "{name}");
                }
            }
        }
        assert_eq!(parse_style("#f0c674 on black bold dim").unwrap().bg, Some(Color::Black));
        assert!(parse_style("cyna").unwrap_err().contains("`cyna` is no colour"));
        assert!(parse_style("red on").unwrap_err().contains("wants a colour"));
    }

    #[test]
    fn of_sixteen_colours_each_theme_keeps_its_own_and_they_stay_apart() {
        for (name, _, palette) in THEMES {
            let few = palette.at(Depth::Sixteen);
            let beyond = |color: &Color| matches!(color, Color::Rgb(..) | Color::Indexed(16..));
            let styles = few.tones.iter().chain([&few.base]);
            assert!(!styles.flat_map(|s| s.fg.iter().chain(&s.bg)).chain(&few.series).any(beyond), "{name}");
            for (i, color) in few.series.iter().enumerate() {
                assert!(!few.series[..i].contains(color), "{name}: {color}");
            }
            for (i, style) in few.tones.iter().enumerate().skip(3) {
                assert!(few.tones[3..i].iter().all(|other| other.fg != style.fg), "{name}");
            }
        }
        let at = |theme: usize| THEMES[theme].2.at(Depth::Sixteen);
        assert_eq!((at(2).base.fg, at(2).base.bg), (Some(Color::Black), Some(Color::White)), "light");
        let seen =
            [Color::LightCyan, Color::LightYellow, Color::Green, Color::Magenta, Color::Blue, Color::Red];
        assert_eq!(at(4).series, seen, "colour-blind");
        assert_eq!(few([Color::Indexed(244), Color::Indexed(196)].into_iter())[1].1, Color::LightRed);
    }

    #[test]
    fn fewer_colours_are_the_nearest_ones() {
        assert_eq!((nearest(0, 0, 0), nearest(255, 255, 255), nearest(255, 0, 0)), (16, 231, 196));
        assert_eq!(nearest(118, 118, 118), 243, "a grey");
        let dark = THEMES[1].2;
        assert_eq!(THEMES[0].2.at(Depth::Sixteen), THEMES[0].2);
        assert_ne!(dark.at(Depth::Indexed), dark);
    }
}
