//! Every view at three sizes in four looks. The words stand in one snapshot per view with the sizes below each
//! other, in Unicode and in ASCII; the colours in another one, at the smallest size, of the usual and the light
//! theme.

use std::fmt::Write as _;

use ratatui::buffer::Cell;
use ratatui::style::Modifier;

use super::*;
use crate::tui::palette::{THEMES, print_color};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];
/// Each view, and what leads to it and what is worth seeing there.
const VIEWS: [(&str, &str); 9] = [
    ("overview", "1"),
    ("trials", "2"),
    ("trial", "3"),
    ("search", "4"),
    ("sampler", "5"),
    ("compare", "2 j j 6"),
    ("devices", "7"),
    ("studies", "8"),
    ("log", "9"),
];

/// A view of a size in a look, with all that it asked for.
fn drawn(keys: &str, (width, height): (u16, u16), options: Options, theme: &str) -> Buffer {
    let mut state = app(&contested(), options);
    let (.., palette) = THEMES.iter().find(|(name, ..)| *name == theme).unwrap();
    state.theme.palette = *palette;
    devices::tell(&mut state);
    let mut asked = update(&mut state, Msg::Resize(width, height));
    asked.extend(press(&mut state, keys));
    answers::all(&mut state, asked, 0);
    draw(&mut state, width, height)
}

/// How a cell looks, in short: `-` where nothing is said.
fn look(cell: &Cell) -> String {
    let color = |color: Color| match color {
        Color::Reset => "-".to_owned(),
        other => print_color(other),
    };
    let marks = [
        (Modifier::BOLD, 'b'),
        (Modifier::DIM, 'd'),
        (Modifier::ITALIC, 'i'),
        (Modifier::UNDERLINED, 'u'),
        (Modifier::REVERSED, 'r'),
    ];
    let set = marks.iter().filter(|(modifier, _)| cell.modifier.contains(*modifier));
    let ground = if cell.bg == Color::Reset { String::new() } else { format!("/{}", color(cell.bg)) };
    format!("{}{ground} {}", color(cell.fg), set.map(|(_, mark)| *mark).collect::<String>())
        .trim_end()
        .to_owned()
}

/// The stretches of each row that look alike, without those that say nothing.
fn looks(buf: &Buffer) -> String {
    let plain = look(&Cell::default());
    let mut lines = String::new();
    for y in 0..buf.area.height {
        let row: Vec<String> = (0..buf.area.width).map(|x| look(&buf[(x, y)])).collect();
        let (mut from, mut words) = (0, String::new());
        for run in row.chunk_by(|a, b| a == b) {
            if run[0] != plain {
                write!(words, " {from}-{} {};", from + run.len() - 1, run[0]).unwrap();
            }
            from += run.len();
        }
        writeln!(lines, "{y:>2}:{words}").unwrap();
    }
    lines
}

/// The letters of each row.
fn letters(buf: &Buffer) -> Vec<String> {
    text(buf).lines().map(|line| line.chars().filter(|c| c.is_alphabetic()).collect()).collect()
}

#[test]
fn every_view_in_every_look() {
    for (name, keys) in VIEWS {
        for (kind, ascii) in [("unicode", false), ("ascii", true)] {
            let [color, bare] = [true, false].map(|color| Options { ascii, color });
            let mut words = String::new();
            for size in SIZES {
                let shown = drawn(keys, size, color, "terminal");
                writeln!(words, "{} x {}\n{}\n", size.0, size.1, text(&shown)).unwrap();
                // The same words in the same rows; lines and shades are told apart by other strokes instead.
                let bare = drawn(keys, size, bare, "terminal");
                assert!(
                    bare.content().iter().all(|c| (c.fg, c.bg) == (Color::Reset, Color::Reset)),
                    "{name}"
                );
                assert_eq!(letters(&bare), letters(&shown), "{name} {size:?} without colours");
                let light = drawn(keys, size, color, "light");
                assert_eq!(text(&light), text(&shown), "{name} {size:?} light");
                assert_ne!(light, shown, "{name} {size:?} light");
            }
            insta::assert_snapshot!(format!("{name}_{kind}"), words);
        }
        let of = |theme: &str| looks(&drawn(keys, SIZES[0], PLAIN, theme));
        let looks = format!("terminal\n{}\nlight\n{}", of("terminal"), of("light"));
        insta::assert_snapshot!(format!("{name}_looks"), looks);
    }
}
