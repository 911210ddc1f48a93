//! Files as people have them: handled and reported, or refused in words that help.

use std::fs;
use std::io::Write as _;

use super::tests::{assert_says, folder, spec};
use super::*;

const PHENOTYPES: &[u8] = b"id,y\na,1\nb,2\nc,3\nd,4\n";
const GENOTYPES: &[u8] = b"id,s,t\na,0,1\nb,1,2\nc,2,0\nd,0,NA\n";

fn loaded(genotypes: &[u8], phenotypes: &[u8]) -> Result<Dataset, DataError> {
    let folder = folder(&[("g.csv", genotypes), ("phenotypes.csv", phenotypes)]);
    load(&spec(folder.path(), "g.csv"))
}

fn refusal(genotypes: &[u8], phenotypes: &[u8]) -> String {
    loaded(genotypes, phenotypes).unwrap_err().to_string()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn gzip_carriage_returns_semicolons_and_a_byte_order_mark_change_nothing() {
    let plain = loaded(GENOTYPES, PHENOTYPES).unwrap();
    let edited = |edit: &dyn Fn(String) -> String| edit(String::from_utf8(GENOTYPES.to_vec()).unwrap());
    let same = [
        packed(GENOTYPES),
        packed(edited(&|t| format!("\u{feff}{t}")).as_bytes()),
        edited(&|t| format!("\u{feff}{}", t.replace('\n', "\r\n").replace(',', ";"))).into_bytes(),
        edited(&|t| t.replace(',', "\t")).into_bytes(),
        [packed(&GENOTYPES[..20]), packed(&GENOTYPES[20..])].concat(),
    ];
    for genotypes in same {
        let phenotypes = packed(&[b"\xef\xbb\xbf", PHENOTYPES].concat());
        assert_eq!(loaded(&genotypes, &phenotypes).unwrap().fingerprint(), plain.fingerprint());
    }
}

#[test]
fn the_name_with_gz_chooses_the_format_too() {
    let fasta = b">a\nAC\n>b\nAG\n>c\nTT\n";
    let folder = folder(&[
        ("g.csv.gz", &packed(GENOTYPES)),
        ("g.fa.gz", &packed(fasta)),
        ("g.bed.gz", &packed(b"bed")),
        ("phenotypes.csv", PHENOTYPES),
    ]);
    let at = |name: &str| load(&spec(folder.path(), name));
    assert_eq!(at("g.csv.gz").unwrap().positions(), 2);
    assert_eq!(at("g.fa.gz").unwrap().coding(), Coding::Bases);
    assert_says(&at("g.bed.gz").unwrap_err().to_string(), &["g.bed.gz", "gunzip"]);
}

#[test]
fn what_is_not_read_is_refused_by_its_name_or_its_first_bytes() {
    let of_name = |name: &str| {
        let folder = folder(&[(name, b"x"), ("phenotypes.csv", PHENOTYPES)]);
        load(&spec(folder.path(), name)).unwrap_err().to_string()
    };
    for (name, remedy) in [
        ("g.traw", "--recode A"),
        ("g.ped", "--make-bed"),
        ("g.bgen", "--bgen"),
        ("g.pgen", "--pfile"),
        ("g.xlsx", "save the sheet as CSV"),
        ("g.bcf", "bcftools"),
        ("g.csv.zip", "unpack"),
    ] {
        assert_says(&of_name(name), &[name, "not read", remedy]);
    }
    assert_says(&refusal(b"PK\x03\x04rest", PHENOTYPES), &["g.csv", "ZIP", "xlsx", "CSV"]);
    assert_says(&refusal(GENOTYPES, b"BZh9rest"), &["phenotypes.csv", "bzip2", "gzip"]);
    assert_says(&refusal(b"\xff\xfei\0d\0", PHENOTYPES), &["UTF-16", "UTF-8"]);
    assert_says(&refusal(GENOTYPES, b""), &["phenotypes.csv", "is empty"]);
}

#[test]
fn truncated_and_damaged_gzip_are_told_apart() {
    let whole = packed(GENOTYPES);
    for keep in [12, whole.len() / 2, whole.len() - 1] {
        assert_says(&refusal(&whole[..keep], PHENOTYPES), &["g.csv", "truncated", "copy it again"]);
    }
    let mut damaged = whole.clone();
    let sum = damaged.len() - 8;
    damaged[sum] ^= 1;
    assert_says(&refusal(&damaged, PHENOTYPES), &["g.csv", "damaged"]);
}

#[test]
fn a_small_file_that_unpacks_to_a_large_one_is_refused() {
    let zeros = vec![b'0'; 80 << 20];
    assert_says(&refusal(&packed(&zeros), PHENOTYPES), &["g.csv", "64 MiB"]);
    // Nothing but commas: a million columns and more without a name.
    assert_says(&refusal(&packed(&vec![b','; 40 << 20]), PHENOTYPES), &["g.csv", "data.memory"]);
    let lines = [b"id,s\n".to_vec(), b"a,0\n".repeat(8 << 20)].concat();
    assert_says(&refusal(&packed(&lines), PHENOTYPES), &["g.csv", "data.memory"]);
}

#[test]
fn ids_that_occur_twice_are_all_named() {
    let text = refusal(b"id,s\na,0\nb,1\na,2\nb,1\nc,0\n", PHENOTYPES);
    assert_says(&text, &["g.csv, line 4", "`a`", "line 2", "1 more ids occur twice: `b`"]);
    let text = refusal(GENOTYPES, b"id,y\na,1\nb,2\nb,2\n");
    assert_says(&text, &["phenotypes.csv, line 4", "`b`", "line 3"]);
}

#[test]
fn a_join_without_partners_shows_both_sides() {
    let text = refusal(GENOTYPES, b"id,y\nA1,1\nA2,2\nA3,3\nA4,3\n");
    assert_says(
        &text,
        &["4 individuals, such as `a`, `b`, `c`", "4 records, such as `A1`, `A2`, `A3`", "IID"],
    );
}

#[test]
fn a_decimal_comma_is_recognised() {
    assert_says(&refusal(GENOTYPES, b"id;y\na;1,5\n"), &["line 2", "`1,5`", "decimals with a point"]);
    assert_says(
        &refusal(GENOTYPES, b"id,y\na,1\nb,2,5\n"),
        &["line 3: 3 cells, the header has 2", "decimals with a point"],
    );
}

#[test]
fn what_was_left_out_has_a_row_with_names() {
    let genotypes = b"id,s,t,gone,gone\na,0,1,NA,.\nb,1,2,NA,\nc,2,0,NA,-9\nd,0,NA,NA,NA\nx,1,1,1,1\n";
    let dataset = loaded(genotypes, b"id,y\nd,4\nc,3\nb,2\na,1\nz,9\n").unwrap();
    assert_eq!(dataset.target().values, [1.0, 2.0, 3.0, 4.0], "joined by id, in the genotypes' order");
    let table: Vec<String> = dataset.report().table().iter().map(|row| row.join(" | ")).collect();
    assert_eq!(
        table,
        [
            "individuals | genotyped without a record | 1 | x",
            "individuals | with a record without genotypes | 1 | z",
            "SNPs | without any genotype | 2 | gone, gone",
        ]
    );
    let same = loaded(b"id,s,s\na,0,1\nb,1,2\nc,2,0\n", PHENOTYPES).unwrap();
    assert_says(&same.report().warnings().join("\n"), &["1 SNPs have the name of another (s)"]);
    let none = refusal(b"id,s,t\na,NA,.\nb,NA,\nc,NA,-9\n", PHENOTYPES);
    assert_says(&none, &["no SNP is left", "2 SNPs read", "2 without any genotype"]);
}

#[test]
fn a_fam_in_another_order_whose_families_are_no_individuals_is_joined_by_iid() {
    let bed = [0x6c, 0x1b, 1, 0b1000_1011, 0b1011_1000];
    let folder = folder(&[
        ("g.bed", &bed),
        ("g.bim", b"1 s 0 10 A G\n1 t 0 20 A G\n"),
        ("g.fam", b"b d 0 0 1 -9\na c 0 0 1 -9\nd b 0 0 1 -9\nc a 0 0 1 -9\n"),
        ("phenotypes.csv", b"FID,IID,y\nc,a,1\nd,b,2\na,c,3\nb,d,4\n"),
    ]);
    let spec = spec(folder.path(), "g.bed");
    let dataset = load(&spec).unwrap();
    assert_eq!(dataset.ids(), ["d", "c", "b", "a"]);
    assert_eq!(dataset.target().values, [4.0, 3.0, 2.0, 1.0]);
    let mut sample_major = bed.to_vec();
    sample_major[2] = 0;
    fs::write(folder.path().join("g.bed"), sample_major).unwrap();
    assert_says(&load(&spec).unwrap_err().to_string(), &["individual by individual", "plink", "--make-bed"]);
}
