//! What `[data]` says of how genotypes become a network's input.

use super::MANY as MOST;
use crate::config::error::{ConfigError, quoted};
use crate::config::node::Content;
use crate::config::section::{Field, Section};
use crate::dataset::encode::{Encoding, Impute, OneHotMissing, Preprocessing};

pub(super) fn read(section: &Section<'_>) -> Result<Preprocessing, ConfigError> {
    let impute = section.word("impute", "imputation", &Impute::WORDS, Impute::default().name())?;
    let impute = Impute::named(impute).unwrap_or_default();
    let encodings = section.get("encoding").map_or(Ok(Vec::new()), |field| encodings(&field))?;
    let onehot_missing = match section.get("onehot_missing") {
        Some(field) => onehot_missing(&field, &encodings, impute)?,
        None => OneHotMissing::default(),
    };
    let preselect = section.get("preselect").map(|field| preselect(&field)).transpose()?;
    Ok(Preprocessing { encodings, onehot_missing, impute, preselect })
}

/// How many SNPs are kept.
fn preselect(field: &Field<'_>) -> Result<usize, ConfigError> {
    let table = field.section()?.only(&["snps"], "the table `data.preselect`")?;
    table.need("snps", "preselect = { snps = 1000 }")?.count(1..=MOST)
}

/// The columns that stand beside the genotypes, and those of them that are categories whatever they hold.
pub(super) fn covariates(section: &Section<'_>) -> Result<(Vec<String>, Vec<String>), ConfigError> {
    let names = |key| section.get(key).map_or(Ok(Vec::new()), |field| different(&field));
    let (covariates, categorical) = (names("covariates")?, names("categorical")?);
    if let Some(field) = section.get("categorical")
        && let Some(place) = categorical.iter().position(|name| !covariates.contains(name))
    {
        let name = quoted(&categorical[place]);
        let message = format!("`{}` names {name}, which `data.covariates` does not", field.name);
        let items = field.items("a list")?;
        let node = items.get(place).map_or(field.node, |item| item.node);
        return Err(node.error(message, "add it there, or remove it here"));
    }
    Ok((covariates, categorical))
}

/// A list of names, none of them twice.
fn different(field: &Field<'_>) -> Result<Vec<String>, ConfigError> {
    let names = field.names()?;
    if let Some(i) = (1..names.len()).find(|i| names[..*i].contains(&names[*i])) {
        let message = format!("`{}` lists {} twice", field.name, quoted(&names[i]));
        return Err(field.node.error(message, "remove one"));
    }
    Ok(names)
}

/// One encoding or a list of them, in their order; none for `auto`.
fn encodings(field: &Field<'_>) -> Result<Vec<Encoding>, ConfigError> {
    let Content::List(_) = &field.node.content else {
        let words: Vec<&'static str> = ["auto"].into_iter().chain(Encoding::WORDS).collect();
        return Ok(Encoding::named(field.word("encoding", &words)?).into_iter().collect());
    };
    let items = field.items("a list of encodings")?;
    if items.is_empty() {
        return Err(field.wrong("at least one encoding, such as `[\"additive\", \"heterozygote\"]`"));
    }
    let mut encodings = Vec::new();
    for item in items {
        let word = item.word("encoding", &Encoding::WORDS)?;
        let Some(encoding) = Encoding::named(word) else { continue };
        if encodings.contains(&encoding) {
            let message = format!("`{}` lists {} twice", field.name, quoted(word));
            return Err(item.node.error(message, "remove one"));
        }
        encodings.push(encoding);
    }
    Ok(encodings)
}

fn onehot_missing(
    field: &Field<'_>,
    encodings: &[Encoding],
    impute: Impute,
) -> Result<OneHotMissing, ConfigError> {
    let word = field.word("code of a missing genotype", &OneHotMissing::WORDS)?;
    let missing = OneHotMissing::named(word).unwrap_or_default();
    // What is usual may be written wherever it changes nothing.
    if missing == OneHotMissing::default() {
        return Ok(missing);
    }
    if impute != Impute::Mean {
        let message = format!("`{}` has no effect where `data.impute` is `{}`", field.name, impute.name());
        return Err(field.node.error(message, "remove one of the two"));
    }
    if !encodings.is_empty() && !encodings.contains(&Encoding::OneHot) {
        let message = format!("`{}` has no effect where `data.encoding` is not `onehot`", field.name);
        return Err(field.node.error(message, "remove it, or add \"onehot\" to `data.encoding`"));
    }
    Ok(missing)
}
