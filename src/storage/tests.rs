//! What every store must hold to, and what a store on the disk must survive.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use proptest::prelude::*;
use tempfile::tempdir;

use super::file::{FileStore, OpenOptions, Opened, archive};
use super::journal::{self, Position};
use super::memory::MemoryStore;
use super::sample::{history, note, records};
use super::writer::{Medium, Writer};
use super::{Storage, StorageError, lock};
use crate::domain::event::{Event, FORMAT, Record};
use crate::domain::history::History;

const TRIALS: usize = 12;

fn try_open(dir: &Path) -> Result<Opened, StorageError> {
    FileStore::open(dir, OpenOptions { keep_checkpoints: 2, at: 1_763_700_000_000, host: "login1".into() })
}

fn open(dir: &Path) -> Opened {
    try_open(dir).unwrap()
}

/// A store with the sample in it, settled after `settled` records, and the sample.
fn filled(dir: &Path, settled: &[usize]) -> Vec<Record> {
    let sample = records(TRIALS);
    let mut store = open(dir).store;
    let mut done = 0;
    for &end in settled.iter().chain([&sample.len()]) {
        store.append(&sample[done..end]).unwrap();
        if end < sample.len() {
            store.settle(&history(&sample[..end]), &BTreeSet::new()).unwrap();
        }
        done = end;
    }
    sample
}

/// The bytes of a journal of `records`.
fn bytes_of(records: &[Record]) -> Vec<u8> {
    let mut lines = Vec::new();
    records.iter().for_each(|record| journal::encode(record, &mut lines).unwrap());
    lines
}

/// Writes a new file: cheaper than to truncate one, which some file systems follow with a flush.
fn replace(path: &Path, bytes: &[u8]) {
    let _ = fs::remove_file(path);
    fs::write(path, bytes).unwrap();
}

#[test]
fn every_store_gives_back_what_it_took() {
    let dir = tempdir().unwrap();
    let sample = records(TRIALS);
    let nan = Event::TrialCompleted { trial: 11, score: f64::NAN, weights: None };
    let unreadable = Record { sequence: sample.len() as u64, at: 0, event: nan };
    let mut memory = MemoryStore::new();
    let mut file = open(dir.path()).store;
    for store in [&mut memory as &mut dyn Storage, &mut file] {
        store.append(&sample[..1]).unwrap();
        store.append(&[]).unwrap();
        store.append(&sample[1..]).unwrap();
        store.settle(&history(&sample), &BTreeSet::new()).unwrap();
        for wrong in [
            &sample[3..4],
            std::slice::from_ref(&unreadable),
            &[note(sample.len() as u64), sample[2].clone()],
        ] {
            assert!(matches!(store.append(wrong), Err(StorageError::Refused { .. })), "{wrong:?}");
        }
    }
    drop(file);
    assert_eq!(memory.records(), sample);
    assert_eq!(open(dir.path()).history, Some(history(&sample)));
    let replay = journal::read(dir.path()).unwrap();
    assert_eq!((replay.history, replay.notice), (history(&sample), None));
    assert_eq!(replay.records, sample.len() as u64);
    assert_eq!(fs::read(journal::path(dir.path())).unwrap(), bytes_of(&sample));
    for line in fs::read_to_string(journal::path(dir.path())).unwrap().lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).unwrap()["crc"].is_string());
    }
}

#[test]
fn a_failing_append_changes_nothing() {
    let sample = records(2);
    let mut memory = MemoryStore::new();
    memory.append(&sample[..3]).unwrap();
    memory.fail_next("the disk is full");
    assert!(memory.append(&sample[3..]).is_err());
    memory.append(&sample[3..]).unwrap();
    assert_eq!(memory.records(), sample);
}

#[test]
fn a_journal_cut_at_any_byte_keeps_every_whole_record_and_goes_on() {
    let dir = tempdir().unwrap();
    let path = journal::path(dir.path());
    let sample = records(TRIALS);
    let whole = bytes_of(&sample);
    let mut kept = 0;
    let mut expected: Option<History> = None;
    for cut in 0..=whole.len() {
        if cut > 0 && whole[cut - 1] == b'\n' {
            match &mut expected {
                None => expected = Some(history(&sample[..1])),
                Some(history) => history.apply(&sample[kept]).unwrap(),
            }
            kept += 1;
        }
        replace(&path, &whole[..cut]);
        let scan = journal::scan(&path, None).unwrap();
        assert_eq!(scan.history, expected, "cut at byte {cut}");
        let clean = cut == 0 || whole[cut - 1] == b'\n';
        assert_eq!(scan.dropped.is_none(), clean, "cut at byte {cut}");
        if let Some(mut expected) = expected.clone() {
            let mut writer = Writer::open(&path, scan.position).unwrap();
            writer.append(&[note(kept as u64)]).unwrap();
            expected.apply(&note(kept as u64)).unwrap();
            let again = journal::read(dir.path()).unwrap();
            assert_eq!((again.history, again.notice), (expected, None), "cut at byte {cut}");
        }
    }
    assert_eq!(kept, sample.len());
}

