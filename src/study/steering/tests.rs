use super::*;
use crate::domain::command::{End, StopMode, Update};
use crate::domain::event::{Asked, Record};
use crate::domain::history::History;
use crate::domain::testing::{choice, float, space};
use crate::storage::memory::MemoryStore;
use crate::study::handle;
use crate::study::tests::{Published, Tail, essence, finish, parts, replay, spec};

fn at(x: f64) -> Params {
    Params::from([("x".to_owned(), Value::Float(x))])
}

fn method(kind: &str) -> Method {
    Method { kind: kind.into(), settings: Params::new() }
}

fn asked(trials: usize, sampler: &str) -> Asked {
    let (sampler, pruner) = (Some(method(sampler)), Some(method("none")));
    Asked { trials, workers: Some(1), sampler, pruner }
}

fn begin(trials: usize) -> (Study, Published) {
    let (parts, published) = parts(1, f64::INFINITY);
    (Study::open(parts, spec(), None, asked(trials, "touchy")).unwrap(), published)
}

fn resume(history: History, asked: Asked) -> Study {
    let (mut parts, _) = parts(1, f64::INFINITY);
    parts.storage = Box::new(Tail(MemoryStore::new()));
    Study::open(parts, spec(), Some(history), asked).unwrap()
}

fn tell(study: &mut Study, commands: impl IntoIterator<Item = Command>) {
    commands.into_iter().for_each(|command| study.command(command).unwrap());
}

fn range(low: f64, high: f64) -> Command {
    Command::Range { parameter: "x".into(), distribution: float(low, high) }
}

fn enqueue(x: f64, parent: Option<TrialId>) -> Command {
    Command::Enqueue { params: at(x), parent }
}

/// What was said since the history had so many lines, loud or not.
fn said(study: &Study, before: usize) -> Vec<String> {
    study.history().log().skip(before).map(|line| line.text.clone()).collect()
}

fn warned(study: &mut Study, command: Command) -> String {
    let before = study.history().log().count();
    let events = study.history().next_sequence();
    tell(study, [command]);
    assert_eq!(study.history().next_sequence(), events + 1, "nothing but the warning");
    assert_eq!(study.history().log().next_back().unwrap().level, Level::Warning);
    said(study, before).remove(0)
}

fn xs(history: &History) -> Vec<f64> {
    history.trials().iter().map(|t| t.params["x"].as_f64().unwrap()).collect()
}

/// Every command that changes something, each after some trials more.
fn steered(study: &mut Study) {
    let ended = |study: &mut Study, wanted: usize| {
        while study.history().counts().finished() < wanted {
            assert_eq!(study.turn().unwrap(), None);
        }
    };
    ended(study, 3);
    tell(study, [range(0.2, 0.5), Command::Pin { trial: 1, pinned: true }]);
    ended(study, 6);
    tell(study, [Command::Sampler(method("middle"))]);
    ended(study, 7);
    tell(study, [Command::Sampler(method("touchy")), Command::Pruner(method("strict"))]);
    ended(study, 9);
    let annotate = Command::Annotate { trial: 2, text: " odd \n".into() };
    tell(study, [enqueue(0.9, Some(1)), range(-1.0, 0.6), annotate, Command::Trials(16)]);
    ended(study, 13);
    tell(study, [Command::Workers(2), Command::Workers(1), Command::Cancel(13)]);
}

#[test]
fn a_study_that_was_steered_is_what_its_records_say_and_goes_on_as_it_was() {
    let (mut study, published) = begin(12);
    steered(&mut study);
    assert_eq!(finish(&mut study), End::Done);
    let records = published.lock().unwrap().clone();
    let history = study.history();
    assert_eq!(&replay(&records), history);
    assert_eq!(history.counts().finished(), 16);
    assert!(xs(history)[3..6].iter().all(|x| (0.2..=0.5).contains(x)), "{:?}", xs(history));
    assert!(history.trials()[9].origin.parents == [1] && history.trials()[9].origin.by == CLONED);
    assert_eq!((history.trials()[1].pinned, history.trials()[2].annotation.as_str()), (true, "odd"));
    assert_eq!(history.space().parameters[0].distribution, float(-1.0, 0.6));
    assert_eq!(history.study().space.parameters[0].distribution, float(-1.0, 1.0));
    assert_eq!(history.created_space(), &spec().space);
    assert_eq!(history.sampler_name(), "touchy");
    let words: Vec<&str> = history.trials().iter().map(|t| t.state.word()).collect();
    assert!(words[9..].contains(&"pruned"), "{words:?}");
    let seeds: std::collections::BTreeSet<u64> = history.trials().iter().map(|t| t.seed).collect();
    assert_eq!(seeds.len(), 16, "each has its own");

    // Cut off after any record, it ends as it did, bit for bit, as long as nobody says anything new.
    let expected: Vec<Trial> = history.trials().iter().map(|t| essence(t)).collect();
    let last = records.iter().rposition(|r| r.event.may_come_at_rest() && !is_note(r)).unwrap();
    for cut in last + 1..records.len() {
        let mut resumed = resume(replay(&records[..cut]), asked(12, "touchy"));
        assert_eq!(resumed.history().target(), 16);
        assert_eq!(finish(&mut resumed), End::Done);
        let trials: Vec<Trial> = resumed.history().trials().iter().map(|t| essence(t)).collect();
        assert_eq!(trials, expected, "cut off after record {cut}");
    }
}

