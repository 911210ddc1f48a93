//! A screen as a picture in SVG.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

/// Width and height of a cell of a picture, in its units.
const CELL: (f64, f64) = (8.4, 17.0);
/// Colours of a picture where a style says nothing, and of the sixteen.
const INK: u32 = 0x00d8_dee9;
const PAPER: u32 = 0x0016_1a21;
const SIXTEEN: [u32; 16] = [
    0x0016_1a21,
    0x00f0_7178,
    0x008f_d694,
    0x00f0_c674,
    0x006f_9ff0,
    0x00c5_95e8,
    0x006c_c7e8,
    0x00d8_dee9,
    0x0080_8a9c,
    0x00f0_9a9a,
    0x00a8_e8a8,
    0x00f8_dca0,
    0x0098_c0ff,
    0x00d8_b8f0,
    0x0098_dcf0,
    0x00ff_ffff,
];

/// The picture of a screen whose cells have the style `base` where nothing says otherwise.
pub fn svg(buffer: &Buffer, base: Style) -> String {
    let (columns, rows) = (buffer.area.width, buffer.area.height);
    let (width, height) = (f64::from(columns) * CELL.0 + 20.0, f64::from(rows) * CELL.1 + 20.0);
    let paper = hex(base.bg, PAPER);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"'DejaVu Sans Mono','JetBrains Mono',Menlo,Consolas,monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{paper}\"/>\n"
    );
    for y in 0..rows {
        let mut x = 0;
        while x < columns {
            let style = buffer[(x, y)].style();
            let mut end = x;
            let mut text = String::new();
            while end < columns && buffer[(end, y)].style() == style {
                text += buffer[(end, y)].symbol();
                end += 1;
            }
            run(&mut svg, (x, y), end - x, &text, style, paper.as_str());
            x = end;
        }
    }
    svg + "</svg>\n"
}

/// Cells of one style.
fn run(svg: &mut String, at: (u16, u16), cells: u16, text: &str, style: Style, paper: &str) {
    let (x, y) = (10.0 + f64::from(at.0) * CELL.0, 10.0 + f64::from(at.1) * CELL.1);
    let width = f64::from(cells) * CELL.0;
    let is = |modifier| style.add_modifier.contains(modifier);
    let (mut ink, mut ground) = (hex(style.fg, INK), hex(style.bg, PAPER));
    if style.bg.is_none_or(|color| color == Color::Reset) {
        paper.clone_into(&mut ground);
    }
    if is(Modifier::REVERSED) {
        std::mem::swap(&mut ink, &mut ground);
    }
    if ground != paper {
        // Writing to a text can't fail.
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{ground}\"/>",
            CELL.1
        );
    }
    let faint = if is(Modifier::DIM) { " opacity=\"0.6\"" } else { "" };
    let weight = if is(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
    let (mut letters, mut places, mut dots, mut lines) =
        (String::new(), String::new(), String::new(), String::new());
    for (i, c) in text.chars().enumerate() {
        let at = (x + i as f64 * CELL.0, y);
        // What a chart is made of is drawn, because fonts have it in different widths or not at all.
        if let Some(pattern) = u32::from(c).checked_sub(0x2800).filter(|pattern| *pattern < 256) {
            braille(&mut dots, at, pattern);
        } else if let Some(arms) = arms(c) {
            cross(&mut lines, at, arms);
        } else if c != ' ' {
            match c {
                '&' => letters += "&amp;",
                '<' => letters += "&lt;",
                '>' => letters += "&gt;",
                c => letters.push(c),
            }
            let _ = write!(places, "{:.1} ", at.0);
        }
    }
    if !letters.is_empty() {
        let (places, y) = (places.trim_end(), y + 13.0);
        let _ =
            writeln!(svg, "<text x=\"{places}\" y=\"{y:.1}\" fill=\"{ink}\"{weight}{faint}>{letters}</text>");
    }
    if !dots.is_empty() {
        let _ = writeln!(svg, "<path d=\"{dots}\" fill=\"{ink}\"{faint}/>");
    }
    if !lines.is_empty() {
        let wide = if text.contains('━') { 2.5 } else { 1.2 };
        let _ = writeln!(svg, "<path d=\"{lines}\" stroke=\"{ink}\" stroke-width=\"{wide}\"{faint}/>");
    }
}