#[test]
fn a_store_cut_around_any_record_opens_and_goes_on() {
    let sample = records(TRIALS);
    for (i, record) in sample.iter().enumerate().step_by(5) {
        let dir = tempdir().unwrap();
        filled(dir.path(), &[20]);
        let length = bytes_of(&sample[..=i]).len() - (i % 3);
        fs::File::options()
            .write(true)
            .open(journal::path(dir.path()))
            .unwrap()
            .set_len(length as u64)
            .unwrap();
        let survive = if i % 3 == 0 { i + 1 } else { i };
        let opened = open(dir.path());
        assert_eq!(opened.history, (survive > 0).then(|| history(&sample[..survive])), "{record:?}");
        let mut store = opened.store;
        store.append(&sample[survive..]).unwrap();
        store.settle(&history(&sample), &BTreeSet::new()).unwrap();
        drop(store);
        assert_eq!(open(dir.path()).history, Some(history(&sample)));
    }
}

#[test]
fn a_flipped_bit_is_never_read_as_something_else() {
    let dir = tempdir().unwrap();
    let path = journal::path(dir.path());
    let sample = records(3);
    let whole = bytes_of(&sample);
    let lines: Vec<usize> = (0..sample.len()).map(|n| bytes_of(&sample[..n]).len()).collect();
    for byte in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[byte] ^= 1 << (byte % 8);
        replace(&path, &damaged);
        let line = lines.partition_point(|start| *start <= byte);
        match journal::read(dir.path()) {
            Ok(replay) => {
                let kept = replay.records as usize;
                assert!(replay.notice.is_some(), "byte {byte}: dropped without a word");
                // The damaged line, what it has run into, and then only what need not last.
                let lasting = sample[line..].iter().skip(1).any(|r| r.event.must_be_durable());
                assert!(kept + 1 == line && !lasting, "byte {byte}: lost more than the end");
                assert_eq!(replay.history, history(&sample[..kept]), "byte {byte}");
            }
            Err(StorageError::Corrupt { line: found, problem, .. }) => {
                assert_eq!(found, line, "byte {byte}");
                assert!(problem.contains(if line == 1 { "--fresh" } else { "`head -n" }), "{problem}");
            }
            Err(e) => panic!("byte {byte}: {e}"),
        }
    }
}

#[test]
fn reports_that_a_power_loss_tore_are_dropped_and_nothing_else() {
    let dir = tempdir().unwrap();
    let path = journal::path(dir.path());
    let sample = records(3);
    let passes = |r: &Record| !r.event.must_be_durable();
    // A damaged report that only reports and notes follow, and one that more follows.
    let tail = sample.len() - sample.iter().rev().take_while(|r| passes(r)).count();
    let mut sample = sample[..tail].to_vec();
    let history_so_far = history(&sample);
    for _ in 0..3 {
        let text = "a line".to_owned();
        let event = Event::Noted { level: crate::domain::event::Level::Info, text };
        sample.push(Record { sequence: sample.len() as u64, at: 9, event });
    }
    let start = bytes_of(&sample[..tail]).len();
    let mut torn = bytes_of(&sample);
    torn[start..start + 20].fill(0);
    replace(&path, &torn);
    let replay = journal::read(dir.path()).unwrap();
    assert_eq!((replay.records as usize, &replay.history), (tail, &history_so_far));
    assert!(replay.notice.unwrap().contains("3 records"));
    sample.push(Record { sequence: sample.len() as u64, at: 9, event: Event::StudyPaused });
    let mut torn = bytes_of(&sample);
    torn[start..start + 20].fill(0);
    replace(&path, &torn);
    assert!(matches!(journal::read(dir.path()), Err(StorageError::Corrupt { .. })));
}

