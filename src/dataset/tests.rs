//! Loading: small files of every format, and what is wrong with them.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::encode::Encoding;
use super::*;

/// The wanted columns of `phenotypes.csv` beside genotypes called `name`.
pub(super) fn spec(folder: &Path, name: &str) -> DataSpec {
    DataSpec {
        genotypes: folder.join(name),
        format: None,
        phenotypes: folder.join("phenotypes.csv"),
        task: Task::Regression,
        trait_names: vec!["y".into()],
        id_column: None,
        qc: QualityControl::default(),
        group_columns: Vec::new(),
        covariates: vec![],
        categorical: vec![],
        memory: 1 << 20,
    }
}

pub(super) fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

/// What loading the CSV genotypes and phenotypes says.
fn refusal(genotypes: &[u8], phenotypes: &[u8]) -> String {
    let folder = folder(&[("g.csv", genotypes), ("phenotypes.csv", phenotypes)]);
    load(&spec(folder.path(), "g.csv")).unwrap_err().to_string()
}

#[track_caller]
pub(super) fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

const GENOTYPES: &[u8] =
    b"snp_a,IID,snp_b,snp_c,snp_d\n0,i1,1,2,1\n1,i2,NA,2,1\n2.0,i3,.,2,\n1,i4,0,2,-9\n0,i5,2,1,1\n";
const PHENOTYPES: &[u8] = b"id;y;line\ni9;1;z\ni5;5.5;b\ni3;NA;b\ni2;2;a\ni1;-1e1;a\n";

/// Five individuals, four SNPs: the packed form of [`GENOTYPES`].
fn plink() -> TempDir {
    let bim = "1\tsnp_a\t0\t10\tA\tG\n1 snp_b 0 20 A G\r\n2 snp_c 0 5 A G\nX snp_d 0 0 A G\n";
    let fam = "f i1 0 0 1 -9\nf i2 0 0 1 -9\nf i3 0 0 1 -9\nf i4 0 0 1 -9\ng i5 0 0 2 -9\n";
    // Two bits an individual, the first lowest: 0 copies 11, 1 copy 10, 2 copies 00, missing 01.
    let bed = [
        [0x6c, 0x1b, 1].as_slice(),
        &[0b1000_1011, 0b11], // 0 1 2 1 | 0
        &[0b1101_0110, 0b00], // 1 . . 0 | 2
        &[0b0000_0000, 0b10], // 2 2 2 2 | 1
        &[0b0101_1010, 0b10], // 1 1 . . | 1
    ]
    .concat();
    folder(&[
        ("g.bed", &bed),
        ("g.bim", bim.as_bytes()),
        ("g.fam", fam.as_bytes()),
        ("phenotypes.csv", PHENOTYPES),
    ])
}

#[test]
fn csv_is_joined_by_id_in_the_genotypes_order() {
    let folder = folder(&[("g.csv", GENOTYPES), ("phenotypes.csv", PHENOTYPES)]);
    let spec = DataSpec { group_columns: vec!["line".into()], ..spec(folder.path(), "g.csv") };
    let dataset = load(&spec).unwrap();
    assert_eq!(dataset.ids(), ["i1", "i2", "i5"]);
    assert_eq!(dataset.target().values, [-10.0, 2.0, 5.5]);
    assert_eq!(dataset.groupings()[0].values, ["a", "a", "b"]);
    let names: Vec<&str> = dataset.markers().iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["snp_a", "snp_b", "snp_c"], "snp_d is monomorphic among the joined");
    assert_eq!(dataset.codes(&[0, 1, 2]), [0, 1, 2, 1, MISSING, 2, 0, 2, 1]);
    let report = dataset.report();
    assert_eq!(
        report.individuals,
        IndividualCounts {
            in_genotypes: 5,
            in_phenotypes: 5,
            joined: 4,
            without_genotype: 1,
            without_record: 1,
            trait_missing: 1,
            genotypes_missing: 0,
            kept: 3
        }
    );
    assert_eq!(report.snps, SnpCounts { read: 4, monomorphic: 1, kept: 3, ..SnpCounts::default() });
    assert!((report.missing_rate - 1.0 / 9.0).abs() < 1e-12);
    assert_says(
        &report.lines().join("\n"),
        &["3 kept", "1 without a value of `y`", "1 monomorphic", "11.11 %"],
    );
}

/// Without some chromosomes.
fn excluding(names: &[&str], spec: &DataSpec) -> DataSpec {
    let exclude_chromosomes = names.iter().map(|n| (*n).to_owned()).collect();
    let qc = QualityControl { exclude_chromosomes, ..QualityControl::default() };
    DataSpec { qc, ..spec.clone() }
}

