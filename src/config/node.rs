//! A TOML document as a tree in which every key and value knows where it was written.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Origin, Source};

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub origin: Origin,
    pub content: Content,
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    Date,
    List(Vec<Node>),
    Table(Table),
}

/// Values by key, each with the place of its key.
pub(super) type Table = BTreeMap<String, Entry>;

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub key: Origin,
    pub value: Node,
}

impl Node {
    /// What it is, for "can't be …".
    pub fn found(&self) -> String {
        match &self.content {
            Content::List(_) => "a list".into(),
            Content::Table(_) => "a table".into(),
            Content::Text(v) if v.is_empty() => "empty".into(),
            Content::Text(v) => format!("the text {}", super::error::quoted(v)),
            Content::Date => format!("the date {}", super::error::quoted(self.origin.text())),
            Content::Int(_) | Content::Float(_) | Content::Bool(_) => {
                super::error::quoted(self.origin.text())
            }
        }
    }

    /// An error at this value.
    pub fn error(&self, message: impl Into<String>, remedy: impl Into<String>) -> ConfigError {
        ConfigError::at(&self.origin, message, remedy)
    }
}

/// Parses a document.
pub(super) fn document(file: &Path, text: &str) -> Result<Node, ConfigError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
    let source = Arc::new(Source { file: Some(file.to_owned()), text });
    let parsed = DeTable::parse(&source.text).map_err(|e| syntax_error(&source, &e, 0))?;
    let content = Content::Table(table(&source, parsed.get_ref(), 0)?);
    Ok(Node { origin: Origin::whole(Arc::clone(&source)), content })
}

/// Parses the right side of `--set key=value`, which starts at byte `offset` of the source. What is
/// no TOML value, and not the beginning of a quoted text, list or table, is a bare word.
pub(super) fn override_value(source: &Arc<Source>, offset: usize) -> Result<Node, ConfigError> {
    let text = &source.text[offset..];
    match DeValue::parse(text) {
        Ok(parsed) => node(source, &parsed, offset),
        Err(e) if text.starts_with(['"', '\'', '[', '{']) => Err(syntax_error(source, &e, offset)),
        Err(_) => Ok(Node {
            origin: origin(source, 0..text.len(), offset),
            content: Content::Text(text.to_owned()),
        }),
    }
}

fn syntax_error(source: &Arc<Source>, error: &toml::de::Error, offset: usize) -> ConfigError {
    let (what, remedy) = match error.message().split_once(", expected ") {
        Some((what, expected)) => (what, format!("expected {expected}")),
        None => (error.message(), String::new()),
    };
    let span = error.span().unwrap_or(0..0);
    let remedy = usual_mistake(&source.text, span.start + offset).map_or(remedy, str::to_owned);
    // An empty span, such as the end of the file, still has a place.
    let mut e = ConfigError::at(&origin(source, span.clone(), offset), format!("not TOML: {what}"), remedy);
    e.place
        .get_or_insert_with(|| super::error::place(&source.text, &(span.start + offset..span.end + offset)));
    e
}

/// What people who are new to TOML write on the line at byte `at`.
fn usual_mistake(text: &str, at: usize) -> Option<&'static str> {
    let start = text.get(..at)?.rfind('\n').map_or(0, |n| n + 1);
    let line = text.get(start..)?.lines().next()?;
    let value = line.split_once('=')?.1.split('#').next()?.trim();
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let decimal_comma = value.match_indices(',').any(|(comma, _)| {
        digit(value[..comma].chars().next_back()) && digit(value[comma + 1..].chars().next())
    });
    if decimal_comma {
        return Some("decimals are written with a point: `0.01`, not `0,01`");
    }
    let bare = value.starts_with(char::is_alphabetic) && !value.contains(['"', '\'']);
    bare.then_some("text stands in quotes: `trait = \"height\"`")
}

fn origin(source: &Arc<Source>, span: Range<usize>, offset: usize) -> Origin {
    Origin { source: Arc::clone(source), span: span.start + offset..span.end + offset }
}

fn table(source: &Arc<Source>, parsed: &DeTable<'_>, offset: usize) -> Result<Table, ConfigError> {
    parsed
        .iter()
        .map(|(key, value)| {
            let entry =
                Entry { key: origin(source, key.span(), offset), value: node(source, value, offset)? };
            Ok((key.get_ref().to_string(), entry))
        })
        .collect()
}

fn node(source: &Arc<Source>, parsed: &Spanned<DeValue<'_>>, offset: usize) -> Result<Node, ConfigError> {
    let origin = origin(source, parsed.span(), offset);
    let content = match parsed.get_ref() {
        DeValue::String(v) => Content::Text(v.to_string()),
        DeValue::Boolean(v) => Content::Bool(*v),
        DeValue::Datetime(_) => Content::Date,
        DeValue::Array(v) => {
            Content::List(v.iter().map(|item| node(source, item, offset)).collect::<Result<_, _>>()?)
        }
        DeValue::Table(v) => Content::Table(table(source, v, offset)?),
        DeValue::Integer(v) => match i64::from_str_radix(v.as_str(), v.radix()) {
            Ok(number) => Content::Int(number),
            Err(_) => {
                let message = format!("the number {} is too large", super::error::quoted(origin.text()));
                return Err(ConfigError::at(&origin, message, format!("at most {}", i64::MAX)));
            }
        },
        DeValue::Float(v) => match v.as_str().parse() {
            Ok(number) => Content::Float(number),
            Err(_) => return Err(ConfigError::at(&origin, "not a number", "expected one such as 1e-3")),
        },
    };
    Ok(Node { origin, content })
}
