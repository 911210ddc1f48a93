//! A model's folder: all that prediction needs, and nothing of the individuals it was trained on but the
//! genotypes of donors, where neighbours impute.
//!
//! ```text
//! model.toml              what is predicted, the params and the networks
//! markers.tsv             the SNPs, in their order, with their alleles
//! encoder-01.json …       how genotypes are put before the networks of each params
//! member-01.safetensors … the weights of each network
//! report.json             how well it predicts
//! README.txt              what this folder is
//! ```

use std::fs;
use std::path::Path;

use candle_core::Device;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::dataset::encode::Encoder;
use crate::dataset::scale::TraitScaler;
use crate::dataset::{Alleles, Coding, Marker, Target};
use crate::domain::seed::Rng;
use crate::domain::setting::Settings;
use crate::domain::table;
use crate::domain::task::Task;
use crate::domain::value::Params;
use crate::model::{Input, MODELS, Network};
use crate::train::checkpoint;

/// The version of the folder's format. The encoders of version 1 knew no covariates.
pub const VERSION: u32 = 2;

/// The file of the networks' description.
pub const MODEL: &str = "model.toml";
const MARKERS: &str = "markers.tsv";
/// The file of the final report.
pub const REPORT: &str = "report.json";

/// A trained model: `model.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// The format's version.
    pub version: u32,
    /// The study it comes from.
    pub study: String,
    /// Individuals it was trained on.
    pub individuals: usize,
    /// Set where params and epochs were selected on the test set: its test scores are too good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caution: Option<String>,
    /// What is predicted.
    pub task: Task,
    /// The columns.
    pub traits: Vec<String>,
    /// The classes, of tasks that have such.
    pub classes: Vec<String>,
    /// What the codes of a marker stand for.
    pub coding: Coding,
    /// The params, of which there are networks.
    pub config: Vec<Config>,
    /// The networks.
    pub member: Vec<Member>,
}

/// What every version of `model.toml` says.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// Params, and what goes with them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Where they come from.
    pub name: String,
    /// The kind of network.
    pub kind: String,
    /// Epochs that were learned in the search.
    pub epochs: usize,
    /// Positions and channels of an input, and the width of its covariates.
    pub input: [usize; 3],
    /// Outputs of a network.
    pub outputs: usize,
    /// See [`TraitScaler::mean`].
    pub trait_mean: f64,
    /// See [`TraitScaler::sd`].
    pub trait_sd: f64,
    /// The file of the encoder.
    pub encoder: String,
    /// The settings of the kind.
    pub settings: Params,
    /// The values of the searched parameters, those of training among them.
    pub searched: Params,
}

/// A trained network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Its params: a place in [`Model::config`].
    pub config: usize,
    /// Seeded its weights, shuffles and dropout.
    pub seed: u64,
    /// Epochs after which it has its weights.
    pub epochs: usize,
    /// The file of its weights.
    pub weights: String,
}

impl Config {
    /// From a network's raw outputs to the trait.
    pub fn trait_scaler(&self) -> TraitScaler {
        TraitScaler { mean: self.trait_mean, sd: self.trait_sd }
    }
}

impl Model {
    /// What is predicted, of no individual.
    pub fn target(&self) -> Target {
        let (names, classes) = (self.traits.clone(), self.classes.clone());
        Target { task: self.task, names, classes, values: Vec::new() }
    }

    /// Reads a model's folder.
    ///
    /// # Errors
    /// Where there is none, or a file is missing, damaged or of another version.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let path = folder.join(MODEL);
        if !path.is_file() {
            return Err(format!(
                "{} holds no {MODEL}: name a folder that `tune-tui fit` has written",
                folder.display()
            ));
        }
        let text =
            fs::read_to_string(&path).map_err(|e| format!("failed to read {}: {e}", path.display()))?;
        let unfit = |e: toml::de::Error| format!("{} is damaged: {}", path.display(), e.message());
        let Versioned { version } = toml::from_str(&text).map_err(unfit)?;
        if version != VERSION {
            let remedy =
                if version > VERSION { "update tune-tui" } else { "write it again with `tune-tui fit`" };
            let place = path.display();
            return Err(format!("{place} is of version {version}, this program reads {VERSION}: {remedy}"));
        }
        let model: Model = toml::from_str(&text).map_err(unfit)?;
        let configs = model.config.len();
        if model.member.is_empty() || model.member.iter().any(|member| member.config >= configs) {
            return Err(format!("{} is damaged: its networks and configs do not agree", path.display()));
        }
        Ok(model)
    }

    /// The encoder of one of the configs.
    ///
    /// # Errors
    /// Where its file is missing or damaged.
    pub fn encoder(&self, folder: &Path, config: usize) -> Result<Encoder, String> {
        read_json(&folder.join(&self.config[config].encoder))
    }

    /// A member, with its weights.
    ///
    /// # Errors
    /// Where its file is missing or not that network's.
    pub fn network(&self, folder: &Path, member: &Member) -> Result<Network, String> {
        let Config { kind, settings, input: [positions, channels, covariates], outputs, .. } =
            &self.config[member.config];
        let row = table::find(MODELS, kind).ok_or_else(|| format!("this program has no model `{kind}`"))?;
        let input = Input { positions: *positions, channels: *channels, covariates: *covariates };
        let architecture = (row.build.plan)(&Settings(settings.clone()), input, *outputs);
        // What is drawn is overwritten.
        let network = Network::new(architecture.map_err(|e| e.to_string())?, &mut Rng::new(0), &Device::Cpu);
        let network = network.map_err(|e| e.to_string())?;
        checkpoint::load(&network.weights(), &folder.join(&member.weights)).map_err(|e| e.to_string())?;
        Ok(network)
    }
}

