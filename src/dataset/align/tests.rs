use super::*;

fn marker(name: &str, alleles: Option<(&str, &str)>) -> Marker {
    let alleles = alleles.map(|(counted, other)| Alleles { counted: counted.into(), other: other.into() });
    Marker { name: name.into(), chromosome: Some("1".into()), position: Some(7), alleles }
}

fn related(model: (&str, &str), file: (&str, &str)) -> Fit {
    let alleles = |(counted, other): (&str, &str)| Alleles { counted: counted.into(), other: other.into() };
    relate(Some(&alleles(model)), Some(&alleles(file)))
}

#[test]
fn alleles_are_the_same_swapped_of_the_other_strand_or_others() {
    let plain = Fit::Same { strand: false };
    for (file, expected) in [
        (("A", "G"), plain),
        (("a", "g"), plain),
        (("G", "A"), Fit::Flipped { strand: false }),
        (("T", "C"), Fit::Same { strand: true }),
        (("C", "T"), Fit::Flipped { strand: true }),
        (("A", "C"), Fit::Not),
        (("A", "AT"), Fit::Not),
        // A SNP that does not vary in the file, or of which only the counted allele is named.
        (("0", "G"), plain),
        (("0", "A"), Fit::Flipped { strand: false }),
        (("G", "0"), Fit::Flipped { strand: false }),
        (("0", "C"), Fit::Same { strand: true }),
        (("0", "0"), Fit::Unchecked),
    ] {
        assert_eq!(related(("A", "G"), file), expected, "{file:?}");
    }
    // The letters decide where both strands have the same.
    assert_eq!(related(("A", "T"), ("A", "T")), plain);
    assert_eq!(related(("A", "T"), ("T", "A")), Fit::Flipped { strand: false });
    assert_eq!(related(("AT", "A"), ("A", "AT")), Fit::Flipped { strand: false });
    assert_eq!(relate(None, Some(&Alleles { counted: "A".into(), other: "G".into() })), Fit::Unchecked);
}

fn aligned(model: &[Marker], file: &[Marker], by_position: bool) -> Result<AlignReport, String> {
    let wanted = Wanted { markers: model, coding: Coding::Dosages, by_position };
    align(Path::new("new.bed"), &wanted, file).map(|(_, report)| report).map_err(|e| e.to_string())
}

#[test]
fn everything_is_counted_and_trouble_is_named() {
    let ag = Some(("A", "G"));
    let model = ["same", "swap", "strand", "other", "gone"].map(|name| marker(name, ag));
    let at = marker("at", Some(("A", "T")));
    let model: Vec<Marker> = model.into_iter().chain([at]).collect();
    let file = [
        marker("extra", ag),
        marker("at", Some(("T", "A"))),
        marker("other", Some(("A", "C"))),
        marker("strand", Some(("T", "C"))),
        marker("swap", Some(("G", "A"))),
        marker("same", ag),
    ];
    let report = aligned(&model, &file, false).unwrap();
    let expected = AlignReport {
        wanted: 6,
        in_file: 6,
        same: 2,
        flipped: 2,
        other_strand: 1,
        ambiguous: 1,
        mismatched: 1,
        missing: 1,
        extra: 1,
        mismatches: vec!["other (A/C, not A/G)".into()],
        absent: vec!["gone".into()],
        ..AlignReport::default()
    };
    assert_eq!(report, expected);
    assert_eq!(report.rows().len(), 9);
}

#[test]
fn too_few_is_an_error_with_both_numbers_and_twice_is_one_with_the_name() {
    let model: Vec<Marker> =
        (0..10).map(|i| Marker { position: Some(i), ..marker(&format!("m{i}"), None) }).collect();
    let file = &model[..4];
    let error = aligned(&model, file, false).unwrap_err();
    assert!(error.contains("only 4 of the model's 10 SNPs") && error.contains("--by-position"), "{error}");
    // Other names and a file without the last two: found where they are.
    let renamed: Vec<Marker> = model[..8]
        .iter()
        .map(|m| Marker { name: "rs".into(), chromosome: Some("chr1".into()), ..m.clone() })
        .collect();
    let report = aligned(&model, &renamed, true).unwrap();
    assert_eq!((report.by_position, report.missing, report.unchecked), (8, 2, 8));
    let double = [model.clone(), vec![model[3].clone()]].concat();
    let error = aligned(&model, &double, false).unwrap_err();
    assert!(error.contains("`m3`") && error.contains("more than once"), "{error}");
}
