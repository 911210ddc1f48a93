//! From a study to a model, and from a model to predictions of other individuals.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use tune_tui::dataset::{Dataset, MISSING};
use tune_tui::ensemble::predict::{Average, outputs};
use tune_tui::ensemble::saved::Model;
use tune_tui::wire::{self, Prepared};

use crate::program::{Run, Scratch, signal};

/// A study of a population in files, with a test set.
fn study(scratch: &Scratch, more: &str) -> String {
    if !scratch.path().join("pop").exists() {
        let simulate = ["simulate", "quick", "-o", "pop", "--set", "individuals=90", "--set", "snps=150"];
        scratch.run(&simulate).succeeds();
        letters(&scratch.path().join("pop/genotypes.bim"));
    }
    let (genotypes, phenotypes) =
        (scratch.path().join("pop/genotypes.bed"), scratch.path().join("pop/phenotypes.csv"));
    format!(
        r#"
[study]
name = "small"
trials = 4
seed = 3
[data]
genotypes = {genotypes:?}
phenotypes = {phenotypes:?}
trait = "y"
split = {{ kind = "kfold", folds = 2 }}
test = {{ fraction = 0.2 }}
[model]
kind = "cnn"
filters = {{ int = [2, 6] }}
kernel = {{ int = [3, 9] }}
l1 = 0.01
learning_rate = {{ float = [1e-3, 1e-2], log = true }}
[train]
epochs = 4
[sampler]
kind = "random"
[executor]
workers = 1
{more}"#
    )
}

fn report(scratch: &Scratch, model: &str) -> Value {
    serde_json::from_str(&scratch.read(&format!("{model}/report.json"))).unwrap()
}

/// What the members of a model say of the study's own individuals, as `predict` writes it.
fn members_own(scratch: &Scratch, study: &str, model: &str) -> (String, Prepared, Average) {
    let config = wire::read_config(&scratch.path().join(study), &[]).unwrap();
    let prepared = wire::prepare(&config).unwrap();
    let (dataset, folder) = (&prepared.objective.dataset, scratch.path().join(model));
    let model = Model::read(&folder).unwrap();
    let rows: Vec<usize> = (0..dataset.individuals()).collect();
    let mut average = Average::default();
    for member in &model.member {
        let network = model.network(&folder, member).unwrap();
        let encoder = model.encoder(&folder, member.config).unwrap();
        let config = &model.config[member.config];
        let seen = (&encoder, config.trait_scaler());
        average.add(&outputs(&network, seen, model.task, dataset, &rows).unwrap());
    }
    let sd = |row: usize| average.spread().map_or(String::new(), |spread| spread[row].to_string());
    let lines = rows.iter().map(|r| format!("{},{},{}\n", dataset.ids()[*r], average.mean()[*r], sd(*r)));
    (format!("id,prediction,sd\n{}", lines.collect::<String>()), prepared, average)
}

/// Gives the SNPs of a `.bim` bases as alleles, some of them those of the other strand.
fn letters(bim: &Path) {
    let text = std::fs::read_to_string(bim).unwrap();
    let pairs = ["A\tG", "C\tT", "A\tT", "G\tT", "C\tG"];
    let lines = text.lines().zip(pairs.iter().cycle());
    let lines = lines.map(|(line, alleles)| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        format!("{}\t{alleles}\n", fields[..4].join("\t"))
    });
    std::fs::write(bim, lines.collect::<String>()).unwrap();
}