fn is_note(record: &Record) -> bool {
    matches!(record.event, Event::Noted { .. })
}

#[test]
fn the_last_word_counts_when_a_study_is_opened_again() {
    let (mut study, published) = begin(4);
    finish(&mut study);
    tell(&mut study, [Command::Trials(6), Command::Workers(3), Command::Sampler(method("middle"))]);
    tell(&mut study, [Command::Pruner(method("strict"))]);
    finish(&mut study);
    let history = replay(&published.lock().unwrap());
    let before = history.log().count();

    // The file says what it said: what was steered stands, also the next time.
    let same = resume(history.clone(), asked(4, "touchy"));
    let again = resume(same.history().clone(), asked(4, "touchy"));
    for study in [&same, &again] {
        let own = study.history();
        assert_eq!((own.target(), own.slots(), own.sampler_name()), (6, 3, "middle"));
        assert_eq!(own.pruner(), Some(&method("strict")));
        assert_eq!(study.parts.executor.layout().slots, 3);
    }
    let lines = said(&same, before);
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(
        lines[0].starts_with("6 trials, as was asked for while the study ran; the study file's 4 trials")
    );

    // It says something else of some: there it counts, and what is left of the others stands.
    let mut changed = resume(history.clone(), asked(9, "other"));
    let own = changed.history();
    assert_eq!((own.target(), own.slots(), own.sampler_name()), (9, 3, "other"));
    assert_eq!(own.sampler(), None);
    let lines = said(&changed, before);
    assert!(
        lines[0].starts_with("9 trials, as the study file says now, not 6 trials as was asked"),
        "{lines:?}"
    );
    assert!(lines[2].starts_with("sampler other, as the study file says now"), "{lines:?}");
    finish(&mut changed);
    assert!(changed.history().trials()[6..].iter().all(|t| t.origin.by == "touchy"), "the parts' own");

    // What can't be made any more is said, and the file's takes its place.
    let mut lost = history.clone();
    let event = Event::SamplerSwitched { sampler: method("of a later version") };
    lost.apply(&Record { sequence: lost.next_sequence(), at: 1000, event }).unwrap();
    let event = Event::PrunerSwitched { pruner: method("of a later version") };
    lost.apply(&Record { sequence: lost.next_sequence(), at: 1000, event }).unwrap();
    let lost = resume(lost, asked(4, "touchy"));
    let lines = said(&lost, before);
    assert!(lines.iter().any(|line| line.contains("no such sampler")));
    // Who really suggests and judges is named from then on.
    let own = lost.history();
    assert_eq!((own.sampler_name(), own.pruner()), ("touchy", Some(&method("none"))));
    let again = resume(own.clone(), asked(4, "touchy"));
    let later: Vec<String> = said(&again, before + lines.len());
    assert!(later.iter().all(|line| !line.contains("of a later version")), "{later:?}");
}

#[test]
fn more_trials_let_a_finished_study_go_on_and_fewer_end_it_where_it_is() {
    let (mut study, _) = begin(3);
    assert_eq!(finish(&mut study), End::Done);
    tell(&mut study, [Command::Trials(5)]);
    assert_eq!(finish(&mut study), End::Done);
    assert_eq!(study.history().counts().finished(), 5);
    let text = warned(&mut study, Command::Trials(2));
    assert_eq!(text, "5 trials have begun already: the study ends with those");
    // One that waits because a person enqueued it has not begun.
    tell(&mut study, [Command::Trials(9), Command::Pause, enqueue(0.5, None), Command::Trials(5)]);
    tell(&mut study, [Command::Resume]);
    assert_eq!(finish(&mut study), End::Done);
    assert_eq!((study.history().counts().waiting, study.history().target()), (1, 5));
    tell(&mut study, [Command::Trials(6)]);
    assert_eq!(finish(&mut study), End::Done);
    assert_eq!(study.history().counts().waiting, 0);
}

