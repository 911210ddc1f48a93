//! PLINK's text of dosages, `--recode A` and `--recode AD`
//! (<https://www.cog-genomics.org/plink/1.9/formats#raw>).

use std::path::Path;

use super::csv::dosage;
use super::error::{CONVERT, DataError};
use super::packed::Rows;
use super::text::{Budget, Lines};
use super::{Alleles, DataSpec, Genotypes, MISSING, Marker, UNKNOWN_ALLELE, unique_ids};

/// The columns before the SNPs.
const LEADING: [&str; 6] = ["FID", "IID", "PAT", "MAT", "SEX", "PHENOTYPE"];

/// A column behind the leading ones.
struct Column {
    name: String,
    kind: Kind,
}

/// What it holds.
#[derive(PartialEq)]
enum Kind {
    /// The dosage of the next SNP.
    Dosage,
    /// 1 where the SNP before is heterozygous, else 0.
    Heterozygote,
}

/// Reads the header, then one line an individual: its dosages; the heterozygote columns of `--recode AD`
/// must agree with them and tell nothing new.
pub(super) fn read(spec: &DataSpec) -> Result<Genotypes, DataError> {
    let path = &spec.genotypes;
    let mut budget = Budget::new(path, spec.memory, CONVERT);
    let mut lines = Lines::open(path)?;
    let Some((_, header)) = lines.next()? else {
        return Err(DataError::file(path, "is empty"));
    };
    let (columns, markers) = header_columns(path, header, &mut budget)?;
    let mut ids = Vec::new();
    let mut codes = Vec::with_capacity(markers.len());
    let mut packed = Rows::new(markers.len());
    lines.for_each(|line, content| {
        let mut fields = content.split_ascii_whitespace();
        let leading: Vec<&str> = fields.by_ref().take(LEADING.len()).collect();
        if leading.is_empty() {
            return Ok(());
        }
        let found = content.split_ascii_whitespace().count();
        let wanted = LEADING.len() + columns.len();
        if found != wanted {
            return Err(DataError::line(path, line, format!("{found} fields, the header has {wanted}")));
        }
        codes.clear();
        for (text, Column { name, kind }) in fields.zip(&columns) {
            let wrong = |expected: &str| DataError::Cell {
                path: path.to_owned(),
                line,
                column: name.clone(),
                text: text.to_owned(),
                expected: expected.to_owned(),
            };
            let code = dosage(text.as_bytes());
            match kind {
                Kind::Dosage => codes.push(code.ok_or_else(|| wrong("0, 1, 2 or NA"))?),
                Kind::Heterozygote => {
                    let wanted = match codes.last() {
                        Some(1) => 1,
                        Some(&MISSING) => MISSING,
                        _ => 0,
                    };
                    if code != Some(wanted) {
                        return Err(wrong(
                            "1 where the dosage before it is 1, else 0, and NA where that is NA: \
                             write the file again with `plink --recode A`",
                        ));
                    }
                }
            }
        }
        budget.name(leading[1]);
        ids.push((line, leading[1].to_owned()));
        packed.push(&codes);
        budget.check(packed.size())
    })?;
    let ids = unique_ids(path, ids)?;
    Ok(Genotypes::of_rows(ids, markers, packed))
}

/// The columns behind the leading ones, and the SNPs among them.
fn header_columns(
    path: &Path,
    header: &str,
    budget: &mut Budget<'_>,
) -> Result<(Vec<Column>, Vec<Marker>), DataError> {
    let mut fields = header.split_ascii_whitespace();
    let leading: Vec<&str> = fields.by_ref().take(LEADING.len()).collect();
    if leading != LEADING {
        let problem = format!(
            "starts with `{}`, a PLINK .raw starts with `{}`: is this another kind of file (`data.format`)?",
            leading.join(" "),
            LEADING.join(" ")
        );
        return Err(DataError::line(path, 1, problem));
    }
    let (mut columns, mut markers) = (Vec::<Column>::new(), Vec::<Marker>::new());
    for name in fields {
        budget.name(name);
        budget.check(0)?;
        let of_last = name.strip_suffix("_HET").is_some_and(|snp| {
            columns.last().is_some_and(|c| c.kind == Kind::Dosage)
                && markers.last().is_some_and(|m| m.name == snp)
        });
        if !of_last {
            markers.push(marker(path, name)?);
        }
        let kind = if of_last { Kind::Heterozygote } else { Kind::Dosage };
        columns.push(Column { name: name.to_owned(), kind });
    }
    Ok((columns, markers))
}