/// The genotypes with the other allele counted at every SNP, and the letters of the other strand.
fn flip(folder: &Path, individuals: usize) {
    let bim = std::fs::read_to_string(folder.join("genotypes.bim")).unwrap();
    let turn = |allele: &str| match allele {
        "A" => "T",
        "T" => "A",
        "C" => "G",
        "G" => "C",
        other => panic!("{other}"),
    };
    let flipped: String = bim
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            // A SNP whose letters are those of the other strand, too, keeps its own.
            let (a1, a2) = if turn(fields[4]) == fields[5] {
                (fields[5], fields[4])
            } else {
                (turn(fields[5]), turn(fields[4]))
            };
            format!("{}\t{a1}\t{a2}\n", fields[..4].join("\t"))
        })
        .collect();
    std::fs::write(folder.join("genotypes.bim"), flipped).unwrap();
    let mut bed = std::fs::read(folder.join("genotypes.bed")).unwrap();
    let stride = individuals.div_ceil(4);
    for column in bed[3..].chunks_exact_mut(stride) {
        for individual in 0..individuals {
            let (byte, shift) = (&mut column[individual / 4], 2 * (individual % 4));
            // Both homozygotes change places; missing (01) and heterozygous (10) stay.
            if matches!(*byte >> shift & 3, 0 | 3) {
                *byte ^= 3 << shift;
            }
        }
    }
    std::fs::write(folder.join("genotypes.bed"), bed).unwrap();
}

#[test]
fn predictions_are_the_members_own_bit_for_bit_whichever_allele_is_counted() {
    let scratch = Scratch::new();
    let text = study(&scratch, "[ensemble]\nkind = \"top\"\ntop = 2\nrefits = 2\n");
    let file = scratch.file("small.toml", &text);
    scratch.run(&["run", file, "--headless"]).succeeds();
    let fitted = scratch.run(&["fit", "small", "-o", "model"]).succeeds();
    assert!(fitted.stderr.contains("training network 4 of 4"), "{fitted:#?}");
    assert!(fitted.stdout.contains("18 individuals of the test set"), "{fitted:#?}");
    let report = report(&scratch, "model");
    assert_eq!(report["test"]["members"].as_array().unwrap().len(), 4);
    assert_eq!(report["trained_on"].as_u64(), Some(72));
    assert!(report["test"]["ensemble"]["mse"].as_f64().unwrap() > 0.0);
    scratch.run(&["fit", "small", "-o", "model"]).fails(1, &["model exists", "nothing is overwritten"]);

    let predict = |genotypes: &str| {
        let run = scratch.run(&["predict", "model", "--genotypes", genotypes, "-o", "-"]).succeeds();
        (run.stdout, run.stderr)
    };
    let (own, counts) = predict("pop/genotypes.bed");
    assert!(!counts.contains("flipped") && !counts.contains("warning"), "{counts}");

    let (expected, prepared, average) = members_own(&scratch, file, "model");
    assert_eq!(own, expected);
    let dataset = &prepared.objective.dataset;
    // On the test rows they are those of the report.
    let tested: Vec<f64> = prepared.test.iter().map(|row| average.mean()[*row]).collect();
    let metrics = tune_tui::train::metrics(dataset.target(), &tested, &prepared.test);
    let stored = report["test"]["ensemble"]["mse"].as_f64().unwrap();
    assert!((metrics["mse"] - stored).abs() < 1e-6 * stored, "{} {stored}", metrics["mse"]);

    flip(&scratch.path().join("pop"), 90);
    let (flipped, counts) = predict("pop/genotypes.bed");
    assert_eq!(flipped, own);
    assert!(
        counts.contains("the other allele counted: flipped") && counts.contains("other strand"),
        "{counts}"
    );
}

