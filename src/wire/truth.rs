//! The QTL behind simulated data, for the profile of marker effects.

use std::path::Path;

use crate::analysis::profile::{Qtl, QtlKind};

/// The file of true effects that lies beside simulated genotypes.
const FILE: &str = "effects.csv";
/// The columns that it has, whatever else.
const COLUMNS: [&str; 5] = ["snp", "chromosome", "position", "additive", "dominance"];

/// The QTL of `traits` behind the data in `folder`; none where no such file lies there, or one with other
/// columns: sequences have motifs instead.
///
/// # Errors
/// Where the file can't be read, or a line is not as described.
pub(super) fn known(folder: &Path, traits: &[String]) -> Result<Vec<Qtl>, String> {
    let path = folder.join(FILE);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let wrong = |error: csv::Error| format!("{}: {error}", path.display());
    let mut reader = csv::Reader::from_path(&path).map_err(wrong)?;
    let headers = reader.headers().map_err(wrong)?.clone();
    let column = |name: &str| headers.iter().position(|header| header == name);
    if COLUMNS.iter().any(|name| column(name).is_none()) {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for (number, record) in reader.records().enumerate() {
        let record = record.map_err(wrong)?;
        let text = |name: &str| column(name).and_then(|i| record.get(i)).unwrap_or_default();
        let number = |name: &str| {
            let value = text(name).parse::<f64>().ok().filter(|v| v.is_finite());
            let line = number + 2;
            value.ok_or_else(|| format!("{}, line {line}: `{name}` is no number", path.display()))
        };
        let (additive, dominance) = (number("additive")?, number("dominance")?);
        let interaction = if text("interaction").is_empty() { 0.0 } else { number("interaction")? };
        let larger = |a: f64, b: f64| if b.abs() > a.abs() { b } else { a };
        if column("trait").is_none() || traits.iter().any(|name| name == text("trait")) {
            found.push(Qtl {
                name: text("snp").to_owned(),
                chromosome: text("chromosome").to_owned(),
                position: number("position")? as u64,
                kind: kind(text("kind"), dominance),
                effect: larger(larger(additive, dominance), interaction),
            });
        }
    }
    Ok(found)
}

/// By its word; files of before there were words say it by their numbers.
fn kind(word: &str, dominance: f64) -> QtlKind {
    let known = QtlKind::ALL.into_iter().find(|kind| kind.word() == word);
    known.unwrap_or(if dominance == 0.0 { QtlKind::Additive } else { QtlKind::Dominance })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, traits: &[&str]) -> Result<Vec<Qtl>, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), text).unwrap();
        let traits: Vec<String> = traits.iter().map(|t| (*t).to_owned()).collect();
        known(folder.path(), &traits)
    }

    #[test]
    fn qtl_are_those_of_the_trait_and_a_bad_line_is_named() {
        let plain = "snp,chromosome,position,additive,dominance\nsnp7,1,500,-3.0,0.0\nsnp9,2,80,0.5,5.0\n";
        let found = read(plain, &["y"]).unwrap();
        let of = |q: &Qtl| (q.name.clone(), q.position, q.kind, q.effect);
        assert_eq!(of(&found[0]), ("snp7".into(), 500, QtlKind::Additive, -3.0));
        assert_eq!(of(&found[1]), ("snp9".into(), 80, QtlKind::Dominance, 5.0));
        let full = "snp,chromosome,position,additive,dominance,kind,partner,interaction,trait\n\
                    a,1,5,0.0,0.0,epistatic,b,4.0,y\nc,1,9,1.0,2.0,over-dominance,,0.0,z\n";
        assert_eq!(of(&read(full, &["y"]).unwrap()[0]), ("a".into(), 5, QtlKind::Epistatic, 4.0));
        assert_eq!(read(full, &["y", "z"]).unwrap()[1].kind, QtlKind::OverDominance);
        let error = read(&plain.replace("-3.0", "much"), &["y"]).unwrap_err();
        assert!(error.contains("line 2: `additive` is no number"), "{error}");
        assert_eq!(read("motif,start\nGATA,5\n", &["y"]), Ok(Vec::new()));
    }
}
