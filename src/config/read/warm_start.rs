//! `sampler.warm_start`: trials from elsewhere.

use crate::config::error::{ConfigError, quoted};
use crate::config::node::Content;
use crate::config::section::{Field, Section};
use crate::domain::direction::Direction;
use crate::import::Source;

/// The key in the table of the sampler.
pub(super) const KEY: &str = "warm_start";

const EXPECTED: &str =
    r#"a list such as `["old.csv", "runs/other", { path = "optuna.journal", direction = "minimize" }]`"#;

/// The sources, each once.
pub(super) fn read(section: &Section<'_>) -> Result<Vec<Source>, ConfigError> {
    let mut sources: Vec<Source> = Vec::new();
    let Some(field) = section.get(KEY) else { return Ok(sources) };
    for item in field.items(EXPECTED)? {
        let source = source(&item)?;
        if sources.iter().any(|known| known.path == source.path) {
            let message = format!("`{}` lists {} twice", field.name, quoted(&source.path));
            return Err(item.node.error(message, "remove one"));
        }
        sources.push(source);
    }
    Ok(sources)
}

fn source(item: &Field<'_>) -> Result<Source, ConfigError> {
    match &item.node.content {
        Content::Text(path) if !path.is_empty() => return Ok(Source::plain(path)),
        Content::Table(_) => {}
        _ => return Err(item.wrong("a path, or a table such as `{ path = \"old.csv\", score = \"mse\" }`")),
    }
    let owner = format!("a source of `{}`", item.name);
    let table = item.section()?.only(&["path", "score", "direction"], &owner)?;
    let directions = Direction::ALL.map(Direction::word);
    let direction = table.get("direction").map(|field| field.word("direction", &directions)).transpose()?;
    Ok(Source {
        path: table.need("path", "path = \"old.csv\"")?.text()?.to_owned(),
        score: table.get("score").map(|field| field.name()).transpose()?,
        direction: Direction::ALL.into_iter().find(|d| Some(d.word()) == direction),
    })
}