#[test]
fn plink_is_read_alike_in_memory_and_from_the_map() {
    let folder = plink();
    let text = folder.path().join("g.csv");
    fs::write(&text, GENOTYPES).unwrap();
    let spec = spec(folder.path(), "g.bed");
    let decoded = load(&spec).unwrap();
    let mapped = load(&DataSpec { memory: 0, ..spec.clone() }).unwrap();
    assert!(mapped.is_mapped() && !decoded.is_mapped());
    let from_text = load(&DataSpec { genotypes: text, ..spec.clone() }).unwrap();
    assert_eq!(decoded.codes(&[0, 1, 2]), from_text.codes(&[0, 1, 2]));
    assert_eq!(decoded.fingerprint(), mapped.fingerprint());
    assert_ne!(decoded.fingerprint(), from_text.fingerprint(), "the CSV has no map");
    for encoding in [Encoding::Additive, Encoding::OneHot] {
        let fitted = Encoder::fit(&decoded, encoding, &[0, 2]).unwrap();
        assert_eq!(fitted, Encoder::fit(&mapped, encoding, &[0, 2]).unwrap());
        let mut batches = [vec![0.0; 9 * fitted.channels()], vec![1.0; 9 * fitted.channels()]];
        decoded.decode(&[2, 0, 1], &fitted, &mut batches[0]);
        mapped.decode(&[2, 0, 1], &fitted, &mut batches[1]);
        assert_eq!(batches[0], batches[1]);
    }
    let alleles = Some(Alleles { counted: "A".into(), other: "G".into() });
    let marker = Marker { name: "snp_b".into(), chromosome: Some("1".into()), position: Some(20), alleles };
    assert_eq!(decoded.markers()[1], marker);

    let excluded = load(&excluding(&["2"], &spec)).unwrap();
    assert_eq!((excluded.positions(), excluded.report().snps.excluded), (2, 1));
    let x = load(&excluding(&["23"], &spec)).unwrap();
    assert_eq!(x.report().snps.excluded, 1, "PLINK's 23 is X");
    let unknown = load(&excluding(&["24"], &spec)).unwrap_err().to_string();
    assert_says(&unknown, &["`24`", "`1`, `2`, `X`"]);
}

#[test]
fn broken_plink_files_are_named() {
    let with = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let folder = plink();
        let path = folder.path().join(name);
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
        load(&spec(folder.path(), "g.bed")).unwrap_err().to_string()
    };
    assert_says(
        &with("g.bed", &|b| b.truncate(9)),
        &["9 bytes found, 11 expected", "4 SNPs", "5 individuals", "truncated"],
    );
    assert_says(&with("g.bed", &|b| b.push(0)), &["12 bytes found, 11 expected"]);
    assert_says(&with("g.bed", &|b| b.clear()), &["0 bytes"]);
    assert_says(&with("g.bed", &|b| b[0] = b'c'), &["63 1b", "6c 1b"]);
    assert_says(&with("g.bed", &|b| b[2] = 0), &["--make-bed"]);
    assert_says(&with("g.bim", &|b| b.truncate(b.len() - 2)), &["g.bim, line 4: 5 fields, expected 6"]);
    assert_says(&with("g.bim", &|b| b[10] = b'x'), &["g.bim, line 1"]);
    assert_says(&with("g.fam", &|b| b[17] = b'1'), &["g.fam, line 2", "`i1`", "line 1"]);
    assert_says(&with("g.fam", &|b| b[1] = 0xff), &["g.fam, line 1", "UTF-8"]);
    let folder = plink();
    fs::remove_file(folder.path().join("g.fam")).unwrap();
    assert_says(&load(&spec(folder.path(), "g.bed")).unwrap_err().to_string(), &["g.fam", "no such file"]);
}

#[test]
fn tables_are_matched_by_row() {
    let folder = folder(&[
        ("g.X", b"0 1 1\n1 1 NA\n2 1 0\n"),
        ("p.Y", b" 1.5 7 u\n2.5 8 v\n\nNA 9 w\n"),
        ("short.Y", b"1\n2\n"),
    ]);
    let spec = DataSpec {
        phenotypes: folder.path().join("p.Y"),
        trait_names: vec!["2".into()],
        group_columns: vec!["3".into()],
        covariates: vec![],
        categorical: vec![],
        ..spec(folder.path(), "g.X")
    };
    let dataset = load(&spec).unwrap();
    assert_eq!(dataset.target().values, [7.0, 8.0, 9.0]);
    assert_eq!(
        (dataset.positions(), dataset.ids(), dataset.groupings()[0].values[2].as_str()),
        (2, &["1", "2", "3"].map(String::from)[..], "w")
    );
    let says = |spec: DataSpec| load(&spec).unwrap_err().to_string();
    assert_says(&says(DataSpec { trait_names: vec!["y".into()], ..spec.clone() }), &["`y`", "1 to 3"]);
    assert_says(
        &says(DataSpec { trait_names: vec!["1".into()], ..spec.clone() }),
        &["2 individuals", "1 of them without a value"],
    );
    let short = DataSpec {
        phenotypes: folder.path().join("short.Y"),
        trait_names: vec!["1".into()],
        group_columns: Vec::new(),
        covariates: vec![],
        categorical: vec![],
        ..spec.clone()
    };
    assert_says(&says(short), &["3 rows", "short.Y has 2"]);
    assert_says(&says(DataSpec { memory: 5, ..spec.clone() }), &["data.memory", ".bed"]);
    assert_says(&says(excluding(&["1"], &spec)), &["names no chromosomes"]);
    assert_says(
        &says(DataSpec { format: Some("tabel".into()), ..spec }),
        &["`tabel`", "did you mean `table`?", "`plink-bed`"],
    );
}

