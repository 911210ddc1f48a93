//! Keys, and the keymap as it holds after a person changed it.

use std::ops::Deref;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Action, Binding, Context, KEYMAP};

/// One key press, or the same one twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    code: KeyCode,
    control: bool,
    twice: bool,
}

pub(super) const fn key(code: KeyCode) -> Key {
    Key { code, control: false, twice: false }
}
pub(super) const fn char(c: char) -> Key {
    key(KeyCode::Char(c))
}
pub(super) const fn control(c: char) -> Key {
    Key { code: KeyCode::Char(c), control: true, twice: false }
}
pub(super) const fn twice(c: char) -> Key {
    Key { code: KeyCode::Char(c), control: false, twice: true }
}

/// `PageDown` as `page-down`, `Show(Log)` as `show-log`, `Panel(Leaderboard)` as `leaderboard`.
fn name_of(value: impl std::fmt::Debug) -> String {
    let debug = format!("{value:?}");
    let own = debug.strip_prefix("Panel(").unwrap_or(&debug);
    let mut name = String::new();
    for c in own.chars().filter(|c| *c != ')') {
        if (c.is_uppercase() || c == '(') && !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
        name.extend(c.to_lowercase().filter(|c| *c != '('));
    }
    name
}

fn unknown(what: &str, name: &str, known: impl Iterator<Item = String>) -> String {
    let near = known.map(|k| (strsim::damerau_levenshtein(&k, name), k)).min();
    let near = near.filter(|(distance, _)| *distance <= 4).map(|(_, k)| format!(": did you mean `{k}`?"));
    format!("there is no {what} `{name}`{}", near.unwrap_or(" (`--print-keys` lists them)".into()))
}

impl Context {
    /// As the file of preferences names it.
    pub fn name(self) -> String {
        name_of(self)
    }
}

impl Action {
    /// As the file of preferences names it.
    pub fn name(self) -> String {
        name_of(self)
    }
}

impl Key {
    /// Reads what [`label`](Self::label) writes in ASCII: `j`, `gg`, `^d`, `Space`, `S-Tab`, `F5`.
    ///
    /// # Errors
    /// Where it names no key.
    pub fn parse(text: &str) -> Result<Key, String> {
        let wrong = || {
            format!(
                "`{text}` is no key: one character (j), the same twice (gg), ^ and a letter (^d), Space, Enter, Esc, \
                 Tab, S-Tab, Backspace, Delete, Up, Down, Left, Right, Home, End, PgUp, PgDn, F1 to F12"
            )
        };
        let named = [
            ("Space", KeyCode::Char(' ')),
            ("Enter", KeyCode::Enter),
            ("Esc", KeyCode::Esc),
            ("Tab", KeyCode::Tab),
            ("S-Tab", KeyCode::BackTab),
            ("Backspace", KeyCode::Backspace),
            ("Delete", KeyCode::Delete),
            ("Up", KeyCode::Up),
            ("Down", KeyCode::Down),
            ("Left", KeyCode::Left),
            ("Right", KeyCode::Right),
            ("Home", KeyCode::Home),
            ("End", KeyCode::End),
            ("PgUp", KeyCode::PageUp),
            ("PgDn", KeyCode::PageDown),
        ];
        let (control, rest) = match text.strip_prefix('^') {
            Some(rest) if !rest.is_empty() => (true, rest),
            _ => (false, text),
        };
        let characters: Vec<char> = rest.chars().collect();
        let function =
            || Some(KeyCode::F(rest.strip_prefix('F')?.parse().ok().filter(|n| (1..=12).contains(n))?));
        let known = named.iter().find(|(name, _)| name.eq_ignore_ascii_case(rest)).map(|(_, code)| *code);
        match (known.or_else(function), &characters[..]) {
            (Some(code), _) => Ok(Key { code, control, twice: false }),
            (None, [c]) => Ok(Key { code: KeyCode::Char(*c), control, twice: false }),
            (None, [a, b]) if a == b && !control => Ok(Key { code: KeyCode::Char(*a), control, twice: true }),
            _ => Err(wrong()),
        }
    }