/// The dots of a braille cell: bit by bit 1 2 3 down at the left, then at the right, then the lowest two.
fn braille(path: &mut String, (x, y): (f64, f64), pattern: u32) {
    const PLACES: [(f64, f64); 8] =
        [(0.0, 0.0), (0.0, 1.0), (0.0, 2.0), (1.0, 0.0), (1.0, 1.0), (1.0, 2.0), (0.0, 3.0), (1.0, 3.0)];
    for (column, row) in
        PLACES.iter().enumerate().filter(|(bit, _)| pattern >> bit & 1 == 1).map(|(_, place)| place)
    {
        let (x, y) = (x + 1.2 + column * CELL.0 / 2.0, y + 1.4 + row * CELL.1 / 4.0);
        let _ = write!(path, "M{x:.1} {y:.1}h1.9v1.9h-1.9z");
    }
}

/// Where the lines of a box character lead: left, right, up, down.
fn arms(c: char) -> Option<[bool; 4]> {
    let code = match c {
        '─' | '━' => "lr",
        '│' => "ud",
        '╭' | '┌' => "rd",
        '╮' | '┐' => "ld",
        '╰' | '└' => "ru",
        '╯' | '┘' => "lu",
        '├' => "rud",
        '┤' => "lud",
        '┬' => "lrd",
        '┴' => "lru",
        '┼' => "lrud",
        _ => return None,
    };
    Some(['l', 'r', 'u', 'd'].map(|arm| code.contains(arm)))
}

fn cross(path: &mut String, (x, y): (f64, f64), [left, right, up, down]: [bool; 4]) {
    let (middle, centre) = (x + CELL.0 / 2.0, y + CELL.1 / 2.0);
    let ends = [(left, x, centre), (right, x + CELL.0, centre), (up, middle, y), (down, middle, y + CELL.1)];
    for (_, to_x, to_y) in ends.into_iter().filter(|(there, ..)| *there) {
        let _ = write!(path, "M{middle:.1} {centre:.1}L{to_x:.1} {to_y:.1}");
    }
}

/// A colour as SVG takes it.
fn hex(color: Option<Color>, usual: u32) -> String {
    let sixteen = |n: usize| format!("#{:06x}", SIXTEEN[n]);
    match color {
        None | Some(Color::Reset) => format!("#{usual:06x}"),
        Some(Color::Rgb(r, g, b)) => format!("#{r:02x}{g:02x}{b:02x}"),
        Some(Color::Indexed(n @ 0..16)) => sixteen(usize::from(n)),
        Some(Color::Indexed(n @ 16..232)) => {
            let level = |v: u8| if v == 0 { 0 } else { 55 + 40 * v };
            let n = n - 16;
            format!("#{:02x}{:02x}{:02x}", level(n / 36), level(n / 6 % 6), level(n % 6))
        }
        Some(Color::Indexed(n)) => {
            let grey = 8 + 10 * (n - 232);
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
        Some(Color::Black) => sixteen(0),
        Some(Color::Red) => sixteen(1),
        Some(Color::Green) => sixteen(2),
        Some(Color::Yellow) => sixteen(3),
        Some(Color::Blue) => sixteen(4),
        Some(Color::Magenta) => sixteen(5),
        Some(Color::Cyan) => sixteen(6),
        Some(Color::Gray) => sixteen(7),
        Some(Color::DarkGray) => sixteen(8),
        Some(Color::LightRed) => sixteen(9),
        Some(Color::LightGreen) => sixteen(10),
        Some(Color::LightYellow) => sixteen(11),
        Some(Color::LightBlue) => sixteen(12),
        Some(Color::LightMagenta) => sixteen(13),
        Some(Color::LightCyan) => sixteen(14),
        Some(Color::White) => sixteen(15),
    }
}
