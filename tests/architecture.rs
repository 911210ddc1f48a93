//! The shape of the house, read off its `use` lines: imports point down, and each foreign crate stays
//! behind its fence.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fs;
use std::path::{Path, PathBuf};

/// What each module may know of the crate. Itself and `domain` go without saying.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("numeric", &[]),
    ("dataset", &["numeric"]),
    ("kernel", &[]),
    ("sampler", &["numeric"]),
    ("pruner", &[]),
    ("storage", &[]),
    ("analysis", &["numeric"]),
    ("import", &["storage"]),
    ("model", &["kernel"]),
    ("train", &["model", "kernel", "dataset"]),
    ("objective", &["train", "model", "dataset"]),
    ("importance", &["objective", "model", "dataset"]),
    ("baseline", &["dataset", "numeric", "kernel", "train"]),
    ("ensemble", &["objective", "train", "model", "dataset", "baseline", "analysis"]),
    ("executor", &[]),
    ("program", &[]),
    (
        "config",
        &["baseline", "dataset", "model", "train", "program", "sampler", "pruner", "executor", "import"],
    ),
    ("export", &["config", "analysis"]),
    ("study", &["sampler", "pruner", "executor", "storage"]),
    ("tui", &["analysis"]),
];

/// Only these may name the crate.
const FENCES: &[(&str, &[&str])] = &[
    ("candle_core", &["kernel", "model", "train", "objective", "importance", "ensemble", "executor", "wire"]),
    ("sled", &["storage/sled.rs"]),
    ("argmin", &["numeric/minimize.rs"]),
    ("argmin_math", &["numeric/minimize.rs"]),
    ("faer", &["numeric/dense.rs"]),
    ("smartcore", &["baseline/random_forest.rs"]),
    ("rustix", &["program"]),
    ("nvml_wrapper", &["tui/machine/cards.rs"]),
    ("ratatui", &["tui"]),
    ("crossterm", &["tui"]),
    ("memmap2", &["dataset"]),
    ("flate2", &["dataset/text.rs", "dataset/vcf.rs", "dataset/tests_on_bad_input.rs"]),
    ("noodles_vcf", &["dataset/vcf.rs"]),
    ("clap", &["cli", "main.rs"]),
];

/// Within `study`, only the traits of its parts: their implementations are for `wire` to choose.
const TRAITS_ONLY: &[&str] = &["sampler", "pruner", "executor", "storage"];

struct Source {
    /// Relative to `src`, with forward slashes.
    path: String,
    text: String,
}

impl Source {
    fn module(&self) -> &str {
        self.path.split('/').next().unwrap().trim_end_matches(".rs")
    }

    /// The lines outside `#[cfg(test)]` modules, comments removed.
    fn code(&self) -> impl Iterator<Item = &str> {
        let tests = self.text.find("#[cfg(test)]\nmod tests {").unwrap_or(self.text.len());
        self.text[..tests].lines().filter(|line| !line.trim_start().starts_with("//"))
    }

    /// Everything named after `crate::`, as (module, the rest of the path on that line).
    fn imports(&self) -> Vec<(&str, &str)> {
        self.code()
            .flat_map(|line| line.match_indices("crate::").map(move |(at, _)| &line[at + 7..]))
            .filter_map(|path| {
                let end = path.find(|c: char| !c.is_alphanumeric() && c != '_')?;
                Some((&path[..end], path[end..].trim_start_matches(':')))
            })
            .collect()
    }
}

fn sources() -> Vec<Source> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    assert!(files.len() > 30, "only {} sources found", files.len());
    files
        .into_iter()
        .map(|file| Source {
            path: file.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/"),
            text: fs::read_to_string(&file).unwrap(),
        })
        .collect()
}

/// Test support modules see what they test with.
fn is_test_support(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.ends_with("/testing.rs")
}

#[test]
fn imports_point_down() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|s| !is_test_support(&s.path)) {
        let module = source.module();
        for (imported, rest) in source.imports() {
            if module == "study" && TRAITS_ONLY.contains(&imported) && rest.starts_with(char::is_lowercase) {
                wrong.push(format!("{}: {imported}::{rest}", source.path));
            }
            if imported == module || imported == "domain" {
                continue;
            }
            let allowed = match module {
                "wire" | "lib" => imported != "cli",
                "main" | "cli" => true,
                _ => {
                    let row = MAY_IMPORT.iter().find(|(name, _)| *name == module);
                    row.unwrap_or_else(|| panic!("no row for module `{module}`")).1.contains(&imported)
                }
            };
            if !allowed {
                wrong.push(format!("{}: {imported}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "imports that do not point down:\n{}", wrong.join("\n"));
}

#[test]
fn crates_stay_behind_their_fences() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (name, places) in FENCES {
            let inside = places.iter().any(|p| source.path == *p || source.module() == *p);
            let pattern = format!("{name}::");
            let named = source.code().any(|line| {
                line.match_indices(&pattern).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
                })
            });
            if named && !inside {
                wrong.push(format!("{} names {name}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "crates outside their fences:\n{}", wrong.join("\n"));
}

#[test]
fn unsafe_code_stays_in_the_kernels_and_the_one_memory_map() {
    for source in sources() {
        let blocks =
            source.code().filter(|line| line.contains("unsafe {") || line.contains("unsafe fn")).count();
        let allowed = match source.module() {
            "kernel" => usize::MAX,
            "dataset" => 1,
            _ => 0,
        };
        assert!(blocks <= allowed, "{} has {blocks} unsafe blocks", source.path);
    }
}

#[test]
fn a_file_can_be_held_in_the_head() {
    const MOST: usize = 430;
    let long: Vec<String> = sources()
        .iter()
        .map(|s| (s.text.lines().count(), &s.path))
        .filter(|(lines, _)| *lines > MOST)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "split these:\n{}", long.join("\n"));
}