#[test]
fn a_model_of_averaged_winners_and_one_of_an_exported_config() {
    let scratch = Scratch::new();
    let averaged = "[ensemble]\nkind = \"averaged\"\nreplicates = 2\n";
    let file = scratch.file("small.toml", &study(&scratch, averaged));
    scratch.run(&["fit", file, "-o", "early"]).fails(2, &["3 parameters to search and no trials"]);
    scratch.run(&["run", file, "--headless", "--trials", "2"]).succeeds();
    let shown = scratch.run(&["show", "small"]).succeeds();
    assert!(shown.stdout.contains("search") && shown.stdout.contains("4 of 4 trials"), "{shown:#?}");
    scratch.run(&["fit", file, "-o", "model"]).succeeds();
    assert_eq!(
        report(&scratch, "model")["selected"].as_array().unwrap().len(),
        2,
        "the winner of each search"
    );
    let model = Model::read(&scratch.path().join("model")).unwrap();
    assert_eq!((model.config.len(), model.member.len()), (1, 2));
    assert_ne!(model.member[0].seed, model.member[1].seed);
    // The best ones instead, of the same trials.
    let top = ["fit", "small", "-o", "top", "--set", "ensemble.kind=top", "--set", "ensemble.top=3"];
    scratch.run(&top).succeeds();
    assert_eq!(Model::read(&scratch.path().join("top")).unwrap().config.len(), 3);
    scratch
        .run(&["fit", "small", "-o", "x", "--set", "train.epochs=9"])
        .fails(1, &["only those of [ensemble]"]);

    scratch.run(&["export", "small", "-o", "best.toml"]).succeeds();
    let run = scratch.run(&["fit", "best.toml", "-o", "best"]).succeeds();
    assert!(run.stderr.contains("cross-validating"), "{run:#?}");
    let exported = Model::read(&scratch.path().join("best")).unwrap();
    assert_eq!(exported.member.len(), 1);
    let own = &report(&scratch, "best")["selected"][0]["score"];
    assert_eq!(own, &scratch.show("small")["best"]["score"], "the same score, trained again");
    let run = scratch.run(&["predict", "pop", "--genotypes", "pop/genotypes.bed", "-o", "-"]);
    run.fails(1, &["holds no model.toml"]);
}

#[test]
fn what_is_stopped_leaves_nothing() {
    let scratch = Scratch::new();
    let file = scratch.file("small.toml", &study(&scratch, ""));
    scratch.run(&["run", file, "--headless", "--trials", "1", "--set", "train.epochs=1"]).succeeds();
    let refit =
        ["fit", "small", "-o", "model", "--set", "ensemble.kind=top", "--set", "ensemble.refits=1000"];
    let child = scratch.command(&refit).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let is_there = || {
        std::fs::read_dir(scratch.path())
            .unwrap()
            .any(|e| e.unwrap().file_name().to_string_lossy().starts_with(".model."))
    };
    let begun = Instant::now();
    while !is_there() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not begin");
        std::thread::sleep(Duration::from_millis(5));
    }
    signal(child.id(), "TERM");
    Run::of(child.wait_with_output().unwrap()).fails(130, &["nothing was written"]);
    assert!(!is_there() && !scratch.path().join("model").exists());
}

/// The fields of a CSV without quotes.
fn cells(csv: &str) -> Vec<Vec<&str>> {
    csv.lines().map(|line| line.split(',').collect()).collect()
}

/// Takes a genotype in 45 of each SNP away, and gives the phenotypes a sex, an age, a batch and two sorts of
/// classes.
fn gaps_and_columns(folder: &Path, individuals: usize) {
    let mut bed = std::fs::read(folder.join("genotypes.bed")).unwrap();
    for (snp, column) in bed[3..].chunks_exact_mut(individuals.div_ceil(4)).enumerate() {
        for individual in [snp * 7 % individuals, (snp * 11 + 5) % individuals] {
            let (byte, shift) = (&mut column[individual / 4], 2 * (individual % 4));
            *byte = *byte & !(3 << shift) | 1 << shift;
        }
    }
    std::fs::write(folder.join("genotypes.bed"), bed).unwrap();
    let path = folder.join("phenotypes.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    let lines = text.lines().enumerate().map(|(i, line)| match i {
        0 => format!("{line},sex,age,batch,sick,breed\n"),
        _ => {
            let sex = ["m", "f", "NA"][if i % 9 == 0 { 2 } else { i % 2 }];
            let age = if i % 13 == 0 { "NA".to_owned() } else { format!("{}.5", i * 5 % 7) };
            let (sick, breed) = (["no", "yes"][i % 5 / 2 % 2], ["a", "b", "c"][i % 3]);
            format!("{line},{sex},{age},{},{sick},{breed}\n", 9 + i % 3)
        }
    });
    std::fs::write(path, lines.collect::<String>()).unwrap();
}

