//! What a person at the dashboard asks about one trial's networks, against what the trial told.

use tune_tui::analysis::agreement::Agreement;
use tune_tui::domain::value::Params;
use tune_tui::wire::{self, Background};

use crate::program::Scratch;

/// A study of a population in files: what is simulated within a study lies in the working directory.
fn study(scratch: &Scratch) -> String {
    let simulate = ["simulate", "quick", "-o", "pop", "--set", "individuals=90", "--set", "snps=150"];
    scratch.run(&simulate).succeeds();
    let (genotypes, phenotypes) =
        (scratch.path().join("pop/genotypes.bed"), scratch.path().join("pop/phenotypes.csv"));
    format!(
        r#"
[study]
name = "asked"
trials = 2
seed = 5
metric = "mse"
[data]
genotypes = {genotypes:?}
phenotypes = {phenotypes:?}
trait = "y"
split = {{ kind = "kfold", folds = 3 }}
[model]
kind = "cnn"
filters = {{ int = [2, 6] }}
kernel = {{ int = [3, 9] }}
learning_rate = {{ float = [1e-3, 1e-2], log = true }}
[train]
epochs = 3
[sampler]
kind = "random"
[executor]
workers = 1
"#
    )
}

#[test]
fn predictions_have_the_scores_of_the_folds_and_the_layers_the_weights_of_the_trial() {
    let scratch = Scratch::new();
    let file = scratch.file("asked.toml", &study(&scratch));
    scratch.run(&["run", file, "--headless"]).succeeds();
    let shown = scratch.show("asked");
    let config = wire::read_config(&scratch.path().join(file), &[]).unwrap();
    let prepared = wire::prepare(&config).unwrap();
    let background = Background::of(&config, &prepared, &scratch.path().join("runs/asked")).unwrap();
    for (id, trial) in shown["trials"].as_array().unwrap().iter().enumerate() {
        let params: Params = serde_json::from_value(trial["params"].clone()).unwrap();
        let found = background.predictions(id, &params).unwrap();
        let [(name, rows)] = &found.outputs[..] else { panic!("one trait: {found:?}") };
        assert_eq!((name.as_str(), rows.len()), ("y", 90), "each individual is validated once");
        for (number, fold) in trial["folds"].as_array().unwrap().iter().enumerate() {
            let own = rows.iter().filter(|row| row.fold == number);
            let own = Agreement::of(own.map(|row| (row.observed, row.predicted))).unwrap();
            let close = |told: &serde_json::Value, own: f64| {
                let told = told.as_f64().unwrap();
                assert!((told - own).abs() < 1e-4 * told.abs().max(1.0), "fold {number}: {told} and {own}");
            };
            close(&fold["score"], own.mse);
            close(&fold["metrics"]["pearson"], own.r.unwrap());
        }
        let network = background.network(&params).unwrap();
        let layers: usize = network.layers.iter().map(|layer| layer.weights).sum();
        assert_eq!((layers, Some(network.weights.1 as u64)), (network.weights.0, trial["weights"].as_u64()));
    }
    let params: Params = serde_json::from_value(shown["trials"][0]["params"].clone()).unwrap();
    let refused = background.predictions(7, &params).unwrap_err();
    assert!(refused.contains("the weights of trial 7 were not kept"), "{refused}");
}
