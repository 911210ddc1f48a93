//! `effects.csv`: what each QTL of a simulated population does, to be held against what a study finds.
//!
//! A line is one QTL of one trait:
//!
//! | column | what it is |
//! |---|---|
//! | `snp`, `chromosome`, `position` | the SNP, as in `genotypes.bim` |
//! | `additive` | *a*: what one counted allele adds |
//! | `dominance` | *d*: what the heterozygote lies above the middle of the homozygotes (Falconer & Mackay) |
//! | `kind` | `additive`, `dominance`, `over-dominance`, `under-dominance`, `imprinted` or `epistatic` |
//! | `partner` | the other SNP of an epistatic pair, else empty |
//! | `interaction` | *i*: the pair adds *i* (*x* − mean *x*) (*x*′ − mean *x*′), *x* and *x*′ their dosages; both its SNPs have a line |
//! | `trait` | the column of `phenotypes.csv` |
//!
//! Of an imprinted QTL only the allele that came from the sire counts: it adds *a* where it is the counted
//! one.

use std::io::{self, Write};
use std::path::Path;

use super::population::SnpMap;
use super::qtl::Effect;
use super::write;
use crate::dataset::DataError;

const FILE: &str = "effects.csv";
const COLUMNS: [&str; 9] =
    ["snp", "chromosome", "position", "additive", "dominance", "kind", "partner", "interaction", "trait"];

/// How a QTL acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Each counted allele adds as much.
    Additive,
    /// The heterozygote lies off the middle of the homozygotes, but not beyond them by much.
    Dominance,
    /// The heterozygote lies above both homozygotes.
    OverDominance,
    /// The heterozygote lies below both homozygotes.
    UnderDominance,
    /// The allele of the dam is silent ("maternally imprinted").
    Imprinted,
    /// One of a pair that acts together and not alone.
    Epistatic,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 6] = [
        Kind::Additive,
        Kind::Dominance,
        Kind::OverDominance,
        Kind::UnderDominance,
        Kind::Imprinted,
        Kind::Epistatic,
    ];

    /// As `effects.csv` has it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Additive => "additive",
            Kind::Dominance => "dominance",
            Kind::OverDominance => "over-dominance",
            Kind::UnderDominance => "under-dominance",
            Kind::Imprinted => "imprinted",
            Kind::Epistatic => "epistatic",
        }
    }
}

/// A QTL of a trait: a line of `effects.csv`.
#[derive(Debug, Clone, PartialEq)]
pub struct Qtl {
    /// The SNP's name.
    pub marker: String,
    /// Its chromosome.
    pub chromosome: String,
    /// Its position in base pairs.
    pub position: u64,
    /// How it acts.
    pub kind: Kind,
    /// What one counted allele adds; of an imprinted QTL, where the sire gave it.
    pub additive: f64,
    /// What the heterozygote lies above the middle of the homozygotes.
    pub dominance: f64,
    /// The other SNP of an epistatic pair.
    pub partner: Option<String>,
    /// What the pair adds for each product of the two SNPs' centred dosages.
    pub interaction: f64,
    /// The trait's column in `phenotypes.csv`.
    pub trait_name: String,
}

impl Qtl {
    /// The effect that is largest in absolute value, with its sign.
    pub fn effect(&self) -> f64 {
        [self.additive, self.dominance, self.interaction]
            .into_iter()
            .fold(0.0, |largest: f64, effect| if effect.abs() > largest.abs() { effect } else { largest })
    }
}

/// The QTL behind the simulated population in `folder`, in the file's order; `None` where the folder holds no
/// such truth: data of one's own, or simulated sequences, which have motifs instead.
///
/// # Errors
/// A file that can't be read, or a line that is not as described.
pub fn truth(folder: &Path) -> Result<Option<Vec<Qtl>>, DataError> {
    let path = folder.join(FILE);
    if !path.exists() {
        return Ok(None);
    }
    let text =
        std::fs::read_to_string(&path).map_err(|source| DataError::Read { path: path.clone(), source })?;
    let mut lines = (1..).zip(text.lines());
    if lines.next().is_none_or(|(_, header)| header != COLUMNS.join(",")) {
        return Ok(None);
    }
    let read = |(number, line): (u64, &str)| parse(line).map_err(|text| DataError::line(&path, number, text));
    lines.map(read).collect::<Result<_, _>>().map(Some)
}

fn parse(line: &str) -> Result<Qtl, String> {
    let fields: Vec<&str> = line.split(',').collect();
    let [marker, chromosome, position, additive, dominance, kind, partner, interaction, trait_name] =
        fields[..]
    else {
        return Err(format!("{} fields, expected {}: {}", fields.len(), COLUMNS.len(), COLUMNS.join(",")));
    };
    let number = |column: &str, text: &str| {
        let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
        value.ok_or_else(|| format!("the column `{column}` has `{text}`, expected a number"))
    };
    Ok(Qtl {
        marker: marker.into(),
        chromosome: chromosome.into(),
        position: position
            .parse()
            .map_err(|_| format!("the column `position` has `{position}`, expected a whole number"))?,
        kind: Kind::ALL.into_iter().find(|k| k.name() == kind).ok_or_else(|| {
            let known = Kind::ALL.map(Kind::name).join(", ");
            format!("the column `kind` has `{kind}`, expected one of {known}")
        })?,
        additive: number("additive", additive)?,
        dominance: number("dominance", dominance)?,
        partner: Some(partner.to_owned()).filter(|name| !name.is_empty()),
        interaction: number("interaction", interaction)?,
        trait_name: trait_name.into(),
    })
}

/// Writes `effects.csv`: the effects on each trait, trait by trait.
pub(super) fn write(folder: &Path, map: &SnpMap, traits: &[(&str, &[Effect])]) -> io::Result<()> {
    write::file(folder, FILE, |out| {
        writeln!(out, "{}", COLUMNS.join(","))?;
        for (trait_name, effects) in traits {
            for effect in *effects {
                let Effect { snp, kind, additive, dominance, pair } = effect;
                let (partner, interaction) = match pair {
                    Some((partner, interaction)) => (write::snp_name(*partner), *interaction),
                    None => (String::new(), 0.0),
                };
                let (name, chromosome, position) =
                    (write::snp_name(*snp), map.chromosome_of(*snp), map.positions[*snp]);
                let kind = kind.name();
                writeln!(
                    out,
                    "{name},{chromosome},{position},{additive:.6},{dominance:.6},{kind},{partner},{interaction:.6},{trait_name}"
                )?;
            }
        }
        Ok(())
    })
}
