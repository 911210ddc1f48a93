//! The cross-validated objective: a network is trained on each fold, and the mean of the folds' scores
//! is the job's.

use std::path::PathBuf;
use std::sync::Arc;

use candle_core::Device;

use crate::dataset::Dataset;
use crate::dataset::encode::{Encoder, Encoding};
use crate::dataset::fold::Fold;
use crate::dataset::scale::{TraitScale, TraitScaler};
use crate::domain::objective::{Job, Objective, ObjectiveError, Reporter, Verdict};
use crate::domain::seed::{Rng, derive};
use crate::domain::setting::Settings;
use crate::domain::trial::{FoldScore, Report};
use crate::domain::value::Params;
use crate::model::{self, Input, LEARNING_RATE, ModelRow, Network};
use crate::train::metric::Metric;
use crate::train::{Epoch, FoldData, TRAIN, TrainError, TrainSpec, checkpoint, fit};

/// Trains one kind of network on each fold of a dataset.
pub struct CrossValidation {
    /// Genotypes and the trait.
    pub dataset: Arc<Dataset>,
    /// The folds; at least one.
    pub folds: Vec<Fold>,
    /// The kinds of network, of which a job has one.
    pub models: Vec<&'static ModelRow>,
    /// The parameters that are not searched, of networks and training; a job's own come first.
    pub fixed: Params,
    /// Overrides the jobs' own seeds.
    pub seed: Option<u64>,
    /// What scores it.
    pub metric: &'static Metric,
    /// What is done to the trait before training.
    pub trait_scale: TraitScale,
    /// Where it is trained.
    pub device: Device,
    /// Where each fold's best weights go, as `trial-<id>/fold-<i>.safetensors`; nowhere if `None`.
    pub checkpoints: Option<PathBuf>,
}

/// What a job trains, and how.
struct Plan {
    model: &'static ModelRow,
    settings: Settings,
    train: TrainSpec,
    rate: f64,
}

fn failed(error: impl std::fmt::Display) -> ObjectiveError {
    ObjectiveError::Failed(error.to_string())
}

impl CrossValidation {
    /// What the job's parameters, over the fixed ones, describe.
    fn plan(&self, job: &Job) -> Result<Plan, ObjectiveError> {
        let mut params = self.fixed.clone();
        params.extend(job.params.clone());
        let (model, settings) = model::chosen(&self.models, &params).map_err(failed)?;
        let rate = Settings::resolve(&[LEARNING_RATE], "", &params).map_err(failed)?;
        let train = Settings::resolve(TRAIN, "", &params).map_err(failed)?;
        let train = TrainSpec::of(&train, self.seed);
        Ok(Plan { model, settings, train, rate: rate.float(LEARNING_RATE.name) })
    }

    /// Trains fold `index`; `report` takes each epoch.
    fn fold(
        &self,
        index: usize,
        plan: &Plan,
        job: &Job,
        report: &mut dyn FnMut(Epoch) -> Verdict,
        reporter: &dyn Reporter,
    ) -> Result<FoldScore, ObjectiveError> {
        let fold = &self.folds[index];
        let seed = derive(plan.train.seed.unwrap_or(job.seed), "fold", index as u64);
        let mut rng = Rng::new(derive(seed, "weights", 0));
        let encoding = Encoding::auto(self.dataset.coding(), Encoding::Additive);
        let encoder = Encoder::fit(&self.dataset, encoding, &fold.train).map_err(failed)?;
        let input = Input { positions: self.dataset.positions(), channels: encoder.channels() };
        let architecture = (plan.model.build.plan)(&plan.settings, input, 1).map_err(failed)?;
        let network = Network::new(architecture, &mut rng, &self.device).map_err(failed)?;
        let data = FoldData {
            dataset: &self.dataset,
            number: index,
            fold,
            encoder: &encoder,
            trait_scaler: &TraitScaler::fit(self.dataset.target(), &fold.train, self.trait_scale),
            device: &self.device,
        };
        let shuffle = derive(seed, "shuffle", 0);
        let fit = fit(&network, &data, &plan.train, plan.rate, self.metric, shuffle, report).map_err(
            |e| match e {
                TrainError::Stopped => ObjectiveError::Stopped,
                e => failed(e),
            },
        )?;
        if let Some(folder) = &self.checkpoints {
            let path = folder.join(format!("trial-{}/fold-{index}.safetensors", job.trial));
            // The score stands without the weights: a full disk must not spoil the search.
            if let Err(error) = checkpoint::save(&network.weights(), &path) {
                reporter.warn(format!("its weights were not kept: {error}"));
            }
        }
        Ok(FoldScore {
            fold: index,
            score: fit.score,
            best_epoch: fit.best_epoch,
            epochs: fit.epochs,
            metrics: fit.metrics,
        })
    }
}

