//! Weights on disk, as safetensors.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use candle_core::{Tensor, Var};
use thiserror::Error;

/// Why weights could not be written or read.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// The file system refused.
    #[error("can't write {path}: {source}: check the folder's space and permissions")]
    Write {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("can't use the weights in {path}: {problem}")]
    Unfit {
        /// The file.
        path: String,
        /// What is wrong.
        problem: String,
    },
}

/// Writes `weights` to `path`, whole or not at all: into a file beside it that is then renamed. Missing
/// folders are made.
///
/// # Errors
/// Where the file system refuses.
pub fn save(weights: &[(String, Var)], path: &Path) -> Result<(), CheckpointError> {
    let failed = |source| CheckpointError::Write { path: path.display().to_string(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let tensors: HashMap<&str, Tensor> =
        weights.iter().map(|(name, var)| (name.as_str(), var.as_detached_tensor())).collect();
    let written = candle_core::safetensors::save(&tensors, &partial)
        .map_err(std::io::Error::other)
        .and_then(|()| fs::File::open(&partial)?.sync_all())
        .and_then(|()| fs::rename(&partial, path));
    written.map_err(|source| {
        // What is half written only takes the space that is missing.
        fs::remove_file(&partial).ok();
        failed(source)
    })
}

/// Sets `weights` to what [`save`] wrote to `path`. On an error they stay as they were.
///
/// # Errors
/// Where the file can't be read, or its names or shapes are not those of `weights`.
pub fn load(weights: &[(String, Var)], path: &Path) -> Result<(), CheckpointError> {
    let unfit = |problem| CheckpointError::Unfit { path: path.display().to_string(), problem };
    let device = weights.first().map_or(&candle_core::Device::Cpu, |(_, var)| var.device());
    let tensors = candle_core::safetensors::load(path, device).map_err(|e| unfit(e.to_string()))?;
    if tensors.len() != weights.len() {
        return Err(unfit(format!("it has {} tensors, the network {}", tensors.len(), weights.len())));
    }
    for (name, var) in weights {
        match tensors.get(name) {
            None => return Err(unfit(format!("it has no tensor `{name}`"))),
            Some(t) if t.shape() != var.shape() || t.dtype() != var.dtype() => {
                let (found, wanted) = (t.shape(), var.shape());
                return Err(unfit(format!("`{name}` is {found:?} there and {wanted:?} in the network")));
            }
            Some(_) => {}
        }
    }
    for (name, var) in weights {
        if let Some(tensor) = tensors.get(name) {
            var.set(tensor).map_err(|e| unfit(e.to_string()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    fn weights(scale: f32) -> Vec<(String, Var)> {
        let a = Var::new(&[[0.1 * scale, -2.0], [f32::MIN_POSITIVE, 4.0]], &Device::Cpu).unwrap();
        vec![("a.kernel".into(), a), ("a.bias".into(), Var::new(&[scale], &Device::Cpu).unwrap())]
    }

    #[test]
    fn weights_come_back_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trial-3/fold-0.safetensors");
        save(&weights(7.0), &path).unwrap();
        let other = weights(1.0);
        load(&other, &path).unwrap();
        let expected = weights(7.0);
        assert_eq!(other[0].1.to_vec2::<f32>().unwrap(), expected[0].1.to_vec2::<f32>().unwrap());
        assert_eq!(other[1].1.to_vec1::<f32>().unwrap(), [7.0]);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn another_networks_weights_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        save(
            &[("a.kernel".into(), Var::new(&[1.0_f32], &Device::Cpu).unwrap()), weights(1.0).remove(1)],
            &path,
        )
        .unwrap();
        let own = weights(5.0);
        let message = load(&own, &path).unwrap_err().to_string();
        assert!(message.contains("`a.kernel` is [1] there and [2, 2]"), "{message}");
        assert_eq!(own[1].1.to_vec1::<f32>().unwrap(), [5.0], "left as it was");
        fs::write(&path, b"garbage").unwrap();
        assert!(load(&own, &path).is_err());
    }
}
