//! What was left out on loading, and why: a row of the table that `check` prints.

use std::fmt;

/// Names that are kept of each row.
const NAMES: usize = 5;

/// Individuals, SNPs or genotypes that one rule left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// `individuals`, `SNPs` or `genotypes`.
    pub what: &'static str,
    /// Why, after "12 SNPs ".
    pub rule: String,
    /// How many.
    pub count: usize,
    /// The first of them.
    pub names: Vec<String>,
}

impl Removal {
    /// None yet.
    pub(super) fn new(what: &'static str, rule: impl Into<String>) -> Self {
        Removal { what, rule: rule.into(), count: 0, names: Vec::new() }
    }

    /// All of `names`.
    pub(super) fn of<'n>(
        what: &'static str,
        rule: impl Into<String>,
        names: impl Iterator<Item = &'n String>,
    ) -> Self {
        let mut removal = Removal::new(what, rule);
        names.for_each(|name| removal.add(name));
        removal
    }

    /// One more.
    pub(super) fn add(&mut self, name: &str) {
        self.add_named(|| name.to_owned());
    }

    /// One more, whose name is only made where it is kept.
    pub(super) fn add_named(&mut self, name: impl FnOnce() -> String) {
        self.count += 1;
        if self.names.len() < NAMES {
            self.names.push(name());
        }
    }

    /// "`a`, `b`, ...".
    pub(super) fn examples(&self) -> String {
        let more = if self.count > self.names.len() { ", ..." } else { "" };
        format!("{}{more}", self.names.join(", "))
    }
}

impl fmt::Display for Removal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}: {}", self.count, self.what, self.rule, self.examples())
    }
}