#[test]
fn a_sampler_with_nothing_left_is_asked_again_when_the_ranges_or_it_change() {
    let (mut study, _) = begin(9);
    tell(&mut study, [Command::Sampler(method("middle"))]);
    assert_eq!(finish(&mut study), End::Done);
    assert_eq!((study.history().target(), study.history().wanted()), (3, 9));
    // Those outside are not what it sees: it has three more.
    tell(&mut study, [range(0.6, 0.8)]);
    assert_eq!(finish(&mut study), End::Done);
    assert_eq!((study.history().target(), study.history().wanted()), (6, 9));
    tell(&mut study, [Command::Sampler(method("touchy"))]);
    assert_eq!(finish(&mut study), End::Done);
    assert_eq!(study.history().counts().finished(), 9);
}

#[test]
fn what_is_enqueued_runs_next_however_often_and_counts_among_those_wanted_until_they_have_begun() {
    let (mut study, _) = begin(2);
    tell(&mut study, [enqueue(0.25, None), enqueue(0.25, None)]);
    assert_eq!(finish(&mut study), End::Done);
    assert_eq!(xs(study.history()), [0.25, 0.25]);
    tell(&mut study, [enqueue(0.25, Some(0))]);
    assert_eq!(study.history().target(), 3);
    assert_eq!(finish(&mut study), End::Done);
    assert_eq!(study.history().counts().complete, 3);
    assert!(warned(&mut study, enqueue(1.5, None)).contains("outside the distribution of parameter `x`"));
    assert_eq!(warned(&mut study, enqueue(0.5, Some(7))), "there is no trial 7");
}

#[test]
fn each_replicate_of_the_search_gets_what_is_enqueued_and_sees_its_own_parents_only() {
    let (parts, _) = parts(1, f64::INFINITY);
    let study = StudySpec { replicates: 2, ..spec() };
    let mut study = Study::open(parts, study, None, 4).unwrap();
    finish(&mut study);
    tell(&mut study, [enqueue(0.3, Some(1))]);
    finish(&mut study);
    assert_eq!((study.history().trials().len(), study.history().counts().complete), (6, 6));
    assert!(study.history().replicate(0).trials()[2].origin.parents.is_empty());
    assert_eq!(study.history().replicate(1).trials()[2].origin.parents, [0]);
    tell(&mut study, [range(0.0, 0.4), Command::Trials(10)]);
    finish(&mut study);
    assert!(xs(study.history())[6..].iter().all(|x| *x <= 0.4));
    let seeds: std::collections::BTreeSet<u64> = study.history().trials().iter().map(|t| t.seed).collect();
    assert_eq!(seeds.len(), 10);
}

#[test]
fn replicates_have_as_many_trials_each_whatever_is_asked_for() {
    let (parts, _) = parts(1, f64::INFINITY);
    let study = StudySpec { replicates: 2, ..spec() };
    let mut study = Study::open(parts, study, None, 4).unwrap();
    while study.history().trials().len() < 3 {
        study.turn().unwrap();
    }
    // One more is wanted, and two of them come.
    tell(&mut study, [enqueue(0.3, None)]);
    assert_eq!((study.history().trials().len(), study.history().target()), (5, 5));
    finish(&mut study);
    let before = study.history().log().count();
    tell(&mut study, [Command::Trials(7)]);
    assert_eq!(study.history().target(), 8);
    assert_eq!(said(&study, before), ["8 trials, not 7: each of the 2 replicates has as many"]);
    assert_eq!(finish(&mut study), End::Done);
    assert_eq!(study.history().counts().finished(), 8);
}

#[test]
fn what_can_not_be_followed_is_said_and_changes_nothing() {
    let (mut study, _) = begin(3);
    let cases = [
        (Command::Workers(0), "pause the study instead"),
        (range(0.7, 0.2), "needs its smaller end first, not 0.7 to 0.2"),
        (range(f64::NAN, 1.0), "two finite ends"),
        (range(-9.0, 1.0), "parameter `x` must be from -4.000 to 4.000"),
        (Command::Range { parameter: "y".into(), distribution: float(0.0, 1.0) }, "these are: x"),
        (Command::Range { parameter: "x".into(), distribution: choice(&["a"]) }, "stays of its kind"),
        (Command::Sampler(method("best")), "can't switch to sampler best: no such sampler; touchy goes on"),
        (Command::Pruner(method("best")), "no such pruner; the old one stays"),
        (Command::Pin { trial: 9, pinned: true }, "there is no trial 9"),
        (Command::Annotate { trial: 9, text: "x".into() }, "there is no trial 9"),
    ];
    for (command, words) in cases {
        let text = warned(&mut study, command);
        assert!(text.contains(words), "{text}");
    }
    // A range that the sampler could not search, and a sampler that could not search the ranges.
    tell(&mut study, [range(-3.5, 1.0)]);
    let text = warned(&mut study, Command::Sampler(method("middle")));
    assert!(text.contains("it has no middle") && text.contains("touchy goes on"), "{text}");
    tell(&mut study, [range(0.0, 1.0), Command::Sampler(method("middle"))]);
    assert!(warned(&mut study, range(-3.5, 1.0)).contains("the sampler middle could not search it"));
    // More workers than there are cores: as many as there are.
    tell(&mut study, [Command::Workers(9)]);
    assert_eq!(study.history().slots(), 4);
    assert!(study.history().log().next_back().unwrap().text.contains("there are 4 cores, so 4"));
    // What is as it was already is no event.
    let events = study.history().next_sequence();
    tell(&mut study, [Command::Workers(4), Command::Trials(3), range(0.0, 1.0)]);
    assert_eq!(study.history().next_sequence(), events);
    assert_eq!(finish(&mut study), End::Done);
}

