//! Short studies on real data: wheat (599 lines, DArT) and mice (1,814, PLINK).

use crate::program::{Scratch, shared};

/// The best trial's validated correlation, the mean over its folds.
fn best_correlation(scratch: &Scratch, study: &str) -> f64 {
    scratch.run(&["run", study, "--headless"]).succeeds();
    let show = scratch.show(study.trim_end_matches(".toml"));
    show["best"]["score"].as_f64().unwrap()
}

#[test]
fn wheat_is_predicted() {
    let (Some(x), Some(y)) = (shared("wheat/wheat.X"), shared("wheat/wheat.Y")) else { return };
    let scratch = Scratch::new();
    let study = scratch.file(
        "wheat.toml",
        &format!(
            r#"
[study]
metric = "pearson"
trials = 4
seed = 1
[data]
genotypes = "{x}"
phenotypes = "{y}"
trait = 1
split = {{ kind = "kfold", folds = 3 }}
[model]
filters = {{ int = [4, 12] }}
kernel = {{ int = [3, 15] }}
l1 = {{ float = [0.001, 0.03], log = true }}
learning_rate = {{ float = [1e-3, 5e-3], log = true }}
[train]
epochs = 15
batch = 32
"#
        ),
    );
    let r = best_correlation(&scratch, study);
    assert!(r > 0.35, "wheat E1: r = {r}");
}

#[test]
fn mice_are_predicted_without_their_x_chromosome() {
    let (Some(bed), Some(pheno)) = (shared("mice/mice.bed"), shared("mice/pheno.csv")) else { return };
    let scratch = Scratch::new();
    let study = scratch.file(
        "mice.toml",
        &format!(
            r#"
[study]
metric = "pearson"
trials = 3
seed = 1
[data]
genotypes = "{bed}"
phenotypes = "{pheno}"
trait = "BodyLength_adj"
qc = {{ maf = 0.05, exclude_chromosomes = [23] }}
split = {{ kind = "holdout", fraction = 0.2 }}
[model]
filters = {{ int = [4, 8] }}
kernel = {{ int = [10, 30] }}
l1 = {{ float = [0.003, 0.03], log = true }}
learning_rate = {{ float = [1e-4, 1e-3], log = true }}
[train]
epochs = 12
batch = 32
"#
        ),
    );
    let check = scratch.run(&["check", study]).succeeds();
    assert!(check.stdout.contains("chromosome"), "{}", check.stdout);
    let r = best_correlation(&scratch, study);
    assert!(r > 0.2, "mice BodyLength_adj: r = {r}");
}

#[test]
fn pigs_with_missing_phenotypes_are_joined_and_trained_on() {
    let (Some(bed), Some(pheno)) = (shared("pig/pig.bed"), shared("pig/pheno.csv")) else { return };
    let scratch = Scratch::new();
    let study = scratch.file(
        "pig.toml",
        &format!(
            r#"
[study]
metric = "pearson"
trials = 1
[data]
genotypes = "{bed}"
phenotypes = "{pheno}"
trait = "temp_24h"
split = {{ kind = "holdout", fraction = 0.25 }}
[model]
filters = 4
kernel = 10
l1 = 0.01
learning_rate = 1e-3
[train]
epochs = 5
"#
        ),
    );
    let check = scratch.run(&["check", study]).succeeds();
    for fragment in ["251 with genotypes", "75 without a value of `temp_24h`, 176 kept", "20597 SNPs read"] {
        assert!(check.stdout.contains(fragment), "no `{fragment}` in\n{}", check.stdout);
    }
    assert!(best_correlation(&scratch, study).is_finite());
}