#[test]
fn covariates_preselection_and_neighbours_are_kept_with_a_model() {
    let scratch = Scratch::new();
    let plain = study(&scratch, "[ensemble]\nkind = \"top\"\ntop = 1\nrefits = 2\n");
    let plain = plain.replace("trials = 4", "trials = 1");
    gaps_and_columns(&scratch.path().join("pop"), 90);
    let beside = "covariates = [\"sex\", \"age\", \"batch\"]\ncategorical = [\"batch\"]\n";
    let predict = |model: &str, covariates: &[&str]| {
        let run = ["predict", model, "--genotypes", "pop/genotypes.bed", "-o", "-"];
        scratch.run(&[&run, covariates].concat())
    };
    for (name, more) in [
        ("whole", ""),
        ("preselected", "preselect = { snps = 40 }\n"),
        ("neighbours", "impute = \"neighbours\"\n"),
    ] {
        let text = plain.replace("\"small\"", &format!("{name:?}"));
        let file = format!("{name}.toml");
        scratch.file(&file, &text.replace("[model]", &format!("{beside}{more}[model]")));
        scratch.run(&["run", &file, "--headless"]).succeeds();
        let model = format!("{name}-model");
        scratch.run(&["fit", name, "-o", &model]).succeeds();
        let own = predict(&model, &["--covariates", "pop/phenotypes.csv"]).succeeds();
        let (expected, prepared, average) = members_own(&scratch, &file, &model);
        assert_eq!(own.stdout, expected, "{name}");
        assert!(!own.stderr.contains("individuals without covariates"), "{own:#?}");
        // And of the networks as they were trained, not as they were kept.
        let tested: Vec<f64> = prepared.test.iter().map(|row| average.mean()[*row]).collect();
        let mse =
            tune_tui::train::metrics(prepared.objective.dataset.target(), &tested, &prepared.test)["mse"];
        let stored = report(&scratch, &model)["test"]["ensemble"]["mse"].as_f64().unwrap();
        assert!((mse - stored).abs() < 1e-6 * stored, "{name}: {mse} {stored}");
    }
    // What is not known of others.
    let whole = scratch.read("pop/phenotypes.csv");
    let some: String = whole.lines().take(50).map(|line| line.replace(",10,", ",77,") + "\n").collect();
    scratch.file("some.csv", &some);
    let part = predict("whole-model", &["--covariates", "some.csv"]).succeeds();
    let counted = |what: &str| {
        let line = part.stderr.lines().find(|line| line.contains(what));
        line.unwrap_or_else(|| panic!("{part:#?}")).split_whitespace().last().unwrap().to_owned()
    };
    assert_eq!(counted("individuals without covariates"), "41");
    assert_eq!(counted("level that training has not seen"), "17");
    assert!(part.stderr.contains("batch `77`"), "{part:#?}");
    let full = predict("whole-model", &["--covariates", "pop/phenotypes.csv"]).succeeds();
    let same = cells(&part.stdout).into_iter().zip(cells(&full.stdout)).filter(|(a, b)| a == b).count();
    assert!((20..60).contains(&same), "{same} individuals have all of their covariates");
    // What can't be.
    predict("whole-model", &[]).fails(1, &["covariates `sex`, `age`, `batch`", "--covariates"]);
    scratch.file("less.csv", "id,sex,age\nx,m,1\n");
    predict("whole-model", &["--covariates", "less.csv"]).fails(1, &["`batch`", "covariate of the model"]);
    scratch.file("others.csv", "id,sex,age,batch\nx,m,1,9\n");
    predict("whole-model", &["--covariates", "others.csv"])
        .fails(1, &["no individual", "`x`", "--id-column"]);
    scratch.file("wrong.csv", &whole.replace(".5,", "½,"));
    predict("whole-model", &["--covariates", "wrong.csv"]).fails(1, &["`age`", "trained with numbers"]);
}