/// `SNP_A`, of which `A` is counted, or `SNP_A(/G)`, which names the other allele too.
fn marker(path: &Path, name: &str) -> Result<Marker, DataError> {
    let parts = name.rsplit_once('_').filter(|(snp, allele)| !snp.is_empty() && !allele.is_empty());
    let Some((snp, allele)) = parts else {
        let problem = format!("the column `{name}` names no counted allele: expected a name such as `rs1_A`");
        return Err(DataError::line(path, 1, problem));
    };
    let both = allele.strip_suffix(')').and_then(|a| a.split_once("(/"));
    let (counted, other) = both.unwrap_or((allele, UNKNOWN_ALLELE));
    let alleles = Alleles { counted: counted.to_owned(), other: other.to_owned() };
    Ok(Marker { alleles: Some(alleles), ..Marker::unplaced(snp.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_says, folder, spec};
    use super::super::{Dataset, load};
    use super::*;

    const PHENOTYPES: &[u8] = b"id,y\nb,2\na,1\nc,3\n";

    fn loaded(text: &str) -> Result<Dataset, DataError> {
        let folder = folder(&[("g.raw", text.as_bytes()), ("phenotypes.csv", PHENOTYPES)]);
        load(&spec(folder.path(), "g.raw"))
    }

    #[test]
    fn dosages_and_their_alleles_are_read_with_and_without_heterozygotes() {
        let a = "FID IID PAT MAT SEX PHENOTYPE rs_1_A rs2_C(/G)\n\
                 f a 0 0 1 -9 0 2\nf b 0 0 2 -9 NA 1\r\nf c 0 0 1 -9 2 0\n";
        let dataset = loaded(a).unwrap();
        assert_eq!(dataset.ids(), ["a", "b", "c"]);
        assert_eq!(dataset.codes(&[0, 1, 2]), [0, 2, MISSING, 1, 2, 0]);
        let [first, second] = dataset.markers() else { panic!("two SNPs") };
        let alleles =
            |counted: &str, other: &str| Some(Alleles { counted: counted.into(), other: other.into() });
        assert_eq!((first.name.as_str(), &first.alleles), ("rs_1", &alleles("A", UNKNOWN_ALLELE)));
        assert_eq!((second.name.as_str(), &second.alleles), ("rs2", &alleles("C", "G")));
        let ad = "FID\tIID\tPAT\tMAT\tSEX\tPHENOTYPE\trs_1_A\trs_1_HET\trs2_C(/G)\trs2_HET\n\
                  f\ta\t0\t0\t1\t-9\t0\t0\t2\t0\nf\tb\t0\t0\t2\t-9\tNA\tNA\t1\t1\nf\tc\t0\t0\t1\t-9\t2\t0\t0\t0\n";
        assert_eq!(loaded(ad).unwrap().fingerprint(), dataset.fingerprint());
        let refusal = loaded(&ad.replace("1\t1\n", "1\t0\n")).unwrap_err().to_string();
        assert_says(&refusal, &["line 3", "`rs2_HET`", "`0`", "--recode A"]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let header = "FID IID PAT MAT SEX PHENOTYPE rs1_A\n";
        let refusal = |text: String| loaded(&text).unwrap_err().to_string();
        assert_says(&refusal("FID IID rs1_A\n".into()), &["line 1", "FID IID PAT MAT", "data.format"]);
        assert_says(&refusal(header.replace("rs1_A", "rs1")), &["`rs1`", "rs1_A"]);
        assert_says(&refusal(format!("{header}f a 0 0 1 -9\n")), &["line 2", "6 fields", "7"]);
        assert_says(&refusal(format!("{header}f a 0 0 1 -9 0.5\n")), &["line 2", "`rs1_A`", "`0.5`"]);
        assert_says(
            &refusal(format!("{header}f a 0 0 1 -9 0\nf a 0 0 1 -9 1\n")),
            &["line 3", "`a`", "line 2"],
        );
        assert_says(&refusal(header.into()), &["holds no individuals"]);
    }
}
