//! `docs/settings.md` lists every setting of every table; it is written from the tables themselves.

use std::fmt::Write;
use std::path::Path;

use tune_tui::dataset::simulate::PRESETS;
use tune_tui::domain::setting::{Preset, Setting};
use tune_tui::domain::space::Distribution;
use tune_tui::domain::table::Row;
use tune_tui::model::{LEARNING_RATE, MODELS};
use tune_tui::pruner::PRUNERS;
use tune_tui::sampler::SAMPLERS;
use tune_tui::train::TRAIN;

/// The environment variable that writes the file instead of comparing it.
const UPDATE: &str = "UPDATE_DOCS";

/// The tables whose keys are not rows of a table of settings.
const OTHERS: &str = "
`seed` overrides the trials' own seeds: how an exported trial is reproduced.

## `[study]`

| setting | what it is | default |
|---|---|---|
| `name` | the study's name, and its folder's | the file's |
| `metric` | what scores a trial, on the validation rows: of a quantity `mse`, `rmse`, `mae`, `r2`, `pearson`, `spearman`; of classes `accuracy`, `balanced-accuracy`, `f1`, `mcc`, `auroc`, `auprc`, which are means over the labels, and the last five but `mcc` over the classes; what is undefined for a class that a fold lacks is left out of its mean | `mse`; `auroc` of two classes and of labels, `balanced-accuracy` of several |
| `select_on` | `validation`, or `test`: trials train on all individuals outside the test set and are scored on it, so that the best of them looks better than it is; takes no `data.split`, and is marked wherever a score is shown | `validation` |
| `trials` | total number of trials; with `ensemble.replicates` that of each search | 40 |
| `seed` | of folds, sampler and trials | 0 |
| `keep_checkpoints` | how many of the best trials keep their weights | 5 |
| `baselines` | what is computed on the trials' folds beside them, on a thread of its own: a list such as `[\"gblup\", \"lasso\"]`, `\"all\"` or `\"none\"` | `[\"gblup\"]` of SNPs, none of sequences |

## `[objective]`

What gives a trial its score: `kind = \"network\"`, which is usual and has no other keys, or `kind = \"command\"`, a
program. The tables `[data]`, `[model]`, `[train]` and `[ensemble]` are of networks only, and so are
`study.select_on`, `study.keep_checkpoints` and `study.baselines`. Of a program `study.metric` is any name (`score`
where none is given) and `study.direction` is `minimize` or `maximize`, which follows from a metric that is known.

| setting | what it is | default |
|---|---|---|
| `run` | the program and its arguments, `[\"python3\", \"train.py\"]`; no shell reads them | |
| `persistent` | whether one process a slot takes one trial after the other | `false`: a process a trial |
| `directory` | where it is started, relative to the study file | the study file's folder |
| `environment` | variables beside those that tune-tui was started with: `{ OMP_NUM_THREADS = 1 }` | none |
| `timeout` | most seconds of a trial | none |
| `grace` | seconds between TERM and KILL, whenever a trial is ended before its time | 5 |
| `retries` | how often a trial that failed (exit code, garbage, time-out) is tried again before that counts | 0 |
| `seed` | what `TUNE_TUI_SEED` derives from instead of the trial's own seed: how an exported trial is reproduced | none |

## `[space]`

The parameters of a program, by names of letters, digits, `_` and `-`. A plain value is passed on as it is; a table
is searched: `{ int = [1, 8] }`, `{ float = [1e-4, 1e-2], log = true }`, `{ choice = [16, 32, \"auto\"] }`, where whole
numbers, real ones, texts and flags stay what they are. `when = { kind = \"cnn\", layers = [2, 3] }` makes it a
parameter of those trials only in which all of these have one of the values named; a parameter without effect is
not passed on. It may depend on choices and whole numbers, which may stand before or after it. Parameters are
searched and shown in the order of the file, but after those that they depend on.

## `[data]`