#[test]
fn a_model_that_was_selected_on_the_test_set_says_so() {
    let scratch = Scratch::new();
    let text = study(&scratch, "[ensemble]\nkind = \"averaged\"\nreplicates = 2\n");
    let text = text.replace("split = { kind = \"kfold\", folds = 2 }\n", "");
    let file = scratch.file("papers.toml", &text.replace("trials = 4", "trials = 2\nselect_on = \"test\""));
    scratch.run(&["run", file, "--headless"]).succeeds();
    let fitted = scratch.run(&["fit", "small", "-o", "model"]).succeeds();
    let marked = fitted.stdout.matches("selected on TEST").count();
    assert_eq!(marked, 4, "the model, its two trials and the test set: {fitted:#?}");
    assert!(fitted.stdout.contains("its test mse"), "{fitted:#?}");
    let report = report(&scratch, "model");
    assert_eq!((report["selected_on"].as_str(), report["trained_on"].as_u64()), (Some("test"), Some(72)));
    assert!(report["caution"].as_str().unwrap().contains("TEST"));
    // The epochs are chosen on the test set, too.
    let model = Model::read(&scratch.path().join("model")).unwrap();
    assert!(model.member.iter().all(|member| (1..=4).contains(&member.epochs)), "{:?}", model.member);
    let run = scratch.run(&["predict", "model", "--genotypes", "pop/genotypes.bed", "-o", "-"]).succeeds();
    assert!(run.stderr.contains("selected on TEST"), "{run:#?}");
    // One that is chosen by validation says that.
    let honest = scratch.file("honest.toml", &study(&scratch, "").replace("\"small\"", "\"honest\""));
    scratch.run(&["run", honest, "--headless", "--trials", "1"]).succeeds();
    let fitted = scratch.run(&["fit", "honest", "-o", "honest-model"]).succeeds();
    assert!(fitted.stdout.contains("its validation mse") && fitted.stdout.contains("gblup"), "{fitted:#?}");
    assert!(!fitted.stdout.contains("TEST"), "{fitted:#?}");
}

#[test]
fn classes_are_predicted_with_their_probabilities() {
    let scratch = Scratch::new();
    let plain = study(&scratch, "[ensemble]\nkind = \"top\"\ntop = 1\nrefits = 2\n");
    gaps_and_columns(&scratch.path().join("pop"), 90);
    for (name, task, column, classes) in [
        ("two", "binary", "sick", &["no", "yes"][..]),
        ("three", "multi-class", "breed", &["a", "b", "c"][..]),
    ] {
        let text = plain.replace("trait = \"y\"", &format!("trait = {column:?}\ntask = {task:?}"));
        let text = text.replace("\"small\"", &format!("{name:?}")).replace("trials = 4", "trials = 1");
        let file = format!("{name}.toml");
        scratch.file(&file, &text);
        scratch.run(&["run", &file, "--headless"]).succeeds();
        let model = format!("{name}-model");
        scratch.run(&["fit", name, "-o", &model]).succeeds();
        let run = ["predict", &model, "--genotypes", "pop/genotypes.bed", "-o", "-"];
        let predicted = scratch.run(&run).succeeds().stdout;
        let rows = cells(&predicted);
        let mut names: Vec<&str> =
            rows[0][2..rows[0].len() - 1].iter().map(|n| n.strip_prefix("probability_").unwrap()).collect();
        assert_eq!((rows.len(), &rows[0][..2], *rows[0].last().unwrap()), (91, &["id", "class"][..], "sd"));
        for row in &rows[1..] {
            let probabilities: Vec<f64> = row[2..row.len() - 1].iter().map(|p| p.parse().unwrap()).collect();
            assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-6, "{row:?}");
            let own = probabilities[names.iter().position(|n| *n == row[1]).unwrap()];
            assert!(probabilities.iter().all(|p| *p <= own), "{row:?}");
            assert!(row.last().unwrap().parse::<f64>().unwrap() >= 0.0, "{row:?}");
        }
        names.sort_unstable();
        assert_eq!(names, classes);
    }
}

