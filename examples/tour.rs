//! Makes the pictures and the recorded tour of the documentation from a study that has finished:
//!
//!     cargo run --release -- run studies/quickstart.toml --headless
//!     cargo run --release --example tour -- runs/quickstart docs

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tune_tui::domain::event::Record;
use tune_tui::domain::history::History;
use tune_tui::storage::journal;
use tune_tui::tui::ask::{Ask, Desk};
use tune_tui::tui::stage::Stage;
use tune_tui::tui::{Options, Preferences};
use tune_tui::wire::studies::Catalog;
use tune_tui::wire::{self, Background, Ready};

/// Columns and rows of the pictures, and of the recording.
const PICTURE: (u16, u16) = (160, 44);
const RECORDING: (u16, u16) = (120, 34);
/// Frames of the recording in which the study happens, and their time in seconds.
const FRAMES: usize = 80;
const FRAME: f64 = 0.1;
/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// The pictures: their names, and the keys that lead to them.
const PICTURES: &[(&str, &str)] = &[
    ("overview", "1"),
    ("trials", "2"),
    ("trial", "3 Tab Tab Tab m S-Tab S-Tab S-Tab S-Tab"),
    ("search", "4"),
    ("sampler", "5 ]"),
    ("compare", "2 gg Space j Space j j Space c"),
    ("clone", "1 gg C"),
];

/// What the recording shows: a key, and how long one looks at what it does.
const SCENES: &[(&str, f64)] = &[
    ("j", 0.5),
    ("j", 0.5),
    ("Enter", 3.0),
    ("Tab", 2.5),
    ("Tab", 2.5),
    ("Tab", 3.0),
    ("m", 4.0),
    ("Esc", 1.0),
    ("4", 3.0),
    ("Tab", 3.0),
    ("Tab", 3.0),
    ("Tab", 3.0),
    ("Tab", 3.0),
    ("5", 3.5),
    ("]", 2.5),
    ("]", 2.5),
    ("Tab", 1.5),
    ("Tab", 1.5),
    ("Tab", 3.0),
    ("2", 1.5),
    ("gg", 0.5),
    ("Space", 0.6),
    ("j", 0.4),
    ("Space", 0.6),
    ("c", 3.0),
    ("Tab", 3.0),
    ("Tab", 3.0),
    ("1", 1.0),
    ("C", 3.0),
    ("Esc", 0.5),
    ("?", 4.0),
    ("Esc", 1.0),
];

/// A stage with the threads that answer it.
struct Set {
    stage: Stage,
    desk: Desk,
}

impl Set {
    fn new(history: History, store: &Path, size: (u16, u16)) -> Result<Self, Box<dyn Error>> {
        let now = history.last();
        let config = wire::kept_config(store, &[])?;
        let background = match wire::ready(&config)? {
            Ready::Network(prepared) => Some(Background::of(&config, &prepared, store)?),
            Ready::Command(_) => None,
        };
        let stores = store.parent().unwrap_or(Path::new("."));
        let catalog = Catalog::new(Path::new("."), stores, Some(store));
        let desk = wire::desk::open(background, catalog, store.to_owned())?;
        let mut stage = Stage::new(history, Options::default(), now, size)?;
        let preferences = Preferences { theme: "dark".into(), ..Preferences::default() };
        stage.prefer(preferences, wire::menu(&config));
        Ok(Set { stage, desk })
    }

    /// Has all of it answered, and what comes of the answers.
    fn answer(&mut self, asks: Vec<Ask>) -> Result<(), Box<dyn Error>> {
        let mut waiting = asks;
        while let Some(ask) = waiting.pop() {
            if ask.is_heavy() { &self.desk.heavy } else { &self.desk.light }.send(ask)?;
            waiting.extend(self.stage.answer(self.desk.answers.recv_timeout(PATIENCE)?));
        }
        Ok(())
    }

    fn press(&mut self, keys: &str) -> Result<(), Box<dyn Error>> {
        for key in keys.split_whitespace() {
            let asks = self.stage.press(key)?;
            self.answer(asks)?;
        }
        Ok(())
    }
}

fn pictures(history: &History, store: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let stills = folder.join("stills");
    fs::create_dir_all(&stills)?;
    for (name, keys) in PICTURES {
        let mut set = Set::new(history.clone(), store, PICTURE)?;
        let asks = set.stage.finish();
        set.answer(asks)?;
        set.press(keys)?;
        fs::write(stills.join(format!("{name}.svg")), set.stage.svg())?;
    }
    Ok(())
}

/// An asciicast, version 2 (docs.asciinema.org): a header, then a line an event.
fn recording(records: &[Record], store: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let (width, height) = RECORDING;
    let mut cast = serde_json::json!({ "version": 2, "width": width, "height": height, "title": "tune-tui" })
        .to_string();
    let mut at = 0.0;
    let mut show = |bytes: Vec<u8>, seconds: f64| {
        let text = String::from_utf8_lossy(&bytes);
        // Writing to a text can't fail.
        let _ = write!(cast, "\n{}", serde_json::json!([at, "o", text]));
        at += seconds;
    };
    // The head of a study, which a stage begins with.
    let first = records.len().min(3);
    let mut history = History::begin(records.first().ok_or("the journal is empty")?)?;
    for record in &records[1..first] {
        history.apply(record)?;
    }
    let mut set = Set::new(history, store, RECORDING)?;
    show(b"\x1b[?25l\x1b[2J".to_vec(), 0.0);
    for part in records[first..].chunks(records.len().div_ceil(FRAMES).max(1)) {
        let asks = set.stage.record(part.to_vec());
        set.answer(asks)?;
        if let Some(last) = part.last() {
            set.stage.tick(last.at);
        }
        show(set.stage.draw()?, FRAME);
    }
    let asks = set.stage.finish();
    set.answer(asks)?;
    show(set.stage.draw()?, 2.0);
    for (key, seconds) in SCENES {
        set.press(key)?;
        show(set.stage.draw()?, *seconds);
    }
    fs::write(folder.join("tour.cast"), cast + "\n")?;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<PathBuf> = std::env::args().skip(1).map(PathBuf::from).collect();
    let [store, folder] = &words[..] else { return Err("usage: tour STORE FOLDER".into()) };
    let mut records = Vec::new();
    journal::walk(store, |_, record| records.push(record))?;
    let history = journal::read(store)?.history;
    pictures(&history, store, folder)?;
    recording(&records, store, folder)
}
