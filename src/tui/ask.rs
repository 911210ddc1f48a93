//! What the dashboard asks of other threads, because it takes longer than a frame, and what they answer.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use crate::analysis::importance::Importance;
use crate::analysis::profile::Profile;
use crate::domain::history::History;
use crate::domain::insight::{Contour, Insight, Question, Rung};
use crate::domain::task::Task;
use crate::domain::trial::{Timestamp, TrialId};
use crate::domain::value::Params;

/// The channels to the threads that answer.
#[derive(Debug)]
pub struct Desk {
    /// To the thread that trains or runs networks. Of several questions of a sort that wait, the last one counts.
    pub heavy: Sender<Ask>,
    /// To the thread for everything else.
    pub light: Sender<Ask>,
    /// What came of it.
    pub answers: Receiver<Answer>,
}

/// A question. Each is answered once, or replaced by a later one of its sort.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// The marker effects of a complete trial.
    Profile {
        /// The trial.
        trial: TrialId,
        /// Its values of the searched parameters.
        params: Params,
    },
    /// What a complete trial predicts of the validation rows.
    Predictions {
        /// The trial.
        trial: TrialId,
        /// Its values of the searched parameters.
        params: Params,
    },
    /// The layers of a trial's network.
    Layers {
        /// The trial.
        trial: TrialId,
        /// Its values of the searched parameters.
        params: Params,
    },
    /// How much each parameter matters.
    Importance(Box<History>),
    /// What the sampler has in mind.
    Insight(Box<History>, Question),
    /// The surrogate's belief over two parameters.
    Contour(Box<History>, [usize; 2]),
    /// The rungs of the pruner.
    Rungs(Box<History>),
    /// The studies under the working directory.
    Studies,
    /// Another study's history.
    Study(PathBuf),
    /// Write a trial, or the best one, as a study file.
    Export(Option<TrialId>),
}

impl Ask {
    /// Whether it needs the data and a network.
    pub fn is_heavy(&self) -> bool {
        matches!(self, Ask::Profile { .. } | Ask::Predictions { .. } | Ask::Layers { .. })
    }

    /// The moment of the history that it is about: the sequence number of the next record then.
    pub fn moment(&self) -> Option<u64> {
        match self {
            Ask::Importance(history)
            | Ask::Insight(history, _)
            | Ask::Contour(history, _)
            | Ask::Rungs(history) => Some(history.next_sequence()),
            _ => None,
        }
    }
}

/// An answer, or why there is none: in words for a person, with the remedy.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// To [`Ask::Profile`].
    Profile(TrialId, Result<Arc<Profile>, String>),
    /// To [`Ask::Predictions`].
    Predictions(TrialId, Result<Arc<Predictions>, String>),
    /// To [`Ask::Layers`].
    Layers(TrialId, Result<NetworkRows, String>),
    /// To [`Ask::Importance`].
    Importance(Result<Importance, String>),
    /// To [`Ask::Insight`]; nothing where the sampler has no model.
    Insight(Result<Option<Insight>, String>),
    /// To [`Ask::Contour`].
    Contour(Result<Contour, String>),
    /// To [`Ask::Rungs`]; none where the pruner has none.
    Rungs(Vec<Rung>),
    /// To [`Ask::Studies`].
    Studies(Vec<StudyRow>),
    /// To [`Ask::Study`].
    Study(PathBuf, Result<Box<History>, String>),
    /// To [`Ask::Export`]: the trial and its file.
    Export(Result<(TrialId, PathBuf), String>),
    /// To a question about a history, with its [`Ask::moment`]: what was told of another one is passed over.
    Of(u64, Box<Answer>),
}

impl Answer {
    /// The answer to a question that can't be answered for `reason`.
    pub fn refusal(ask: Ask, reason: &str) -> Self {
        let why = reason.to_owned();
        match ask {
            Ask::Profile { trial, .. } => Answer::Profile(trial, Err(why)),
            Ask::Predictions { trial, .. } => Answer::Predictions(trial, Err(why)),
            Ask::Layers { trial, .. } => Answer::Layers(trial, Err(why)),
            Ask::Importance(_) => Answer::Importance(Err(why)),
            Ask::Insight(..) => Answer::Insight(Err(why)),
            Ask::Contour(..) => Answer::Contour(Err(why)),
            Ask::Rungs(_) => Answer::Rungs(Vec::new()),
            Ask::Studies => Answer::Studies(Vec::new()),
            Ask::Study(path) => Answer::Study(path, Err(why)),
            Ask::Export(_) => Answer::Export(Err(why)),
        }
    }
}

/// What came of a question about one trial.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Awaited<T> {
    /// Nothing was asked.
    #[default]
    Unasked,
    /// It is being computed.
    Waiting(TrialId),
    /// It can't be had.
    Failed(TrialId, String),
    /// It is there.
    Ready(TrialId, T),
}

impl<T> Awaited<T> {
    /// The trial that was asked for last.
    pub fn trial(&self) -> Option<TrialId> {
        match self {
            Awaited::Unasked => None,
            Awaited::Waiting(trial) | Awaited::Failed(trial, _) | Awaited::Ready(trial, _) => Some(*trial),
        }
    }

    /// Takes an answer in, unless another trial was asked for since.
    pub fn answer(&mut self, trial: TrialId, outcome: Result<T, String>) {
        if self.trial() == Some(trial) {
            *self = match outcome {
                Ok(found) => Awaited::Ready(trial, found),
                Err(reason) => Awaited::Failed(trial, reason),
            };
        }
    }
}

/// What a trial's networks say of the rows that they were validated on.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// How the values are to be read.
    pub task: Task,
    /// The classes, of tasks that have some; of a label the two are without and with it.
    pub classes: Vec<String>,
    /// Each trait or label, with its rows: those of the first fold, then of the next.
    pub outputs: Vec<(String, Vec<Prediction>)>,
}

/// What a trial's network says of one individual that it was not trained on.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The individual.
    pub individual: String,
    /// The fold in which it is validated, from 0.
    pub fold: usize,
    /// The trait in its own units, or the place of the class.
    pub observed: f64,
    /// What the network says: the trait, of two classes the probability of the second one, of more the place of
    /// the likeliest.
    pub predicted: f64,
    /// How far off it is: in the trait's units, or what is missing to certainty of the observed class.
    pub error: f64,
}

/// A network, before it is built.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkRows {
    /// Its kind.
    pub model: String,
    /// How genotypes are put before it.
    pub encoding: String,
    /// Its layers, the input first.
    pub layers: Vec<LayerRow>,
    /// The numbers in its weights, and how many of those are trained.
    pub weights: (usize, usize),
    /// The least bytes that training takes, and the rows of a batch.
    pub memory: (u64, usize),
}

/// A layer of a network, as `check` tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerRow {
    /// What it is.
    pub layer: String,
    /// The shape of its output.
    pub output: String,
    /// How many numbers it learns.
    pub weights: usize,
}

/// A study of the folder.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyRow {
    /// Its name.
    pub name: String,
    /// Its study file, where one is known.
    pub file: Option<PathBuf>,
    /// Its store; none where it was never started.
    pub store: Option<PathBuf>,
    /// Trials that have ended, and those wanted; none where it was never started.
    pub trials: Option<(usize, usize)>,
    /// The best score and its metric.
    pub best: Option<(f64, String)>,
    /// When something last happened.
    pub last: Option<Timestamp>,
    /// Whether another process is at work on it.
    pub is_live: bool,
    /// Why it can't be opened, where it can't.
    pub problem: Option<String>,
}