/// Writes the description of the networks.
///
/// # Errors
/// Where the file system refuses.
pub fn write_model(folder: &Path, model: &Model) -> Result<(), String> {
    let text = toml::to_string(model).map_err(|e| e.to_string())?;
    write(&folder.join(MODEL), &text)?;
    write(
        &folder.join("README.txt"),
        "A model written by `tune-tui fit`. `tune-tui predict FOLDER --genotypes FILE -o FILE.csv` predicts with \
         it. It holds weights, SNP names and, for each SNP, how often each genotype occurs among the individuals it \
         was trained on; it holds no genotype of an individual, unless \
         `data.impute` was \"neighbours\": their genotypes are then in the encoder.\n",
    )
}

/// Writes a value as JSON.
///
/// # Errors
/// Where the file system refuses.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), String> {
    write(path, &(serde_json::to_string_pretty(value).map_err(|e| e.to_string())? + "\n"))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|e| format!("failed to write {}: {e}", path.display()))
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text = fs::read_to_string(path).map_err(|e| format!("failed to read {}: {e}", path.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("{} is damaged: {e}", path.display()))
}

/// Writes the markers, one a line.
///
/// # Errors
/// Where the file system refuses.
pub fn write_markers(folder: &Path, markers: &[Marker]) -> Result<(), String> {
    let path = folder.join(MARKERS);
    let write = || -> csv::Result<()> {
        let mut out = csv::WriterBuilder::new().delimiter(b'\t').from_path(&path)?;
        out.write_record(["name", "chromosome", "position", "counted", "other"])?;
        for Marker { name, chromosome, position, alleles } in markers {
            let position = position.map_or(String::new(), |position| position.to_string());
            let allele = |of: fn(&Alleles) -> &String| alleles.as_ref().map_or("", |a| of(a).as_str());
            let chromosome = chromosome.as_deref().unwrap_or_default();
            out.write_record([name, chromosome, &position, allele(|a| &a.counted), allele(|a| &a.other)])?;
        }
        Ok(out.flush()?)
    };
    write().map_err(|e| format!("failed to write {}: {e}", path.display()))
}

/// Reads what [`write_markers`] wrote.
///
/// # Errors
/// Where it is missing or damaged.
pub fn read_markers(folder: &Path) -> Result<Vec<Marker>, String> {
    let path = folder.join(MARKERS);
    let read = || -> csv::Result<Vec<Marker>> {
        let mut reader = csv::ReaderBuilder::new().delimiter(b'\t').from_path(&path)?;
        let mut markers = Vec::new();
        for row in reader.deserialize() {
            let (name, chromosome, position, counted, other): MarkerRow = row?;
            let alleles = counted.zip(other).map(|(counted, other)| Alleles { counted, other });
            markers.push(Marker { name, chromosome, position, alleles });
        }
        Ok(markers)
    };
    read().map_err(|e| format!("{} can't be read: {e}", path.display()))
}

type MarkerRow = (String, Option<String>, Option<u64>, Option<String>, Option<String>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_come_back_with_and_without_what_is_known_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let alleles = Some(Alleles { counted: "A".into(), other: "0".into() });
        let markers = [
            Marker { name: "rs \"1\"".into(), chromosome: Some("X".into()), position: Some(7), alleles },
            Marker { name: "snp2".into(), chromosome: None, position: None, alleles: None },
        ];
        write_markers(folder.path(), &markers).unwrap();
        assert_eq!(read_markers(folder.path()).unwrap(), markers);
    }

    #[test]
    fn what_is_no_model_is_refused_with_a_word() {
        let folder = tempfile::tempdir().unwrap();
        let refused = || Model::read(folder.path()).unwrap_err();
        assert!(refused().contains("holds no model.toml"), "{}", refused());
        for (text, word) in [
            ("version = 1\n", "write it again with `tune-tui fit`"),
            ("version = 99\n", "update tune-tui"),
            ("version = 2\n", "is damaged"),
            ("individuals = 2\n", "is damaged"),
        ] {
            fs::write(folder.path().join(MODEL), text).unwrap();
            assert!(refused().contains(word), "{}", refused());
        }
    }
}
