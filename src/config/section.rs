//! A cursor over one table: which keys it may have, and its values as the types that are wanted.

use std::ops::RangeInclusive;

use super::error::{ConfigError, Origin, did_you_mean, one_of, quoted};
use super::node::{Content, Node, Table};
use crate::domain::setting::Accepts;
use crate::domain::value::Value;

/// A table whose keys are known to be allowed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section<'a> {
    name: &'a str,
    origin: &'a Origin,
    table: Option<&'a Table>,
}

/// A value under its full name, such as `data.split.folds`.
#[derive(Debug, Clone)]
pub(super) struct Field<'a> {
    pub name: String,
    pub node: &'a Node,
}

impl<'a> Section<'a> {
    /// A table that is not there, in the document at `origin`: all its keys are missing.
    pub fn absent(name: &'a str, origin: &'a Origin) -> Self {
        Section { name, origin, table: None }
    }

    /// The table at `node`, whose keys are not checked yet; `name` is its path, empty for the root.
    pub fn open(name: &'a str, node: &'a Node) -> Result<Self, ConfigError> {
        match &node.content {
            Content::Table(table) => Ok(Section { name, origin: &node.origin, table: Some(table) }),
            _ => {
                let message = format!("`{name}` can't be {}", node.found());
                Err(node.error(message, "expected a table"))
            }
        }
    }

    /// Refuses every key that is not one of `keys`, of which those with a dot stand in tables of their
    /// own. `owner` says whose keys they are.
    pub fn only(self, keys: &[&str], owner: &str) -> Result<Self, ConfigError> {
        let mut entries: Vec<_> = self.entries().filter(|(key, _)| !keys.contains(key)).collect();
        // The one that stands first in the file.
        entries.sort_by_key(|(_, entry)| entry.key.span.start);
        for (key, entry) in entries {
            let within = keys.iter().filter_map(|name| name.strip_prefix(key)?.strip_prefix('.'));
            let nested: Vec<&str> = within.collect();
            if nested.is_empty() {
                let near = did_you_mean(key, keys.iter().copied());
                let message = format!("{owner} has no key {}{near}", quoted(key));
                return Err(ConfigError::at(&entry.key, message, one_of(keys)));
            }
            let name = self.path(key);
            Section::open(&name, &entry.value)?.only(&nested, &format!("the table `{name}`"))?;
        }
        Ok(self)
    }

    /// The full name of a key.
    pub fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn entries(&self) -> impl Iterator<Item = (&'a str, &'a super::node::Entry)> {
        self.table.into_iter().flatten().map(|(k, e)| (k.as_str(), e))
    }

    /// The value of `key`, if it is there; what stands behind a dot stands in a table of its own.
    pub fn get(&self, key: &str) -> Option<Field<'a>> {
        let mut keys = key.split('.');
        let mut entry = self.table?.get(keys.next()?)?;
        for key in keys {
            let Content::Table(table) = &entry.value.content else { return None };
            entry = table.get(key)?;
        }
        Some(Field { name: self.path(key), node: &entry.value })
    }

    /// The value of `key`, which must be there; `example` shows how it is written.
    pub fn need(&self, key: &str, example: &str) -> Result<Field<'a>, ConfigError> {
        self.get(key).ok_or_else(|| {
            let message = format!("`{}` has no `{key}`", self.name);
            ConfigError::at(self.origin, message, format!("add a line such as `{example}`"))
        })
    }

    /// The names of its keys in the order in which they are written; those of another file or of the command
    /// line stand together.
    pub fn keys(&self) -> Vec<&'a str> {
        let mut entries: Vec<_> = self.entries().collect();
        entries.sort_by_key(|(_, entry)| (&entry.key.source.file, entry.key.span.start));
        entries.into_iter().map(|(key, _)| key).collect()
    }

    /// Where a key is written, or the table where it is not.
    pub fn origin_of(&self, key: &str) -> &'a Origin {
        self.table.and_then(|table| table.get(key)).map_or(self.origin, |entry| &entry.key)
    }

    /// Where the table is written.
    pub fn origin(&self) -> &'a Origin {
        self.origin
    }

    /// A whole number within bounds, or its default.
    pub fn count(
        &self,
        key: &str,
        bounds: RangeInclusive<usize>,
        default: usize,
    ) -> Result<usize, ConfigError> {
        self.get(key).map_or(Ok(default), |field| field.count(bounds))
    }

    /// One of `words`, or their default.
    pub fn word(
        &self,
        key: &str,
        what: &str,
        words: &[&'static str],
        default: &'static str,
    ) -> Result<&'static str, ConfigError> {
        self.get(key).map_or(Ok(default), |field| field.word(what, words))
    }
}

