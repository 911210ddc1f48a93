mod paused;

use std::cell::RefCell;

use super::*;
use crate::dataset::Target;
use crate::dataset::covariate::Covariate;
use crate::dataset::encode::{Encoding, Impute};
use crate::domain::objective::Verdict;
use crate::domain::setting::Settings;
use crate::domain::table::find;
use crate::domain::task::Task;
use crate::domain::trial::Report;
use crate::domain::value::{Params, Value};
use crate::model::MODELS;
use crate::model::layer::{Mode, Pass};
use crate::train::TRAIN;
use crate::train::metric::{METRICS, Scored};

/// `individuals` × 120 dosages and a trait of 6 QTL with a heritability of 0.8.
fn additive(individuals: usize) -> Arc<Dataset> {
    let (snps, mut rng) = (120, Rng::new(5));
    let dosages: Vec<u8> = (0..individuals * snps).map(|_| (rng.below(2) + rng.below(2)) as u8).collect();
    // Each QTL has variance ½; noise makes up a fifth of the total.
    let trait_values = (0..individuals)
        .map(|i| {
            let genetic: f64 = (0..6).map(|q| f64::from(dosages[i * snps + 10 + 20 * q]) - 1.0).sum();
            10.0 + genetic + rng.normal() * (3.0_f64 / 4.0).sqrt()
        })
        .collect();
    Arc::new(Dataset::from_dosages(snps, dosages, trait_values))
}

fn objective(metric: &str, epochs: i64) -> CrossValidation {
    trained(metric, &[("epochs", epochs.into())])
}

/// With these settings of training.
fn trained(metric: &str, training: &[(&str, Value)]) -> CrossValidation {
    let dataset = additive(200);
    let fold = |first: usize| {
        let (validation, train) = (0..200).partition(|r| (first..first + 50).contains(r));
        Fold { train, validation }
    };
    let model = find(MODELS, "cnn").unwrap();
    let mut fixed = Settings::defaults(model.settings).0;
    fixed.extend(Settings::with(TRAIN, &[&[("batch", 16.into())], training].concat()).0);
    for (name, value) in [("filters", Value::Int(8)), ("l1", Value::Float(0.002))] {
        fixed.insert(name.into(), value);
    }
    CrossValidation {
        dataset,
        folds: vec![fold(0), fold(50)],
        models: vec![model],
        fixed,
        seed: None,
        preprocessing: Preprocessing::default(),
        cache: Cache::default(),
        metric: METRICS.iter().find(|m| m.name == metric).unwrap(),
        trait_scale: TraitScale::Standardize,
        device: Device::Cpu,
        memory: None,
        checkpoints: None,
    }
}

fn job(learning_rate: f64) -> Job {
    let params = [("learning_rate", Value::Float(learning_rate)), ("kernel", Value::Int(9))];
    let params: Params = params.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
    Job::new(3, params, 17)
}

#[derive(Default)]
struct Recorder {
    reports: RefCell<Vec<Report>>,
    warnings: RefCell<Vec<String>>,
    folds: RefCell<Vec<FoldScore>>,
    stop_at: Option<usize>,
}

#[test]
fn a_score_stands_where_its_weights_cannot_be_kept() {
    let folder = tempfile::tempdir().unwrap();
    let occupied = folder.path().join("file");
    std::fs::write(&occupied, "where the folder should be").unwrap();
    let (mut objective, recorder) = (objective("mse", 2), Recorder::default());
    let score = objective.evaluate(&job(1e-3), &recorder).unwrap().score;
    assert!(recorder.warnings.take().is_empty());
    objective.checkpoints = Some(occupied);
    let recorder = Recorder::default();
    assert_eq!(objective.evaluate(&job(1e-3), &recorder).unwrap().score.to_bits(), score.to_bits());
    let warnings = recorder.warnings.take();
    assert!(warnings.len() == objective.folds.len() && warnings[0].contains("not kept"), "{warnings:?}");
}

impl Reporter for Recorder {
    fn report(&self, report: Report) -> Verdict {
        let stop = self.stop_at == Some(report.step);
        self.reports.borrow_mut().push(report);
        if stop { Verdict::Stop } else { Verdict::Continue }
    }

    fn fold_finished(&self, fold: FoldScore) {
        self.folds.borrow_mut().push(fold);
    }

    fn warn(&self, text: String) {
        self.warnings.borrow_mut().push(text);
    }
}