| setting | what it is | default |
|---|---|---|
| `genotypes`, `phenotypes` | the files | |
| `simulate` | a simulated population instead: `{ preset = \"quick\", seed = 1 }` and the preset's settings | |
| `trait` | the column, or a list of labels | that of a preset |
| `task` | `regression`, `binary`, `multi-class` or `multi-label` | `regression` |
| `format` | `plink-bed`, `vcf`, `raw` (PLINK's `--recode A`), `csv`, `tsv`, `table` or `fasta`; text may be gzip | by the file's ending, with or without `.gz` |
| `id_column` | of the phenotypes | `id`, `IID` or the first |
| `qc` | `{ maf = 0.01, missing = 0.1, individual_missing = 0.1, hwe = 1e-6, chromosomes = [1, 2], exclude_chromosomes = [\"X\"] }`, applied to the phenotyped individuals in this order: chromosomes; SNPs with a larger fraction of missing genotypes; individuals with a larger one over the SNPs left; over the individuals left, monomorphic SNPs, those of a smaller minor allele frequency, and those of a smaller p-value in the exact test of Hardy-Weinberg equilibrium | `{}`: SNPs without a genotype and monomorphic ones go |
| `split` | how the individuals outside the test set are split, see below; classes are not balanced over folds | `{ kind = \"kfold\", folds = 5 }` |
| `test` | individuals that no trial sees: `{ fraction = 0.2 }` by chance, or `{ column = \"generation\", values = [5] }` | none |
| `impute` | what a missing genotype becomes: the `mean` of each channel over the training rows, their `mode`, the genotype that most of them have, or that of the `neighbours`: the mean of the five training individuals whose genotypes at 20 SNPs on each side are most alike, rounded | `mean` |
| `encoding` | `auto` (as the kind prefers); `additive` (copies of the counted allele), `dominant` (at least one), `recessive` (two), `heterozygote` (exactly one), each centred and scaled over the training rows; `onehot`; or a list, whose channels stand side by side: `[\"additive\", \"heterozygote\"]` | `auto` |
| `onehot_missing` | a missing genotype in one-hot channels that `impute` leaves to the mean: the training rows' `frequencies`, `zeros`, or a `channel` of its own | `frequencies` |
| `preselect` | `{ snps = 1000 }` keeps the SNPs of smallest single-marker p-value, found anew on the training rows of each fold | all SNPs |
| `covariates` | columns of the phenotype file that go to the dense part of a network beside the genotypes: `[\"sex\", \"age\"]`; numbers are centred and scaled, a category has a column each level; missing ones are the mean, or 0 in all levels | none |
| `categorical` | the covariates whose numbers are categories: `[\"batch\"]` | none |
| `trait_scale` | `standardize` or `center`, of a quantity | `standardize` |
| `memory` | most bytes of genotypes in memory, four to a byte; a larger `.bed` stays in its file, from which batches are decoded, a larger text file is refused | `512MiB` |

Columns are those of the phenotype file, and their values stand as they are written there.

| `data.split` | folds |
|---|---|
| `{ kind = \"kfold\", folds = 5 }` | random ones of equal size, each validates once |
| `{ kind = \"repeated-kfold\", folds = 5, repeats = 2 }` | the same with several shuffles; `train.repeats` is another thing, the same folds trained again |
| `{ kind = \"holdout\", fraction = 0.2 }` | one, which validates on a random fraction |
| `{ kind = \"leave-family-out\", column = \"family\" }` | one for each family; `folds = 5` puts families together to folds of about equal size and tears none |
| `{ kind = \"forward\", column = \"generation\" }` | one for each generation but the first, which trains on all earlier ones; `first = 3` begins with generation 3 |
| `{ kind = \"column\", column = \"fold\" }` | given ones: each value validates once |
| `{ kind = \"column\", column = \"generation\", validate = [4], test = [5] }` | one, which validates on these values; `test` names the test set |

## `[ensemble]`

What `tune-tui fit` trains of the study's trials, each network on all individuals outside the test set, without
early stopping, for the mean number of epochs that the folds of the chosen trials took to the epoch that counted.

| setting | what it is | default |
|---|---|---|
| `kind` | `none`: one network with the params of the best trial; `averaged`: the search is run several times, the params of the winners are averaged (real and whole numbers by their mean, the geometric one where they are searched in the logarithm; choices by vote) and several networks are trained with the average; `top`: networks with the params of each of the best trials | `none` |
| `replicates` | of `averaged`: how often the search is run, each time with `study.trials` trials and without knowing of the others' (trial i belongs to search i mod `replicates`) | 5 |
| `refits` | networks with the same params and other seeds, of which the predictions are averaged | as `replicates`; 1 of `top` |
| `top` | of `top`: how many of the best trials | 5 |

## `[executor]`

| setting | what it is | default |
|---|---|---|
| `workers`, `threads` | trials at once, and threads of each | `auto` |
| `device` | `auto` or `cpu` | `auto` |
";

/// What every sampler learns from besides the study's own trials, and what is tried before it is asked.
const WARM_START: &str = "
Every sampler takes `warm_start`, a list of places with trials to learn from besides the study's own: \
`[\"old.csv\", \"runs/other\", { path = \"optuna.journal#networks\", direction = \"maximize\" }]`.

| place | what is read |
|---|---|
| a table of text (comma, semicolon or tab), such as `tune-tui export --format csv` and Optuna's data frames write | a column each parameter (`params_` before its name is cut off); the scores stand in the column of the metric's name, `score` or `value`, or in the one that `score = \"…\"` names; where there is a column `state`, its rows `complete` |
| the folder of another study | its complete trials, with what that study fixed; its metric must be this study's |
| a file of Optuna's `JournalStorage` | the complete trials of its study, or of the one named behind a `#`; a choice `None` is the text `\"None\"` here |

A trial that has no value of a parameter, or one outside the search space, is left out, and the log says how many \
and why; values of other parameters are not asked. Where the scores there improve in the other direction, \
`direction` says so and they are turned round: only their negatives can be compared then. A source is read once, when \
the study is created or when the source is new; its trials are not the study's, and no trial waits for them.

Every sampler takes `enqueue`, a list of configs that are tried first, whatever it would suggest: \
`enqueue = [{ \"model.filters\" = 32, \"train.batch\" = 16 }, { \"model.filters\" = 8 }]`. The keys are the paths of \
searched parameters, or their names as `show` prints them. What a config leaves out is drawn, always the same for \
that config; where what it gives depends on a parameter that it leaves out, that one is drawn so that it has an effect. \
Each search of `ensemble.replicates` tries them. A config that is added later is enqueued when the study goes on. \
`manual` tries nothing else.
";

/// A preset as the study file would write it.
fn written(preset: &Preset) -> String {
    match preset.distribution() {
        Some(Distribution::Int { low, high, log }) => {
            format!("`{{ int = [{low}, {high}]{} }}`", if log { ", log = true" } else { "" })
        }
        Some(Distribution::Float { low, high, log }) => {
            format!("`{{ float = [{low:?}, {high:?}]{} }}`", if log { ", log = true" } else { "" })
        }
        Some(Distribution::Choice { choices }) => {
            let choices: Vec<String> = choices.iter().map(|c| serde_json::to_string(c).unwrap()).collect();
            format!("`{{ choice = [{}] }}`", choices.join(", "))
        }
        None => format!("`{}`", serde_json::to_string(&preset.value().unwrap()).unwrap()),
    }
}

fn settings(out: &mut String, settings: &[Setting]) {
    if settings.is_empty() {
        out.push_str("No settings.\n");
        return;
    }
    out.push_str("| setting | what it is | accepts | default |\n|---|---|---|---|\n");
    for setting in settings {
        let when = setting.when.map_or(String::new(), |when| {
            format!(" (where `{}` is {})", when.setting, when.is.expectation())
        });
        let accepts = setting.accepts.expectation();
        let (name, help, preset) = (setting.name, setting.help, written(&setting.preset));
        writeln!(out, "| `{name}` | {help}{when} | {accepts} | {preset} |").unwrap();
    }
}

fn rows<B>(out: &mut String, title: &str, rows: &[Row<B>]) {
    for row in rows {
        writeln!(out, "\n### {title} `{}`\n\n{}\n", row.name, row.help).unwrap();
        settings(out, row.settings);
    }
}

fn rendered() -> String {
    let mut out = String::from(
        "# Settings\n\nWritten from the program's own tables (`UPDATE_DOCS=1 cargo test docs` writes it \
         anew). A plain value fixes a setting of `[model]` or `[train]`, a table searches it: \
         `{ int = [low, high] }`, `{ float = [low, high], log = true }` or `{ choice = [...] }`. The \
         defaults of a model that are such tables are its own search space.\n\n## `[model]`\n\nEvery \
         kind has, besides its own settings:\n\n",
    );
    settings(&mut out, &[LEARNING_RATE]);
    for row in MODELS {
        writeln!(out, "\n### `kind = \"{}\"`\n\n{}\n", row.name, row.help).unwrap();
        settings(&mut out, row.settings);
        for variant in row.build.variants {
            let values = variant.values.iter().map(|(name, preset)| format!("`{name}` {}", written(preset)));
            let values = values.collect::<Vec<_>>().join(", ");
            writeln!(out, "\n`preset = \"{}\"`: {}. {values}.", variant.name, variant.help).unwrap();
        }
    }
    out.push_str("\n## `[train]`\n\nA dotted name is a key of a table within `[train]`: `early_stopping = { patience = 20 }`.\n\n");
    settings(&mut out, TRAIN);
    out.push_str(OTHERS);
    out.push_str("\n## `[sampler]`\n");
    out.push_str(WARM_START);
    rows(&mut out, "sampler", SAMPLERS);
    out.push_str("\n## `[pruner]`\n");
    rows(&mut out, "pruner", PRUNERS);
    out.push_str("\n## `data.simulate`\n");
    rows(&mut out, "preset", PRESETS);
    out
}

#[test]
fn the_list_of_settings_is_that_of_the_tables() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/settings.md");
    if std::env::var_os(UPDATE).is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, rendered()).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == rendered(), "docs/settings.md is old: run UPDATE_DOCS=1 cargo test docs");
}
