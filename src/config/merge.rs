//! One tree from a study file, the files it includes and the command line's overrides.
//!
//! The tables of the top level are merged key by key, and what stands in them is replaced whole: a
//! search is never mixed from two files. A table whose `kind` changes starts anew, because the other
//! keys belonged to the old kind; where a list of kinds replaces one of them, they are that kind's.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{ConfigError, Origin, Source, did_you_mean, quoted};
use super::node::{self, Content, Entry, Node, Table};
use crate::model::LEARNING_RATE;

/// The table whose keys are a person's own names, so that a `kind` in it is one like any other.
const SPACE: &str = "space";

/// Most levels of includes.
const DEEPEST: usize = 16;

/// The tree of a study file with its includes and overrides.
pub(super) fn assemble(file: &Path, overrides: &[String]) -> Result<Node, ConfigError> {
    let text = read(file).map_err(|(message, remedy)| ConfigError {
        file: file.display().to_string(),
        place: None,
        message,
        remedy,
    })?;
    let root = assemble_text(file, &text)?;
    overridden(root, overrides)
}

/// A tree with the command line's overrides in it.
pub(super) fn overridden(mut root: Node, overrides: &[String]) -> Result<Node, ConfigError> {
    // A new kind first: it drops the settings of the old one, not those given with it.
    let mut overrides: Vec<_> =
        overrides.iter().map(|text| parse_override(text)).collect::<Result<_, _>>()?;
    overrides.sort_by_key(|(keys, _)| keys.last().is_none_or(|key| key.name != "kind"));
    for (keys, value) in overrides {
        set(&mut root, &keys, value)?;
    }
    Ok(root)
}

/// The tree of a study file whose text is given, with its includes.
pub(super) fn assemble_text(file: &Path, text: &str) -> Result<Node, ConfigError> {
    with_includes(file, text, &mut vec![canonical(file)])
}

/// `open` holds the files that are being included, outermost first.
fn with_includes(file: &Path, text: &str, open: &mut Vec<PathBuf>) -> Result<Node, ConfigError> {
    let mut root = node::document(file, text)?;
    let Content::Table(table) = &mut root.content else { return Ok(root) };
    let Some(entry) = table.remove("include") else { return Ok(root) };
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut base = Table::new();
    for name in include_names(&entry.value)? {
        let Content::Text(path) = &name.content else { continue };
        let path = folder.join(path);
        let identity = canonical(&path);
        if open.len() > DEEPEST {
            let message = format!("files are included more than {DEEPEST} deep");
            return Err(name.error(message, "include fewer files in one another"));
        }
        if open.contains(&identity) {
            let message = format!("{} includes itself", quoted(&path.display().to_string()));
            return Err(name.error(message, "remove it: a file can't be a part of itself"));
        }
        let text = read(&path).map_err(|(message, remedy)| name.error(message, remedy))?;
        open.push(identity);
        let included = with_includes(&path, &text, open)?;
        open.pop();
        if let Content::Table(included) = included.content {
            overlay(&mut base, included);
        }
    }
    overlay(&mut base, std::mem::take(table));
    *table = base;
    Ok(root)
}

fn include_names(value: &Node) -> Result<&[Node], ConfigError> {
    let wrong = |node: &Node| {
        let message = format!("`include` can't be {}", node.found());
        node.error(message, r#"expected a list of files such as `["configs/cnn.toml"]`"#)
    };
    let Content::List(names) = &value.content else { return Err(wrong(value)) };
    match names.iter().find(|n| !matches!(n.content, Content::Text(_))) {
        Some(other) => Err(wrong(other)),
        None => Ok(names),
    }
}

fn canonical(file: &Path) -> PathBuf {
    file.canonicalize().unwrap_or_else(|_| file.to_owned())
}

/// The text of a file, or what is wrong with it and what to do.
fn read(file: &Path) -> Result<String, (String, String)> {
    let name = quoted(&file.display().to_string());
    if file.is_dir() {
        return Err((format!("{name} is a folder"), "name a study file, such as study.toml".into()));
    }
    let bytes = std::fs::read(file).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => {
            (format!("there is no file {name}{}", near_file(file)), "check the path".to_owned())
        }
        _ => (format!("failed to read {name}: {e}"), "check its permissions".to_owned()),
    })?;
    let text = String::from_utf8(bytes).map_err(|e| {
        let line = e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        (format!("{name} is not UTF-8 text: see line {line}"), "save it as UTF-8".to_owned())
    })?;
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err((format!("{name} is empty"), "start from studies/quickstart.toml".into()));
    }
    Ok(text)
}

/// The file beside it whose name is nearest.
fn near_file(file: &Path) -> String {
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(listing) = std::fs::read_dir(folder) else { return String::new() };
    let mut names: Vec<String> = listing
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    names.sort();
    let wanted = file.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    did_you_mean(wanted, names.iter().map(String::as_str))
}