#[test]
fn it_learns_an_additive_trait() {
    let recorder = Recorder::default();
    let objective = objective("pearson", 40);
    let Evaluation { score, weights } = objective.evaluate(&job(2e-3), &recorder).unwrap();
    let network = objective.architecture(&objective.plan(&job(2e-3).params).unwrap()).unwrap();
    assert_eq!(weights, Some(network.trained_count() as u64));
    assert!(score > 0.5, "correlation {score}");
    let (reports, folds) = (recorder.reports.take(), recorder.folds.take());
    assert!(reports.iter().map(|r| r.step).eq(0..80));
    for fold in &folds {
        let own = || reports.iter().filter(|r| r.fold == fold.fold);
        let loss = |report: Option<&Report>| report.unwrap().train_loss.unwrap();
        assert!(loss(own().next_back()) < 0.5 * loss(own().next()));
        let best = own().find(|r| r.epoch == fold.best_epoch).unwrap();
        assert_eq!(best.score, fold.score);
        assert!(own().all(|r| r.score <= fold.score));
        assert_eq!(fold.metrics["pearson"], fold.score);
        // Standardized in training, but scored in the trait's own units.
        assert!((fold.metrics["mse"] / best.validation_loss.unwrap() - 3.75).abs() < 1.5);
    }
    assert_eq!(score, (folds[0].score + folds[1].score) / 2.0);
}

#[test]
fn threads_do_not_change_scores_or_weights() {
    let folder = tempfile::tempdir().unwrap();
    let run = |threads: usize| {
        let mut objective = objective("mse", 3);
        objective.checkpoints = Some(folder.path().join(threads.to_string()));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let score = pool.install(|| objective.evaluate(&job(1e-3), &Recorder { ..Default::default() }));
        let weights = std::fs::read(folder.path().join(format!("{threads}/trial-3/fold-1.safetensors")));
        (score.unwrap().score.to_bits(), weights.unwrap())
    };
    assert!(run(1) == run(2), "scores or weights differ");
}

#[test]
fn the_best_epochs_weights_are_what_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    // A large step and few rows: the validation error goes up again.
    let mut objective = trained("mse", &[("epochs", 30.into()), ("early_stopping.patience", 3.into())]);
    objective.folds.truncate(1);
    objective.checkpoints = Some(folder.path().to_owned());
    let recorder = Recorder::default();
    let score = objective.evaluate(&job(1e-2), &recorder).unwrap().score;
    let fold = recorder.folds.take().remove(0);
    assert_eq!(fold.epochs, fold.best_epoch + 4, "three epochs without an improvement, then the end");
    let architecture = objective.architecture(&objective.plan(&job(1e-2).params).unwrap()).unwrap();
    let network = Network::new(architecture, &mut Rng::new(0), &Device::Cpu).unwrap();
    checkpoint::load(&network.weights(), &folder.path().join("trial-3/fold-0.safetensors")).unwrap();
    let Fold { train, validation } = &objective.folds[0];
    let encoder = Encoder::fit(&objective.dataset, Encoding::Additive, train).unwrap();
    let target = objective.dataset.target();
    let trait_scaler = TraitScaler::fit(target, train, objective.trait_scale);
    let mut x = vec![0.0; validation.len() * 120];
    objective.dataset.decode(validation, &encoder, &mut x);
    let x = candle_core::Tensor::from_vec(x, (validation.len(), 120, 1), &Device::Cpu).unwrap();
    let mut rng = Rng::new(0);
    let mut pass = Pass::new(Mode::Evaluate, &mut rng);
    let found = network.forward(&x, &mut pass).unwrap();
    let found = found.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let predicted: Vec<f64> = found.iter().map(|p| trait_scaler.back(f64::from(*p))).collect();
    let observed = target.of(validation);
    let scored = Scored { task: Task::Regression, outputs: 1, predicted: &predicted, observed: &observed };
    let again = (objective.metric.score)(&scored);
    assert!((again - score).abs() < 1e-9, "{again} from the file, {score} reported");
}

#[test]
fn a_verdict_stops_and_a_fixed_seed_overrides_the_jobs() {
    let recorder = Recorder { stop_at: Some(1), ..Default::default() };
    let stopped = objective("mse", 4).evaluate(&job(1e-3), &recorder);
    assert!(matches!(stopped, Err(ObjectiveError::Stopped)));
    assert_eq!(recorder.reports.borrow().len(), 2);
    let score = |job_seed, fixed| {
        let mut objective = objective("mse", 1);
        objective.seed = fixed;
        objective.evaluate(&Job { seed: job_seed, ..job(1e-3) }, &Recorder::default()).unwrap()
    };
    assert_eq!(score(17, None), score(4, Some(17)));
    assert_ne!(score(17, None), score(4, None));
}

