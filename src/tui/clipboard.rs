//! The text that asks a terminal to put something on the clipboard (OSC 52). It works over SSH, because the
//! terminal itself does it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::domain::space::SearchSpace;
use crate::domain::value::Params;

use super::values;

/// Longest payload that terminals take, in bytes of base64 (xterm's limit).
const MOST: usize = 74_994;

/// What to write to the terminal. tmux must be told to pass it on.
pub fn sequence(text: &str, tmux: bool) -> String {
    let plain = format!("\u{1b}]52;c;{}\u{7}", STANDARD.encode(text));
    if !tmux {
        return plain;
    }
    // tmux takes the first where its `set-clipboard` is on, and hands the second on where it may.
    format!("{plain}\u{1b}Ptmux;{}\u{1b}\\", plain.replace('\u{1b}', "\u{1b}\u{1b}"))
}

/// Whether a terminal would take it.
pub fn fits(text: &str) -> bool {
    text.len().div_ceil(3) * 4 <= MOST
}

/// Params as lines of TOML, in the order of the space.
pub fn lines(params: &Params, space: &SearchSpace) -> String {
    let own = space.parameters.iter().filter_map(|p| params.get_key_value(&p.name));
    let line = |(name, value): (&String, _)| {
        // A dot would make a table of the name's first part.
        let key = if name.contains('.') { format!("{name:?}") } else { name.clone() };
        format!("{key} = {}\n", values::toml(value))
    };
    own.map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::conditional;

    #[test]
    fn the_terminal_is_asked_and_tmux_passes_it_on() {
        assert_eq!(sequence("a = 1", false), "\u{1b}]52;c;YSA9IDE=\u{7}");
        let through = "\u{1b}Ptmux;\u{1b}\u{1b}]52;c;YSA9IDE=\u{7}\u{1b}\\";
        assert_eq!(sequence("a = 1", true), format!("\u{1b}]52;c;YSA9IDE=\u{7}{through}"));
    }

    #[test]
    fn what_is_too_long_does_not_fit() {
        let most = MOST / 4 * 3;
        assert!(fits(&"x".repeat(most)) && !fits(&"x".repeat(most + 1)));
    }

    #[test]
    fn params_as_toml() {
        let params = conditional().from_unit(&[0.9, 0.5, 0.4, 0.2, 0.5]);
        let text = lines(&params, &conditional());
        assert_eq!(text, "kind = \"mlp\"\n\"mlp.layers\" = 2\n\"mlp.units_2\" = 4\n");
        assert_eq!(toml::from_str::<toml::Table>(&text).unwrap().len(), 3);
    }
}