#[test]
fn workers_come_and_go_while_trials_run() {
    let (mut study, _) = begin(12);
    let running = |study: &Study| study.history().counts().running;
    study.turn().unwrap();
    assert_eq!(running(&study), 1);
    tell(&mut study, [Command::Workers(3)]);
    study.turn().unwrap();
    assert_eq!((running(&study), study.history().slots()), (3, 3));
    tell(&mut study, [Command::Workers(2)]);
    while study.history().counts().finished() < 2 {
        study.turn().unwrap();
        assert!(running(&study) <= 3);
    }
    study.turn().unwrap();
    assert_eq!(running(&study), 2);
    assert_eq!(finish(&mut study), End::Done);
}

#[test]
fn a_study_that_lingers_goes_on_when_more_is_wanted_and_ends_when_it_is_left() {
    let (mut own, _) = parts(1, f64::INFINITY);
    let (sender, updates) = handle::updates();
    let hear = sender.clone();
    own.publish = Box::new(move |record| drop(hear.send(Update::Recorded(record.clone()))));
    let mut study = Study::open(own, spec(), None, 2).unwrap();
    study.linger();
    let handle = handle::spawn(study, sender).unwrap();
    let mut history: Option<History> = None;
    let mut until_end = || loop {
        match updates.recv().unwrap() {
            Update::Ended(end) => return (end, history.clone().unwrap()),
            Update::Recorded(record) => match &mut history {
                Some(history) => history.apply(&record).unwrap(),
                none => *none = Some(History::begin(&record).unwrap()),
            },
        }
    };
    let (end, known) = until_end();
    assert_eq!((end, known.counts().finished()), (End::Done, 2));
    handle.commands.send(Command::Pin { trial: 0, pinned: true }).unwrap();
    let (end, known) = until_end();
    assert!(end == End::Done && known.trials()[0].pinned);
    handle.commands.send(Command::Trials(4)).unwrap();
    let (end, known) = until_end();
    assert_eq!((end, known.counts().finished()), (End::Done, 4));
    handle.commands.send(Command::Stop(StopMode::Now)).unwrap();
    assert_eq!(until_end().0, End::Done, "nothing was cut off");
    handle.join();
    assert!(updates.recv().is_err(), "nothing follows");
}

#[test]
fn choices_stand_in_the_order_of_the_study() {
    let (parts, _) = parts(1, f64::INFINITY);
    let words = space([("x", float(0.0, 1.0)), ("word", choice(&["a", "b", "c"]))]);
    let mut study = Study::open(parts, StudySpec { space: words.clone(), ..spec() }, None, 3).unwrap();
    let only = |choices: &[&str]| Command::Range { parameter: "word".into(), distribution: choice(choices) };
    tell(&mut study, [only(&["c", "a"])]);
    assert_eq!(study.history().space().parameters[1].distribution, choice(&["a", "c"]));
    assert!(warned(&mut study, only(&["d"])).contains("can't be d: its choices are a, b, c"));
    tell(&mut study, [only(&["b", "c", "a"])]);
    assert_eq!(study.history().space(), &words);
}

#[test]
fn a_study_whose_ranges_were_changed_is_opened_with_the_file_that_made_it() {
    let (mut study, published) = begin(2);
    finish(&mut study);
    tell(&mut study, [range(-3.5, 2.0)]);
    let history = replay(&published.lock().unwrap());
    assert_eq!(resume(history.clone(), asked(2, "touchy")).history().space(), study.history().space());
    // Another space is still another study.
    let other = StudySpec { space: study.history().study().space.clone(), ..spec() };
    let error = Study::open(parts(1, 1.0).0, other, Some(history.clone()), 2).map(drop).unwrap_err();
    assert!(error.to_string().contains("the search space changed since"), "{error}");
    // A sampler that can't search the ranges is refused before anything runs.
    let (mut own, _) = parts(1, 1.0);
    own.sampler = own.maker.sampler(&method("middle"), &spec().space, 2).map(|made| made.part).unwrap();
    let error = Study::open(own, spec(), Some(history), asked(2, "middle")).map(drop).unwrap_err();
    assert!(error.to_string().contains("it has no middle"), "{error}");
}