#[test]
fn errors_of_text_files_name_their_place_and_remedy() {
    let p = PHENOTYPES;
    assert_says(&refusal(b"id,a,b\ni1,0,1\ni2,3,1\n", p), &["g.csv, line 3", "column `a`", "`3`", "0, 1, 2"]);
    assert_says(&refusal(b"id,a\ni1,0\ni2,0.5\n", p), &["line 3", "`0.5`"]);
    assert_says(&refusal(b"id,a,b\ni1,0,1\ni2,1\n", p), &["g.csv, line 3: 2 cells, the header has 3"]);
    assert_says(&refusal(b"id,a\ni1,0\ni1,1\n", p), &["line 3", "`i1`", "line 2"]);
    assert_says(&refusal(b"id,a\ni1,0\n\xff,1\n", p), &["line 3", "UTF-8"]);
    assert_says(&refusal(b"", p), &["g.csv", "is empty"]);
    assert_says(&refusal(b"\n,\n", p), &["g.csv", "no header"]);
    assert_says(&refusal(b"id,a\n", p), &["g.csv", "holds no individuals"]);
    assert_says(&refusal(b"id,a\nn1,0\nn2,1\n", p), &["`n1`", "`i9`", "IID, not FID", "data.id_column"]);
    let g = GENOTYPES;
    assert_says(
        &refusal(g, b"id,yy,other\ni1,1,2\n"),
        &["no column `y`", "data.trait", "did you mean `yy`?", "`other`"],
    );
    assert_says(
        &refusal(g, b"id\ty\ni1\ttall\n"),
        &["phenotypes.csv, line 2", "column `y`", "`tall`", "binary"],
    );
    assert_says(&refusal(g, b"id;y\ni1;1,5\n"), &["`1,5`", "decimals with a point"]);
    assert_says(&refusal(g, b"id,y\ni1,inf\n"), &["`inf`"]);
    assert_says(&refusal(g, b"id,y\ni1,4\ni2,4\ni3,4\n"), &["`y` is 4 for all 3"]);
    assert_says(
        &refusal(g, b"id,y\ni1,4\ni2,5\ni3,\n"),
        &["2 individuals", "at least 3", "3 are in both", "1 of them without"],
    );
    let folder = folder(&[("phenotypes.csv", p)]);
    assert_says(
        &load(&spec(folder.path(), "none.csv")).unwrap_err().to_string(),
        &["none.csv", "No such file"],
    );
    assert_says(&load(&spec(folder.path(), "")).unwrap_err().to_string(), &["directory"]);
}

#[test]
fn quality_control_drops_rare_snps_and_says_so_when_none_is_left() {
    let genotypes = b"\xef\xbb\xbfid,rare,none,same,good\na,0,NA,2,0\nb,0,NA,2,1\nc,0,NA,2,2\nd,1,NA,NA,1\n";
    let folder = folder(&[("g.csv", genotypes), ("phenotypes.csv", b"id,y\na,1\nb,2\nc,3\nd,4\n")]);
    let at = |maf| {
        let qc = QualityControl { maf, ..QualityControl::default() };
        load(&DataSpec { qc, ..spec(folder.path(), "g.csv") })
    };
    assert_eq!(at(0.125).unwrap().positions(), 2, "a frequency of 1/8 is not below 1/8");
    let kept = at(0.13).unwrap();
    let counts =
        SnpCounts { read: 4, all_missing: 1, monomorphic: 1, rare: 1, kept: 1, ..SnpCounts::default() };
    assert_eq!((kept.report().snps, kept.markers()[0].name.as_str()), (counts, "good"));
    let text = at(0.6).unwrap_err().to_string();
    assert_says(
        &text,
        &["4 SNPs read", "1 without any genotype", "1 monomorphic", "2 below the MAF threshold"],
    );
}

#[test]
fn the_fingerprint_notices_every_change() {
    let of = |genotypes: &[u8], phenotypes: &[u8]| {
        let folder = folder(&[("g.csv", genotypes), ("phenotypes.csv", phenotypes)]);
        load(&spec(folder.path(), "g.csv")).unwrap().fingerprint()
    };
    let (g, p) = (b"id,a,b\ni,0,1\nj,1,2\nk,2,0\n", b"id,y\ni,1\nj,2\nk,3\n");
    let prints = [
        of(g, p),
        of(b"id,a,b\ni,0,1\nj,1,2\nk,2,1\n", p),
        of(b"id,a,c\ni,0,1\nj,1,2\nk,2,0\n", p),
        of(g, b"id,y\ni,1\nj,2\nk,3.5\n"),
    ];
    assert!((1..4).all(|i| !prints[..i].contains(&prints[i])), "{prints:?}");
    assert_eq!(prints[0], of(g, b"y,id\n3,k\n1,i\n2,j\n"), "the phenotypes' order does not matter");
}