fn failure(objective: CrossValidation, job: Job) -> String {
    match objective.evaluate(&job, &Recorder::default()) {
        Err(ObjectiveError::Failed(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_goes_wrong_is_named_with_its_place_and_remedy() {
    let diverging = trained("mse", &[("epochs", 50.into()), ("optimizer", "sgd".into())]);
    let text = failure(diverging, job(10.0));
    assert!(text.contains("fold 1, epoch") && text.contains("lower the learning rate"), "{text}");
    let mut incomplete = job(1e-3);
    incomplete.params.remove("kernel");
    assert!(failure(objective("mse", 1), incomplete).contains("parameter `kernel`"));
    let mut constant = objective("pearson", 1);
    constant.dataset = Arc::new(Dataset::from_dosages(120, vec![1; 200 * 120], vec![2.0; 200]));
    assert!(failure(constant, job(1e-3)).contains("`pearson` is undefined on fold 1"));
}

#[test]
fn repeats_train_each_fold_again_with_other_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let run = |repeats: i64| {
        let mut objective = trained("mse", &[("epochs", 2.into()), ("repeats", repeats.into())]);
        objective.checkpoints = Some(folder.path().join(repeats.to_string()));
        let recorder = Recorder::default();
        let score = objective.evaluate(&job(1e-3), &recorder).unwrap().score;
        (score, recorder.folds.take(), recorder.reports.take())
    };
    let (once, (score, folds, reports)) = (run(1), run(3));
    let places: Vec<_> = folds.iter().map(|f| (f.repeat, f.fold)).collect();
    assert_eq!(places, [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]);
    assert_eq!(folds[..2], once.1, "the first repeat is what would be trained alone");
    assert!(folds[2].score != folds[0].score && folds[4].score != folds[2].score);
    assert!((score - folds.iter().map(|f| f.score).sum::<f64>() / 6.0).abs() < 1e-12);
    assert!(reports.iter().enumerate().all(|(i, r)| (r.step, r.repeat) == (i, i / 4)));
    for file in ["fold-0", "fold-1", "repeat-1-fold-0", "repeat-2-fold-1"] {
        assert!(folder.path().join(format!("3/trial-3/{file}.safetensors")).exists(), "{file}");
    }
}

#[test]
fn a_network_that_does_not_fit_in_memory_is_refused_before_it_is_built() {
    let mut objective = objective("mse", 1);
    let mut wide = job(1e-3);
    wide.params.insert("filters".into(), Value::Int(4096));
    // 4096 filters of 9 taps, 30 pooled positions each; five numbers a weight, four bytes a number.
    objective.memory = Some(5_000_000);
    let text = failure(objective, wide);
    assert!(text.contains("in batches of 16") && text.contains("5.00 MB of memory"), "{text}");
    assert!(text.contains("`train.batch`"), "{text}");
}

#[test]
fn classes_are_learned_as_well_as_quantities() {
    let dataset = additive(200);
    let is_high: Vec<f64> = dataset.target().values.iter().map(|v| f64::from(u8::from(*v > 10.0))).collect();
    let all: Vec<usize> = (0..200).collect();
    for (task, metric) in [(Task::Binary, "auroc"), (Task::MultiClass, "mcc"), (Task::MultiLabel, "f1")] {
        let mut objective = objective(metric, 20);
        let (names, classes) = match task {
            Task::MultiLabel => (vec!["high".into(), "low".into()], vec![]),
            _ => (vec!["y".into()], vec!["low".into(), "high".into()]),
        };
        let values = match task {
            Task::MultiLabel => is_high.iter().flat_map(|high| [*high, 1.0 - high]).collect(),
            _ => is_high.clone(),
        };
        let target = Target { task, names, classes, values };
        objective.dataset = Arc::new(Dataset::in_memory(dataset.coding(), 120, dataset.codes(&all), target));
        let recorder = Recorder::default();
        let score = objective.evaluate(&job(2e-3), &recorder).unwrap().score;
        assert!(score > if metric == "mcc" { 0.3 } else { 0.65 }, "{metric} {score}");
        let metrics = recorder.folds.take().remove(0).metrics;
        assert!(metrics.contains_key("accuracy") && !metrics.contains_key("pearson"), "{metrics:?}");
    }
}

#[test]
fn an_encoding_that_is_fixed_comes_before_the_networks_own() {
    let mut objective = objective("mse", 1);
    let channels = |objective: &CrossValidation| {
        let plan = objective.plan(&job(1e-3).params).unwrap();
        objective.architecture(&plan).unwrap().input().dims()[1]
    };
    assert_eq!(channels(&objective), 1);
    objective.preprocessing = Encoding::OneHot.into();
    assert_eq!(channels(&objective), 3);
    assert!(objective.evaluate(&job(1e-3), &Recorder::default()).is_ok());
}

#[test]
fn preselected_snps_are_the_networks_input() {
    let mut objective = objective("pearson", 20);
    objective.preprocessing = Preprocessing { preselect: Some(30), ..Preprocessing::default() };
    let plan = objective.plan(&job(2e-3).params).unwrap();
    assert_eq!(objective.architecture(&plan).unwrap().input().dims(), [30, 1]);
    let score = objective.evaluate(&job(2e-3), &Recorder::default()).unwrap().score;
    assert!(score > 0.3, "{score}");
    objective.preprocessing.impute = Impute::Neighbours;
    assert!(objective.evaluate(&job(2e-3), &Recorder::default()).is_ok());
}

#[test]
fn what_is_preselected_knows_nothing_of_the_validation_rows() {
    // Noise. Whoever chooses SNPs with the validation rows' trait finds what looks like a signal.
    let (individuals, snps, mut rng) = (200, 3000, Rng::new(8));
    let codes: Vec<u8> = (0..individuals * snps).map(|_| (rng.below(2) + rng.below(2)) as u8).collect();
    let values: Vec<f64> = (0..individuals).map(|_| rng.normal()).collect();
    let noise = Arc::new(Dataset::from_dosages(snps, codes, values.clone()));
    let all: Vec<usize> = (0..individuals).collect();

    let mut honest = objective("pearson", 20);
    honest.dataset = Arc::clone(&noise);
    honest.preprocessing = Preprocessing { preselect: Some(20), ..Preprocessing::default() };
    let inside = honest.evaluate(&job(2e-3), &Recorder::default()).unwrap().score;

    let p_values = crate::dataset::preselect::p_values(&noise, &all).unwrap();
    let mut best: Vec<usize> = (0..snps).collect();
    best.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let chosen: Vec<u8> =
        noise.codes(&all).chunks(snps).flat_map(|row| best[..20].iter().map(|j| row[*j])).collect();
    let mut leaky = objective("pearson", 20);
    leaky.dataset = Arc::new(Dataset::from_dosages(20, chosen, values));
    let outside = leaky.evaluate(&job(2e-3), &Recorder::default()).unwrap().score;
    // The best epoch by the score itself flatters both.
    assert!(outside > 0.5 && inside < 0.35, "{outside} {inside}");
}

#[test]
fn covariates_are_learned_from_and_differ_by_fold() {
    let folder = tempfile::tempdir().unwrap();
    let mut objective = objective("pearson", 30);
    let genotypes = additive(200);
    let all: Vec<usize> = (0..200).collect();
    // The trait is the batch's and the age's alone; batch `rare` has validation rows of the first fold only.
    let batch = |i: usize| if (40..45).contains(&i) { "rare" } else { ["a", "b", "c"][i % 3] };
    let age = |i: usize| (i * 37 % 101) as f64;
    let values = all.iter().map(|i| 4.0 * (i % 3) as f64 + 0.05 * age(*i)).collect();
    let ages: Vec<String> = all.iter().map(|i| age(*i).to_string()).collect();
    let ages: Vec<&str> = ages.iter().map(String::as_str).collect();
    let batches: Vec<&str> = all.iter().map(|i| batch(*i)).collect();
    let covariates = vec![
        Covariate::read("age", &ages, false, false).unwrap(),
        Covariate::read("batch", &batches, false, false).unwrap(),
    ];
    let dataset = Dataset::from_dosages(120, genotypes.codes(&all), values);
    let plain = dataset.fingerprint();
    objective.dataset = Arc::new(dataset.with_covariates(covariates));
    assert_ne!(objective.dataset.fingerprint(), plain);
    let plan = objective.plan(&job(1e-2).params).unwrap();
    let widths = [0, 1].map(|fold: usize| objective.input(&plan, &objective.folds[fold].train).covariates);
    assert_eq!(widths, [4, 5], "age and three batches; the other fold trains on the rare one too");
    assert_eq!(objective.architecture(&plan).unwrap().covariates(), 4);
    objective.checkpoints = Some(folder.path().to_owned());
    let recorder = Recorder::default();
    let score = objective.evaluate(&job(1e-2), &recorder).unwrap().score;
    let found = recorder.folds.take();
    assert!(found.iter().all(|fold| fold.score > 0.6), "{score}: {found:?}");
    let params = &job(1e-2).params;
    for fold in [0, 1] {
        assert!(objective.restore(&objective.plan(params).unwrap(), folder.path(), 3, fold).is_ok());
    }
    let importance = crate::importance::of_trial(&objective, params, folder.path(), 3).unwrap();
    assert_eq!(importance[0].magnitude.len(), 120);
    assert_eq!(
        importance[0].weights.as_ref().unwrap().len(),
        120,
        "the covariates' weights are not among them"
    );
}