    /// What a terminal tells when it is pressed.
    pub fn events(self) -> impl Iterator<Item = KeyEvent> {
        let modifiers = if self.control { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
        std::iter::repeat_n(KeyEvent::new(self.code, modifiers), if self.twice { 2 } else { 1 })
    }

    fn matches(self, event: &KeyEvent, before: Option<char>) -> bool {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        let repeated = !self.twice || before.map(KeyCode::Char) == Some(self.code);
        self.code == event.code && self.control == control && repeated
    }

    /// As written in the help: "j", "^d", "gg", "Enter".
    pub fn label(self, ascii: bool) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "Space".into(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::F(n) => format!("F{n}"),
            KeyCode::Up => if ascii { "Up" } else { "↑" }.into(),
            KeyCode::Down => if ascii { "Down" } else { "↓" }.into(),
            KeyCode::Left => if ascii { "Left" } else { "←" }.into(),
            KeyCode::Right => if ascii { "Right" } else { "→" }.into(),
            KeyCode::BackTab => "S-Tab".into(),
            KeyCode::PageUp => "PgUp".into(),
            KeyCode::PageDown => "PgDn".into(),
            other => format!("{other:?}"),
        };
        match (self.control, self.twice) {
            (true, _) => format!("^{name}"),
            (_, true) => format!("{name}{name}"),
            _ => name,
        }
    }
}

/// A row of the table with the keys that hold for it.
#[derive(Debug, Clone)]
pub struct Bound {
    keys: Vec<Key>,
    row: &'static Binding,
}

impl Deref for Bound {
    type Target = Binding;

    fn deref(&self) -> &Binding {
        self.row
    }
}

impl Bound {
    /// The first key; nothing where a person took all away.
    pub fn label(&self, ascii: bool) -> String {
        self.keys.first().map(|key| key.label(ascii)).unwrap_or_default()
    }

    /// All keys.
    pub fn labels(&self, ascii: bool) -> String {
        self.keys.iter().map(|key| key.label(ascii)).collect::<Vec<_>>().join(" ")
    }
}

/// The keys that hold: the table's, but for those that a person changed.
#[derive(Debug, Clone)]
pub struct Keymap(Arc<Vec<Bound>>);

impl Default for Keymap {
    fn default() -> Self {
        Keymap(Arc::new(KEYMAP.iter().map(|row| Bound { keys: row.keys.to_vec(), row }).collect()))
    }
}

impl Keymap {
    /// These keys in place of those that the action has in the context.
    ///
    /// # Errors
    /// Where the context does not know the action, or another action of it has one of the keys.
    pub fn bind(&mut self, context: &str, action: &str, keys: Vec<Key>) -> Result<(), String> {
        let rows = Arc::make_mut(&mut self.0);
        let known = |b: &Bound| b.context.name() == context;
        if !rows.iter().any(known) {
            return Err(unknown("place for keys", context, rows.iter().map(|b| b.context.name())));
        }
        let Some(row) = rows.iter().position(|b| known(b) && b.action.name() == action) else {
            let names = rows.iter().filter(|b| known(b)).map(|b| b.action.name());
            return Err(unknown(&format!("action in `{context}`"), action, names));
        };
        rows[row].keys = keys;
        Ok(())
    }

    /// Two actions of one context that share a key, if there are any.
    pub fn clash(&self) -> Option<String> {
        self.0.iter().enumerate().find_map(|(i, a)| {
            self.0[i + 1..].iter().filter(|b| b.context == a.context).find_map(|b| {
                let key = a.keys.iter().find(|key| b.keys.contains(key))?;
                let (key, context) = (key.label(true), a.context.name());
                Some(format!(
                    "`{key}` is both `{}` and `{}` in `{context}`",
                    a.action.name(),
                    b.action.name()
                ))
            })
        })
    }

    /// Every key as the file of preferences would name it.
    pub fn print(&self) -> String {
        let mut text = String::new();
        let mut contexts: Vec<Context> = Vec::new();
        for row in self.0.iter() {
            if !contexts.contains(&row.context) {
                contexts.push(row.context);
            }
        }
        for context in contexts {
            text += &format!("[keys.{}]\n", context.name());
            for row in self.0.iter().filter(|row| row.context == context) {
                let keys: Vec<String> = row.keys.iter().map(|key| format!("{:?}", key.label(true))).collect();
                text += &format!("{} = [{}] # {}\n", row.action.name(), keys.join(", "), row.help);
            }
            text.push('\n');
        }
        text
    }