#[test]
fn records_that_do_not_follow_or_are_too_new_are_named_by_line() {
    let dir = tempdir().unwrap();
    let sample = records(3);
    let journal_of = |bytes: &[u8]| fs::write(journal::path(dir.path()), bytes).unwrap();
    let error = || journal::read(dir.path()).unwrap_err().to_string();
    journal_of(&bytes_of(&[&sample[..4], &sample[5..]].concat()));
    assert!(error().contains("line 5: expected record 4, found 5"), "{}", error());
    let mut newer = sample[0].clone();
    if let Event::StudyCreated { study } = &mut newer.event {
        study.format += 1;
    }
    journal_of(&bytes_of(&[newer]));
    let found = format!("line 1: event format {} is newer", FORMAT + 1);
    assert!(error().contains(&found), "{}", error());
    let json = r#"{"sequence":1,"at":0,"event":"trial_teleported"}"#;
    let line = format!("{{\"crc\":\"{:08x}\",{}\n", crc32fast::hash(json.as_bytes()), &json[1..]);
    journal_of(&[bytes_of(&sample[..1]), line.into_bytes()].concat());
    assert!(error().contains("line 2: the record is whole but not known"), "{}", error());
    journal_of(b"");
    assert!(matches!(journal::read(dir.path()), Err(StorageError::Missing(_))));
}

#[test]
fn one_process_at_a_time_and_viewers_besides() {
    let dir = tempdir().unwrap();
    let sample = filled(dir.path(), &[]);
    let first = open(dir.path());
    assert!(matches!(try_open(dir.path()), Err(StorageError::Locked { .. })));
    assert!(matches!(archive(dir.path(), 5, "login1"), Err(StorageError::Locked { .. })));
    assert_eq!(lock::owner(dir.path()).map(|o| o.pid), Some(std::process::id()));
    assert_eq!(journal::read(dir.path()).unwrap().history, history(&sample));
    drop(first);
    assert_eq!(open(dir.path()).history, Some(history(&sample)));
}

#[test]
fn a_fresh_start_moves_the_old_study_aside() {
    let parent = tempdir().unwrap();
    let dir = parent.path().join("deep").join("pig");
    assert!(matches!(archive(&dir, 5, "login1"), Err(StorageError::Missing(_))));
    let sample = filled(&dir, &[30]);
    let old = archive(&dir, 5, "login1").unwrap();
    assert!(old.ends_with("pig.old-5") && !dir.exists());
    assert_eq!(open(&old).history, Some(history(&sample)));
    assert_eq!(open(&dir).history, None);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[test]
fn what_is_in_the_way_is_named_with_a_remedy() {
    let dir = tempdir().unwrap();
    fs::create_dir(journal::path(dir.path())).unwrap();
    let error = try_open(dir.path()).err().unwrap().to_string();
    assert!(error.contains("journal.jsonl") && error.contains("--store"), "{error}");
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    for below in [file.clone(), file.join("pig")] {
        let error = try_open(&below).err().unwrap().to_string();
        assert!(error.contains("failed to create") && error.contains("--store"), "{error}");
    }
    fs::create_dir(dir.path().join("locked")).unwrap();
    fs::create_dir(dir.path().join("locked").join("lock")).unwrap();
    let error = try_open(&dir.path().join("locked")).err().unwrap().to_string();
    assert!(error.contains("failed to create") && error.contains("lock"), "{error}");
}

#[test]
fn an_index_that_is_missing_foreign_or_ahead_is_made_anew() {
    let sample = records(TRIALS);
    let index = |dir: &Path| dir.join("index.sled");
    let check = |dir: &Path, notice: bool| {
        let opened = open(dir);
        assert_eq!(opened.history, Some(history(&sample)), "{:?}", opened.notices);
        assert_eq!(opened.notices.len(), usize::from(notice), "{:?}", opened.notices);
        let mut store = opened.store;
        store.settle(&history(&sample), &BTreeSet::new()).unwrap();
        drop(store);
        let again = open(dir);
        assert_eq!((again.history, again.notices), (Some(history(&sample)), Vec::new()));
    };
    let dir = tempdir().unwrap();
    filled(dir.path(), &[3, 20, 40]);
    check(dir.path(), false);
    fs::remove_dir_all(index(dir.path())).unwrap();
    check(dir.path(), false);
    fs::remove_dir_all(index(dir.path())).unwrap();
    fs::write(index(dir.path()), "a file").unwrap();
    check(dir.path(), true);
    // The same study with a byte of its past changed, under a checksum that fits.
    let mut other = sample.clone();
    other[2].at += 1;
    fs::write(journal::path(dir.path()), bytes_of(&other)).unwrap();
    let opened = open(dir.path());
    assert_eq!((opened.history, opened.notices.len()), (Some(history(&other)), 1));
    // Ahead: the journal lost what the index had seen.
    drop(opened.store);
    let mut store = open(dir.path()).store;
    store.settle(&history(&other), &BTreeSet::new()).unwrap();
    drop(store);
    fs::write(journal::path(dir.path()), bytes_of(&other[..9])).unwrap();
    let opened = open(dir.path());
    assert_eq!((opened.history, opened.notices.len()), (Some(history(&other[..9])), 1));
}

#[test]
fn settling_deletes_the_checkpoints_that_are_not_kept() {
    let dir = tempdir().unwrap();
    let sample = filled(dir.path(), &[]);
    let mut store = open(dir.path()).store;
    let folders: Vec<_> =
        (0..TRIALS).map(|id| crate::domain::checkpoint::folder(&store.checkpoints(), id)).collect();
    folders.iter().for_each(|folder| fs::create_dir_all(folder).unwrap());
    store.settle(&history(&sample), &BTreeSet::new()).unwrap();
    assert_eq!(folders.iter().filter(|f| f.exists()).count(), 3, "the best two and the running one");
    assert!(folders[TRIALS - 1].exists());
    let behind = store.settle(&history(&sample[..9]), &BTreeSet::new());
    assert!(matches!(behind, Err(StorageError::Index(_))), "a history of another time is refused");
    store.append(&[note(sample.len() as u64)]).unwrap();
}

/// A disk with so much room left, that may also refuse to be cut or synced.
struct Disk {
    file: fs::File,
    room: usize,
    cuts: bool,
    syncs: bool,
}

impl Medium for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let fits = bytes.len().min(self.room);
        self.file.write_all(&bytes[..fits])?;
        self.room -= fits;
        if fits < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.syncs { Ok(()) } else { Err(io::Error::other("the disk is gone")) }
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        if self.cuts { self.file.set_len(length) } else { Err(io::Error::other("the disk is gone")) }
    }
}