impl<'a> Field<'a> {
    /// The error that it is not what is expected.
    pub fn wrong(&self, expected: impl AsRef<str>) -> ConfigError {
        let message = format!("`{}` can't be {}", self.name, self.node.found());
        self.node.error(message, format!("expected {}", expected.as_ref()))
    }

    pub fn section(&'a self) -> Result<Section<'a>, ConfigError> {
        Section::open(&self.name, self.node)
    }

    pub fn text(&self) -> Result<&'a str, ConfigError> {
        match &self.node.content {
            Content::Text(text) if !text.is_empty() => Ok(text),
            _ => Err(self.wrong("a text in quotes")),
        }
    }

    /// A name that files also write as a number, such as that of a chromosome: as it is written.
    pub fn name(&self) -> Result<String, ConfigError> {
        match &self.node.content {
            Content::Text(text) if !text.is_empty() => Ok(text.clone()),
            Content::Int(number) => Ok(number.to_string()),
            _ => Err(self.wrong("a text in quotes or a whole number")),
        }
    }

    /// A list of such names.
    pub fn names(&self) -> Result<Vec<String>, ConfigError> {
        self.items(r#"a list such as `["5"]`"#)?.iter().map(Field::name).collect()
    }

    /// A list's values, under the list's own name.
    pub fn items(&self, expected: &str) -> Result<Vec<Field<'a>>, ConfigError> {
        match &self.node.content {
            Content::List(items) => {
                Ok(items.iter().map(|node| Field { name: self.name.clone(), node }).collect())
            }
            _ => Err(self.wrong(expected)),
        }
    }

    /// One of `words`; `what` says which kind of thing they name.
    pub fn word(&self, what: &str, words: &[&'static str]) -> Result<&'static str, ConfigError> {
        let Content::Text(found) = &self.node.content else {
            let message = format!("`{}` can't be {}", self.name, self.node.found());
            return Err(self.node.error(message, one_of(words)));
        };
        words.iter().find(|w| *w == found).copied().ok_or_else(|| {
            let near = did_you_mean(found, words.iter().copied());
            self.node.error(format!("unknown {what} {}{near}", quoted(found)), one_of(words))
        })
    }

    pub fn flag(&self) -> Result<bool, ConfigError> {
        match self.node.content {
            Content::Bool(v) => Ok(v),
            _ => Err(self.wrong("true or false")),
        }
    }

    pub fn count(&self, bounds: RangeInclusive<usize>) -> Result<usize, ConfigError> {
        let number = match self.node.content {
            Content::Int(v) => usize::try_from(v).ok().filter(|v| bounds.contains(v)),
            _ => None,
        };
        number
            .ok_or_else(|| self.wrong(format!("a whole number from {} to {}", bounds.start(), bounds.end())))
    }

    /// A seed: a whole number that readers of JSON in every language keep exact.
    pub fn seed(&self) -> Result<u64, ConfigError> {
        const MAX: usize = (1 << 53) - 1;
        Ok(self.count(0..=MAX)? as u64)
    }

    /// A finite number.
    pub fn float(&self) -> Result<f64, ConfigError> {
        match self.node.content {
            Content::Int(v) => Ok(v as f64),
            Content::Float(v) if v.is_finite() => Ok(v),
            _ => Err(self.wrong("a finite number")),
        }
    }

    /// A value as a setting keeps it.
    pub fn admitted(&self, accepts: &Accepts) -> Result<Value, ConfigError> {
        if let (Accepts::Word(words), Content::Text(_)) = (accepts, &self.node.content) {
            return self.word(&format!("value of `{}`", self.name), words).map(Value::from);
        }
        let value = self.scalar().and_then(|value| accepts.admit(&value).ok());
        value.ok_or_else(|| self.wrong(accepts.expectation()))
    }

    /// A plain, finite value; `None` for lists, tables and dates.
    pub fn scalar(&self) -> Option<Value> {
        match &self.node.content {
            Content::Text(v) => Some(Value::Text(v.clone())),
            Content::Int(v) => Some(Value::Int(*v)),
            Content::Float(v) if v.is_finite() => Some(Value::Float(*v)),
            Content::Bool(v) => Some(Value::Bool(*v)),
            Content::Float(_) | Content::Date | Content::List(_) | Content::Table(_) => None,
        }
    }
}
