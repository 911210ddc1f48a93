//! The studies under the working directory: study files, stores, and which belong together.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::{KEPT_CONFIG, read_config};
use crate::domain::history::History;
use crate::domain::trial::Timestamp;
use crate::storage::{journal, list, lock};
use crate::tui::Tape;
use crate::tui::ask::StudyRow;

/// A file that is larger than this is no study file.
const MOST_BYTES: u64 = 1 << 20;

/// Size and time of a file: while both stay, what was read of it does.
type Stamp = (u64, SystemTime);

/// What a file says: the study's name, or why it can't be read; nothing where it is no study file.
type Named = Option<(String, Option<String>)>;

/// Lists studies, and remembers what it read of those that did not change.
#[derive(Debug)]
pub struct Catalog {
    folder: PathBuf,
    stores: PathBuf,
    /// The store that this process has open.
    own: Option<PathBuf>,
    files: HashMap<PathBuf, (Stamp, Named)>,
    known: HashMap<PathBuf, (Stamp, StudyRow)>,
}

impl Catalog {
    /// Of the study files in `folder` and one level below it, and the stores in `stores`.
    pub fn new(folder: &Path, stores: &Path, own: Option<&Path>) -> Self {
        Catalog {
            folder: folder.to_owned(),
            stores: stores.to_owned(),
            own: own.map(Path::to_owned),
            files: HashMap::new(),
            known: HashMap::new(),
        }
    }

    /// Every study, the one that changed last first; those never started follow by name.
    pub fn rows(&mut self) -> Vec<StudyRow> {
        let mut files: BTreeMap<String, (PathBuf, Option<String>)> = BTreeMap::new();
        for file in self.study_files() {
            if let Some((name, problem)) = self.named(&file) {
                // Of several files with a name, the first one stands for the study.
                files.entry(name).or_insert((file, problem));
            }
        }
        let mut rows = Vec::new();
        for store in list::studies(&self.stores).unwrap_or_default() {
            let mut row = self.stored(&store);
            // What was set aside is named by its folder, and is no longer the file's study.
            let own_folder = store.file_name().is_some_and(|folder| folder.to_string_lossy() == row.name);
            let file = own_folder.then(|| files.remove(&row.name)).flatten();
            row.file = match file {
                Some((file, problem)) => {
                    row.problem = row.problem.or(problem);
                    Some(file)
                }
                None => Some(store.join(KEPT_CONFIG)).filter(|kept| own_folder && kept.is_file()),
            };
            rows.push(row);
        }
        rows.sort_by(|a, b| b.last.cmp(&a.last).then_with(|| a.name.cmp(&b.name)));
        rows.extend(files.into_iter().map(|(name, (file, problem))| StudyRow {
            file: Some(file),
            problem,
            ..unknown(name, None)
        }));
        rows
    }

    /// Files that may be study files, in this folder and then in those below it.
    fn study_files(&self) -> Vec<PathBuf> {
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        for entry in entries(&self.folder) {
            let hidden = entry.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
            if is_toml(&entry) {
                files.push(entry);
            } else if !hidden && entry.is_dir() && !same(&entry, &self.stores) {
                folders.push(entry);
            }
        }
        // A store holds a copy of its study file.
        folders.retain(|folder| !journal::path(folder).is_file());
        let below = folders.iter().flat_map(|folder| entries(folder)).filter(|entry| is_toml(entry));
        files.extend(below.collect::<Vec<_>>());
        files.iter().map(|file| file.strip_prefix("./").unwrap_or(file).to_owned()).collect()
    }

    fn named(&mut self, file: &Path) -> Named {
        let stamp = stamp(file).filter(|(bytes, _)| *bytes <= MOST_BYTES)?;
        if let Some((_, named)) = self.files.get(file).filter(|(before, _)| *before == stamp) {
            return named.clone();
        }
        let named = read_name(file);
        self.files.insert(file.to_owned(), (stamp, named.clone()));
        named
    }

    /// A study by its store: its outline is read where its journal has changed.
    fn stored(&mut self, store: &Path) -> StudyRow {
        let stamp = stamp(&journal::path(store));
        let known = self.known.get(store).filter(|(before, _)| Some(*before) == stamp);
        let mut row = match (known, stamp) {
            (Some((_, row)), _) => row.clone(),
            (None, Some(stamp)) => {
                let row = outlined(store, milliseconds(stamp.1));
                self.known.insert(store.to_owned(), (stamp, row.clone()));
                row
            }
            (None, None) => outlined(store, None),
        };
        let own = self.own.as_deref() == Some(store);
        row.is_live = !own && lock::owner(store).is_some();
        row
    }
}

/// A study of which nothing is known.
fn unknown(name: String, store: Option<&Path>) -> StudyRow {
    StudyRow {
        name,
        file: None,
        store: store.map(Path::to_owned),
        trials: None,
        best: None,
        last: None,
        is_live: false,
        problem: None,
    }
}

fn outlined(store: &Path, last: Option<Timestamp>) -> StudyRow {
    let folder = store.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    match journal::outline(store) {
        Err(error) => StudyRow { problem: Some(error.to_string()), last, ..unknown(folder, Some(store)) },
        Ok(history) => {
            let study = history.study();
            let ended = history.counts().finished();
            let score = history.incumbent().and_then(|best| best.score);
            StudyRow {
                trials: Some((ended, history.target().max(ended))),
                best: score.map(|score| (score, study.metric.clone())),
                last,
                ..unknown(study.name.clone(), Some(store))
            }
        }
    }
}