#[test]
fn a_full_disk_leaves_the_journal_whole() {
    let sample = records(2);
    let bytes = bytes_of(&sample);
    let first = bytes_of(&sample[..2]).len();
    for (cuts, syncs) in [(true, true), (false, true), (true, false)] {
        let dir = tempdir().unwrap();
        let path = journal::path(dir.path());
        let file = fs::File::options().create(true).append(true).open(&path).unwrap();
        let room = if syncs { first + 100 } else { usize::MAX };
        let disk = Disk { file, room, cuts, syncs: true };
        let mut writer = Writer::new(disk, &path, Position::default());
        writer.append(&sample[..2]).unwrap();
        writer.medium().syncs = syncs;
        let error = writer.append(&sample[2..]).unwrap_err();
        let length = fs::metadata(&path).unwrap().len() as usize;
        assert_eq!(length, if cuts { first } else { first + 100 });
        writer.medium().room = usize::MAX;
        let next = writer.append(&sample[2..]);
        if cuts && syncs {
            assert!(error.to_string().contains("free some space"), "{error}");
            next.unwrap();
            assert_eq!(fs::read(&path).unwrap(), bytes);
        } else {
            assert!(matches!(next, Err(StorageError::Sealed { .. })), "{next:?}");
            let mut opened = open(dir.path());
            assert_eq!(opened.history, Some(history(&sample[..2])));
            opened.store.append(&sample[2..]).unwrap();
            assert_eq!(fs::read(&path).unwrap(), bytes);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn an_index_damaged_anywhere_gives_the_same_history(
        settled in 1_usize..40,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..60),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let dir = tempdir().unwrap();
        let sample = filled(dir.path(), &[settled, settled + 5]);
        let db = dir.path().join("index.sled").join("db");
        let mut bytes = fs::read(&db).unwrap();
        // sled's file is mostly empty: damage what is written.
        let used = bytes.iter().rposition(|b| *b != 0).unwrap_or(0) + 1;
        for (at, value) in damage {
            bytes[at.index(used)] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(used));
        }
        fs::write(&db, bytes).unwrap();
        let opened = open(dir.path());
        prop_assert_eq!(opened.history, Some(history(&sample)));
        let mut store = opened.store;
        store.settle(&history(&sample), &BTreeSet::new()).unwrap();
        drop(store);
        prop_assert_eq!(open(dir.path()).history, Some(history(&sample)));
    }
}