    /// The rows of some contexts that have a key.
    pub fn rows(&self, contexts: &[Context]) -> impl Iterator<Item = &Bound> {
        self.0.iter().filter(|row| contexts.contains(&row.context) && !row.keys.is_empty())
    }

    /// What `event` does in the innermost of `contexts` that knows it. `before` is the character typed
    /// just before, for double keys.
    pub fn lookup(&self, contexts: &[Context], event: &KeyEvent, before: Option<char>) -> Option<Action> {
        contexts.iter().find_map(|context| {
            let known = |b: &&Bound| b.context == *context && b.keys.iter().any(|k| k.matches(event, before));
            self.0.iter().find(known).map(|b| b.action)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use super::{Action as A, Context as C};
    use crate::tui::state::{PanelId as P, View};

    #[test]
    fn no_two_rows_of_a_context_share_a_key() {
        for (i, a) in KEYMAP.iter().enumerate() {
            for b in KEYMAP[i + 1..].iter().filter(|b| b.context == a.context) {
                let shared = a.keys.iter().find(|k| b.keys.contains(k));
                assert!(shared.is_none(), "{:?}: {:?} and {:?} share {shared:?}", a.context, a.help, b.help);
            }
        }
    }

    #[test]
    fn every_row_has_a_name_of_its_own_and_every_key_reads_as_itself() {
        let names: Vec<_> = KEYMAP.iter().map(|row| (row.context.name(), row.action.name())).collect();
        for (i, name) in names.iter().enumerate() {
            assert!(!names[i + 1..].contains(name), "{name:?} is there twice");
        }
        for key in KEYMAP.iter().flat_map(|row| row.keys) {
            assert_eq!(Key::parse(&key.label(true)), Ok(*key));
        }
        let name = |a: Action| a.name();
        assert_eq!((name(A::PageDown), name(A::Show(View::Log))), ("page-down".into(), "show-log".into()));
        assert_eq!(C::Panel(P::Leaderboard).name(), "leaderboard");
        assert!(Key::parse("ctrl-x").is_err() && Key::parse("").is_err() && Key::parse("ab").is_err());
    }

    #[test]
    fn keys_are_bound_anew_and_clashes_told() {
        let mut keymap = Keymap::default();
        keymap.bind("anywhere", "help", vec![Key::parse("F1").unwrap()]).unwrap();
        let f1 = KeyEvent::new(KeyCode::F(1), KeyModifiers::NONE);
        assert_eq!(keymap.lookup(&[C::Anywhere], &f1, None), Some(A::Help));
        let question = KeyEvent::new(KeyCode::Char('?'), KeyModifiers::NONE);
        assert_eq!(keymap.lookup(&[C::Anywhere], &question, None), None);
        assert_eq!(keymap.clash(), None);
        keymap.bind("anywhere", "quit", vec![Key::parse("F1").unwrap()]).unwrap();
        assert_eq!(keymap.clash().unwrap(), "`F1` is both `help` and `quit` in `anywhere`");
        let error = keymap.bind("anywhere", "hepl", Vec::new()).unwrap_err();
        assert_eq!(error, "there is no action in `anywhere` `hepl`: did you mean `help`?");
        assert!(keymap.bind("anyplace", "help", Vec::new()).unwrap_err().contains("no place for keys"));
    }

    #[test]
    fn a_double_key_needs_both_presses_and_the_innermost_context_wins() {
        let g = KeyEvent::new(KeyCode::Char('g'), KeyModifiers::NONE);
        assert_eq!(Keymap::default().lookup(&[C::Moving], &g, None), None);
        assert_eq!(Keymap::default().lookup(&[C::Moving], &g, Some('g')), Some(A::First));
        let j = KeyEvent::new(KeyCode::Char('j'), KeyModifiers::NONE);
        assert_eq!(Keymap::default().lookup(&[C::Panel(P::Detail), C::Moving], &j, None), Some(A::Down));
        let d = KeyEvent::new(KeyCode::Char('d'), KeyModifiers::CONTROL);
        assert_eq!(Keymap::default().lookup(&[C::Moving, C::Anywhere], &d, None), Some(A::PageDown));
    }
}