/// What a file says of itself. Other programs' TOML is passed over.
fn read_name(file: &Path) -> Named {
    let text = fs::read_to_string(file).ok()?;
    let table =
        |line: &str| line.trim_start().starts_with("[study]") || line.trim_start().starts_with("study.");
    if !text.lines().any(table) {
        return None;
    }
    match read_config(file, &[]) {
        Ok(config) => Some((config.name, None)),
        Err(error) => {
            let stem = file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
            let first = error
                .to_string()
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .take(2)
                .fold(
                    String::new(),
                    |all, line| if all.is_empty() { line.to_owned() } else { format!("{all} {line}") },
                );
            Some((stem, Some(first.trim_start_matches("error: ").to_owned())))
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    // A folder that can't be read has no studies for this person.
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    paths
}

fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml") && path.is_file()
}

fn same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(file).ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}

fn milliseconds(time: SystemTime) -> Option<Timestamp> {
    u64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()
}

/// Another study's history, to compare with.
///
/// # Errors
/// Why it can't be read.
pub fn history(store: &Path) -> Result<Box<History>, String> {
    journal::read(store).map(|replay| Box::new(replay.history)).map_err(|error| error.to_string())
}

/// A study's past. Takes no lock, and what is whole of a damaged journal is there.
///
/// # Errors
/// Where there is no whole record.
pub fn tape(store: &Path) -> anyhow::Result<Tape> {
    let mut tape = Tape::default();
    tape.notice = journal::walk(store, |history, record| tape.push(history, record))?;
    Ok(tape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{Script, busy};

    const STUDY: &str = "[study]\nname = \"NAME\"\ntrials = 4\n[data]\nsimulate = { preset = \"quick\" }\n[model]\nkind = \"mlp\"\n";

    fn store(folder: &Path, name: &str, script: &Script) -> PathBuf {
        let store = folder.join("runs").join(name);
        fs::create_dir_all(&store).unwrap();
        journal::write(&store, script.records()).unwrap();
        store
    }

    fn named(rows: &[StudyRow]) -> Vec<(&str, Option<&Path>, bool, bool)> {
        let row = |row: &StudyRow| row.store.is_some();
        rows.iter().map(|r| (r.name.as_str(), r.file.as_deref(), row(r), r.problem.is_some())).collect()
    }

    #[test]
    fn files_and_stores_find_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path();
        let file = |path: &str, text: &str| {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            path
        };
        // The name in the script's journal.
        let mine = file("studies/mine.toml", &STUDY.replace("NAME", "pig_ebv"));
        let new = file("new.toml", &STUDY.replace("NAME", "new"));
        let wrong = file("studies/wrong.toml", "[study]\nnmae = \"x\"\n");
        file("Cargo.toml", "[package]\nname = \"x\"\n");
        file("studies/deeper/hidden.toml", &STUDY.replace("NAME", "deeper"));
        store(folder, "pig_ebv", &busy());
        store(folder, "pig_ebv.old-1", &busy());
        let mut catalog = Catalog::new(folder, &folder.join("runs"), None);
        let mut rows = catalog.rows();
        rows[..2].sort_by(|a, b| a.store.cmp(&b.store));
        assert_eq!(
            named(&rows),
            [
                ("pig_ebv", Some(mine.as_path()), true, false),
                ("pig_ebv", None, true, false),
                ("new", Some(new.as_path()), false, false),
                ("wrong", Some(wrong.as_path()), false, true),
            ]
        );
        let history = busy();
        let history = history.history();
        assert_eq!(rows[0].trials, Some((history.counts().finished(), history.target())));
        let best = history.incumbent().and_then(|best| best.score).unwrap();
        assert_eq!(rows[0].best, Some((best, history.study().metric.clone())));
        assert!(rows[3].problem.as_ref().unwrap().contains("nmae"), "{:?}", rows[3].problem);
    }

    #[test]
    fn a_study_that_goes_on_is_read_again_and_a_damaged_one_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let mut script = Script::new(2).opened(4, 1);
        let store = store(dir.path(), "pig_ebv", &script);
        let mut catalog = Catalog::new(dir.path(), &dir.path().join("runs"), None);
        assert_eq!(catalog.rows()[0].trials, Some((0, 4)));
        script.complete(1.0, 1_000);
        journal::write(&store, script.records()).unwrap();
        assert_eq!(catalog.rows()[0].trials, Some((1, 4)));
        let text = fs::read_to_string(journal::path(&store)).unwrap();
        fs::write(journal::path(&store), text.replacen("\"seed\":", "\"sead\":", 1)).unwrap();
        let row = catalog.rows().remove(0);
        assert_eq!((row.name.as_str(), row.trials), ("pig_ebv", None));
        assert!(row.problem.unwrap().contains("line 1"));
    }

    #[test]
    fn a_tape_holds_what_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let script = busy();
        let store = store(dir.path(), "pig_ebv", &script);
        assert_eq!(tape(&store).unwrap().len(), script.records().len());
        let text = fs::read_to_string(journal::path(&store)).unwrap();
        fs::write(journal::path(&store), &text[..text.len() - 20]).unwrap();
        let cut = tape(&store).unwrap();
        assert_eq!(cut.len(), script.records().len() - 1);
        assert!(cut.notice.unwrap().contains("cut off"));
        let line = text.lines().nth(100).unwrap();
        fs::write(journal::path(&store), text.replacen(line, "{", 1)).unwrap();
        let damaged = tape(&store).unwrap();
        assert_eq!(damaged.len(), 100);
        assert!(damaged.notice.unwrap().contains("line 101"));
        assert!(tape(&dir.path().join("none")).is_err());
    }
}