/// The genotypes as a PLINK `.raw` and as a VCF that count, at some SNPs, the other allele.
fn as_text(dataset: &Dataset) -> (String, String) {
    let (mut raw, mut vcf) =
        ("FID IID PAT MAT SEX PHENOTYPE".to_owned(), "##fileformat=VCFv4.2\n".to_owned());
    vcf += &format!("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{}\n", dataset.ids().join("\t"));
    let rows: Vec<usize> = (0..dataset.individuals()).collect();
    let (codes, snps) = (dataset.codes(&rows), dataset.positions());
    let turned = |code: u8, turn: bool| if turn && code != MISSING { 2 - code } else { code };
    for (j, marker) in dataset.markers().iter().enumerate() {
        let alleles = marker.alleles.as_ref().unwrap();
        let (counted, other) = (&alleles.counted, &alleles.other);
        raw += &format!(" {}_{}", marker.name, if j % 2 == 0 { counted } else { other });
        let (reference, alternative) = if j % 3 == 0 { (counted, other) } else { (other, counted) };
        let (chromosome, position) = (marker.chromosome.as_ref().unwrap(), marker.position.unwrap());
        vcf += &format!("{chromosome}\t{position}\t{}\t{reference}\t{alternative}\t.\t.\t.\tGT", marker.name);
        for row in &rows {
            let code = turned(codes[row * snps + j], j % 3 == 0);
            vcf += ["\t0/0", "\t0/1", "\t1/1", "", "\t./."][usize::from(code)];
        }
        vcf += "\n";
    }
    for (row, id) in dataset.ids().iter().enumerate() {
        raw += &format!("\nf {id} 0 0 0 -9");
        for j in 0..snps {
            let code = turned(codes[row * snps + j], j % 2 == 1);
            raw += [" 0", " 1", " 2", "", " NA"][usize::from(code)];
        }
    }
    (raw + "\n", vcf)
}

#[test]
fn other_formats_and_other_alleles_are_predicted_alike() {
    let scratch = Scratch::new();
    let file = scratch.file("small.toml", &study(&scratch, "").replace("trials = 4", "trials = 1"));
    gaps_and_columns(&scratch.path().join("pop"), 90);
    scratch.run(&["run", file, "--headless"]).succeeds();
    scratch.run(&["fit", "small", "-o", "model"]).succeeds();
    let (expected, prepared, _) = members_own(&scratch, file, "model");
    let dataset = &prepared.objective.dataset;
    let (raw, vcf) = as_text(dataset);
    scratch.file("g.raw", &raw);
    scratch.file("g.vcf", &vcf);
    for (genotypes, flipped) in
        [("g.raw", dataset.positions() / 2), ("g.vcf", dataset.positions().div_ceil(3))]
    {
        let run = scratch.run(&["predict", "model", "--genotypes", genotypes, "-o", "-"]).succeeds();
        assert_eq!(run.stdout, expected, "{genotypes}");
        let line = run.stderr.lines().find(|line| line.contains("the other allele counted: flipped"));
        assert!(line.unwrap().ends_with(&format!(" {flipped}")), "{genotypes}: {run:#?}");
        assert!(!run.stderr.contains("warning"), "{run:#?}");
    }
    let unwanted =
        ["predict", "model", "--genotypes", "g.raw", "--covariates", "pop/phenotypes.csv", "-o", "-"];
    scratch.run(&unwanted).fails(1, &["trained without covariates"]);
}