impl Objective for CrossValidation {
    fn evaluate(&self, job: &Job, reporter: &dyn Reporter) -> Result<f64, ObjectiveError> {
        if self.folds.is_empty() {
            return Err(failed("there is no fold to train on"));
        }
        let plan = self.plan(job)?;
        let (mut step, mut total) = (0, 0.0);
        for fold in 0..self.folds.len() {
            let mut report = |epoch: Epoch| {
                let Epoch { epoch, train_loss, validation_loss, score } = epoch;
                let report = Report { step, fold, epoch, train_loss, validation_loss, score };
                step += 1;
                reporter.report(report)
            };
            let score = self.fold(fold, &plan, job, &mut report, reporter)?;
            total += score.score;
            reporter.fold_finished(score);
        }
        Ok(total / self.folds.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::domain::table::find;
    use crate::domain::value::{Params, Value};
    use crate::model::MODELS;
    use crate::model::layer::{Mode, Pass};
    use crate::train::metric::METRICS;

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
        let dataset = additive(200);
        let fold = |first: usize| {
            let (validation, train) = (0..200).partition(|r| (first..first + 50).contains(r));
            Fold { train, validation }
        };
        let model = find(MODELS, "cnn").unwrap();
        let mut fixed = Settings::defaults(model.settings).0;
        fixed.extend(Settings::defaults(TRAIN).0);
        let changes = [
            ("filters", Value::Int(8)),
            ("l1", Value::Float(0.002)),
            ("epochs", Value::Int(epochs)),
            ("batch", Value::Int(16)),
        ];
        fixed.extend(changes.map(|(name, value)| (name.to_owned(), value)));
        CrossValidation {
            dataset,
            folds: vec![fold(0), fold(50)],
            models: vec![model],
            fixed,
            seed: None,
            metric: METRICS.iter().find(|m| m.name == metric).unwrap(),
            trait_scale: TraitScale::Standardize,
            device: Device::Cpu,
            checkpoints: None,
        }
    }

    fn job(learning_rate: f64) -> Job {
        let params = [("learning_rate", Value::Float(learning_rate)), ("kernel", Value::Int(9))];
        let params: Params = params.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        Job { trial: 3, params, seed: 17 }
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
        let score = objective.evaluate(&job(1e-3), &recorder).unwrap();
        assert!(recorder.warnings.take().is_empty());
        objective.checkpoints = Some(occupied);
        let recorder = Recorder::default();
        assert_eq!(objective.evaluate(&job(1e-3), &recorder).unwrap().to_bits(), score.to_bits());
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
        let score = objective("pearson", 40).evaluate(&job(2e-3), &recorder).unwrap();
        assert!(score > 0.5, "correlation {score}");
        let (reports, folds) = (recorder.reports.take(), recorder.folds.take());
        assert!(reports.iter().map(|r| r.step).eq(0..80));
        for fold in &folds {
            let own = || reports.iter().filter(|r| r.fold == fold.fold);
            assert!(own().next_back().unwrap().train_loss < 0.5 * own().next().unwrap().train_loss);
            let best = own().find(|r| r.epoch == fold.best_epoch).unwrap();
            assert_eq!(best.score, fold.score);
            assert!(own().all(|r| r.score <= fold.score));
            assert_eq!(fold.metrics["pearson"], fold.score);
            // Standardized in training, but scored in the trait's own units.
            assert!((fold.metrics["mse"] / best.validation_loss - 3.75).abs() < 1.5);
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
            (score.unwrap().to_bits(), weights.unwrap())
        };
        assert!(run(1) == run(2), "scores or weights differ");
    }

    #[test]
    fn the_best_epochs_weights_are_what_is_saved() {
        let folder = tempfile::tempdir().unwrap();
        // A large step and few rows: the validation error goes up again.
        let mut objective = objective("mse", 30);
        objective.folds.truncate(1);
        objective.fixed.insert("early_stopping.patience".into(), Value::Int(3));
        objective.fixed.insert("early_stopping.min_delta".into(), Value::Float(0.0));
        objective.checkpoints = Some(folder.path().to_owned());
        let recorder = Recorder::default();
        let score = objective.evaluate(&job(1e-2), &recorder).unwrap();
        let fold = recorder.folds.take().remove(0);
        assert_eq!(fold.epochs, fold.best_epoch + 4, "three epochs without an improvement, then the end");
        let plan = objective.plan(&job(1e-2)).unwrap();
        let input = Input { positions: 120, channels: 1 };
        let architecture = (plan.model.build.plan)(&plan.settings, input, 1).unwrap();
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
        let again = (objective.metric.score)(&predicted, &observed);
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

    #[test]
    fn what_goes_wrong_is_named_with_its_place_and_remedy() {
        let failure =
            |objective: CrossValidation, job: Job| match objective.evaluate(&job, &Recorder::default()) {
                Err(ObjectiveError::Failed(text)) => text,
                other => panic!("{other:?}"),
            };
        let mut diverging = objective("mse", 50);
        diverging.fixed.insert("optimizer".into(), "sgd".into());
        let text = failure(diverging, job(10.0));
        assert!(text.contains("fold 1, epoch") && text.contains("lower the learning rate"), "{text}");
        let mut incomplete = job(1e-3);
        incomplete.params.remove("kernel");
        assert!(failure(objective("mse", 1), incomplete).contains("parameter `kernel`"));
        let mut constant = objective("pearson", 1);
        constant.dataset = Arc::new(Dataset::from_dosages(120, vec![1; 200 * 120], vec![2.0; 200]));
        assert!(failure(constant, job(1e-3)).contains("`pearson` is undefined on fold 1"));
    }
}