/// Puts `over` over `base`. The place of a table in both is that of the file that wins.
fn overlay(base: &mut Table, over: Table) {
    for (key, mut entry) in over {
        let below = base.remove(&key).map(|below| below.value.content);
        if let (Some(Content::Table(mut below)), Content::Table(above)) = (below, &mut entry.value.content) {
            if key != SPACE && changes_kind(&below, above.get("kind")) {
                below = nested(below, above);
            }
            below.append(above);
            *above = below;
        }
        base.insert(key, entry);
    }
}

/// What is left of `below` under a table of another kind: nothing, unless that one lists several kinds, the
/// one of `below` among them. Its settings are then that kind's own table, under what `above` has there.
fn nested(mut below: Table, above: &mut Table) -> Table {
    let Some(Content::Text(kind)) = below.get("kind").map(|entry| entry.value.content.clone()) else {
        return Table::new();
    };
    let is_it = |node: &Node| matches!(&node.content, Content::Text(word) if *word == kind);
    let listed = match above.get("kind").map(|entry| &entry.value.content) {
        Some(Content::List(kinds)) => kinds.iter().any(is_it),
        _ => false,
    };
    let Some(entry) = below.remove("kind").filter(|_| listed) else { return Table::new() };
    let mut common = Table::new();
    if let Some(rate) = below.remove(LEARNING_RATE.name) {
        common.insert(LEARNING_RATE.name.to_owned(), rate);
    }
    let mut own =
        Entry { key: entry.key, value: Node { origin: entry.value.origin, content: Content::Table(below) } };
    if let Some(mut over) = above.remove(&kind) {
        if let (Content::Table(own), Content::Table(over)) = (&mut own.value.content, &mut over.value.content)
        {
            own.append(over);
        } else {
            own = over;
        }
    }
    common.insert(kind, own);
    common
}

fn changes_kind(table: &Table, kind: Option<&Entry>) -> bool {
    // One kind, or a list of them.
    fn words(node: &Node) -> Vec<Option<&str>> {
        match &node.content {
            Content::Text(word) => vec![Some(word)],
            Content::List(items) => items.iter().flat_map(words).collect(),
            _ => vec![None],
        }
    }
    kind.is_some_and(|kind| table.get("kind").is_some_and(|old| words(&old.value) != words(&kind.value)))
}

/// One key of an override's path.
struct Key {
    name: String,
    origin: Origin,
}

/// Splits `--set`'s `a.b=value`.
fn parse_override(text: &str) -> Result<(Vec<Key>, Node), ConfigError> {
    const LEAD: &str = "--set ";
    let source = Arc::new(Source { file: None, text: format!("{LEAD}{text}") });
    let origin = |start: usize, end: usize| Origin { source: Arc::clone(&source), span: start..end };
    let wrong = |origin: &Origin, message: &str| {
        ConfigError::at(origin, message, "expected a key and its value, such as `model.filters=32`")
    };
    let Some((path, _)) = text.split_once('=') else {
        return Err(wrong(&origin(LEAD.len(), source.text.len()), "an override without `=`"));
    };
    let mut keys = Vec::new();
    let mut start = LEAD.len();
    for part in path.split('.') {
        let name = part.trim();
        let span = origin(start, start + part.len().max(1));
        if name.is_empty() {
            return Err(wrong(&span, "an override with an empty key"));
        }
        keys.push(Key { name: name.to_owned(), origin: span });
        start += part.len() + 1;
    }
    let value = &text[path.len() + 1..];
    if value.trim().is_empty() {
        return Err(wrong(&origin(start - 1, start), "an override without a value"));
    }
    let blank = value.len() - value.trim_start().len();
    Ok((keys, node::override_value(&source, start + blank)?))
}

/// Sets one value, making the tables on the way to it.
fn set(root: &mut Node, keys: &[Key], value: Node) -> Result<(), ConfigError> {
    let Some((last, path)) = keys.split_last() else { return Ok(()) };
    let mut at = root;
    for key in path {
        let Content::Table(table) = &mut at.content else { return Err(not_a_table(key)) };
        let empty = || Node { origin: key.origin.clone(), content: Content::Table(Table::new()) };
        at = &mut table
            .entry(key.name.clone())
            .or_insert_with(|| Entry { key: key.origin.clone(), value: empty() })
            .value;
    }
    let Content::Table(table) = &mut at.content else { return Err(not_a_table(last)) };
    let entry = Entry { key: last.origin.clone(), value };
    if last.name == "kind" && path.iter().all(|key| key.name != SPACE) && changes_kind(table, Some(&entry)) {
        table.clear();
    }
    table.insert(last.name.clone(), entry);
    Ok(())
}

fn not_a_table(key: &Key) -> ConfigError {
    let message =
        format!("{} has nothing to stand in: the key before it holds a plain value", quoted(&key.name));
    ConfigError::at(&key.origin, message, "set the key before it to a table such as `{ int = [5, 50] }`")
}
