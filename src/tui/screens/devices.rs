//! The view of the machine and the cluster.

use super::*;
use crate::tui::machine::Sample;
use crate::tui::machine::cards::{Card, Cards};
use crate::tui::machine::jobs::{Job, Jobs};
use crate::tui::machine::load::Machine;
use crate::tui::machine::processes::Process;

const MONO: Options = Options { ascii: true, color: false };

fn machine(at: u32, cores: u32) -> Sample {
    let busy =
        |i: u32| (40.0 + 35.0 * f64::from(at + 3 * i).sin() + f64::from(i % 4) * 6.0).clamp(0.0, 100.0) as u8;
    Sample::Machine(Machine {
        load: Load { processor: busy(1), memory: (u64::from(at % 40) + 40) << 28, total: 62 << 30 },
        cores: (0..cores).map(busy).collect(),
        swap: (1 << 29, 8 << 30),
        average: [3.214, 2.8, 2.107],
    })
}

fn cards(count: u32) -> Sample {
    let card = |number: u32| Card {
        number,
        name: "NVIDIA H200".into(),
        busy: Some([63, 97, 0][number as usize % 3]),
        memory: Some((u64::from(number * 17 + 12) << 30, 140 << 30)),
        temperature: Some(54 + 4 * number),
        hottest: Some(87),
        power: Some(312),
        most_power: (number != 1).then_some(700),
        processes: vec![100, 4000],
        problem: None,
    };
    let mut cards: Vec<Card> = (0..count).map(card).collect();
    if let Some(last) = cards.get_mut(2) {
        *last = Card { number: 2, problem: Some("device fell off the bus".into()), ..Card::default() };
    }
    Sample::Cards(Cards::Found(cards))
}

fn processes(state: &AppState, count: u32) -> Sample {
    let process = |i: u32| Process {
        pid: 100 + i,
        depth: (i.min(1) + u32::from(i > 1 && i.is_multiple_of(2))) as usize,
        command: format!("python3 train.py --config runs/a\u{1b}[31m/{i}.json --fold all"),
        trial: (i > 1).then_some(11 + i as usize / 2),
        processor: (i != 3).then_some(i * 83 % 300),
        memory: u64::from(i * 377 + 90) << 20,
        started: state.now - u64::from(i) * 61_000 - 5_000,
        state: if i == 4 { "stopped" } else { "running" },
    };
    Sample::Processes((0..count).map(process).collect())
}

fn job(id: &str, letters: &str, state: &str, left: Option<u64>, reason: &str, name: &str) -> Job {
    let running = letters == "R";
    Job {
        id: id.into(),
        state: state.into(),
        letters: letters.into(),
        nodes: if running { "node[07-08]".into() } else { String::new() },
        used: running.then_some(3_000),
        left,
        limit: left.map(|_| 7_200),
        reason: reason.into(),
        name: name.into(),
    }
}

fn jobs() -> Sample {
    Sample::Jobs(Jobs::Found(vec![
        job("27_1", "R", "running", Some(4_200), "", "pig_ebv-trial-12"),
        job("27_2", "R", "running", Some(200), "", "pig_ebv-trial-13"),
        job("28", "R", "running", None, "", "interactive"),
        job("27_[3-9%2]", "PD", "pending", Some(7_200), "JobArrayTaskLimit", "pig_ebv"),
        job("31", "CG", "completing", Some(0), "", "pig_ebv-trial-9"),
        job("19", "F", "failed", Some(0), "NonZeroExitCode", "pig_ebv-trial-2"),
    ]))
}

/// The view with every source told.
fn told(options: Options) -> AppState {
    let mut state = app(&busy(), options);
    press(&mut state, "7");
    tell(&mut state);
    state
}

/// Tells of a machine of 16 cores with two cards, of processes and of jobs.
pub fn tell(state: &mut AppState) {
    for at in 0..90 {
        update(state, Msg::Sampled(machine(at, 16)));
    }
    let processes = processes(state, 7);
    for sample in [cards(2), processes, jobs()] {
        update(state, Msg::Sampled(sample));
    }
}

#[test]
fn devices() {
    for (theme, options) in [("", PLAIN), ("ascii_", MONO)] {
        let mut state = told(options);
        for (panel, keys) in [("machine", ""), ("cards", "\t"), ("processes", "\t"), ("jobs", "\t")] {
            press(&mut state, keys);
            insta::assert_snapshot!(format!("{theme}{panel}_80x24"), screen(&mut state, 80, 24));
        }
        for (width, height) in [(120, 40), (200, 60)] {
            insta::assert_snapshot!(format!("{theme}{width}x{height}"), screen(&mut state, width, height));
        }
    }
}

#[test]
fn before_the_first_samples_and_without_cards_or_slurm() {
    let mut state = app(&busy(), PLAIN);
    press(&mut state, "7");
    insta::assert_snapshot!("waiting_120x40", screen(&mut state, 120, 40));
    let reason = "the driver's library libnvidia-ml.so.1 was not found";
    let only = processes(&state, 1);
    for sample in
        [machine(3, 2), Sample::Cards(Cards::Absent(reason.into())), Sample::Jobs(Jobs::Absent), only]
    {
        update(&mut state, Msg::Sampled(sample));
    }
    insta::assert_snapshot!("absent_120x40", screen(&mut state, 120, 40));
    insta::assert_snapshot!("absent_80x24", screen(&mut state, 80, 24));
    let failed = Jobs::Failed("squeue did not answer within 5s".into());
    update(&mut state, Msg::Sampled(Sample::Jobs(failed.clone())));
    assert!(screen(&mut state, 120, 40).contains("squeue did not answer within 5s. It is asked again"));
    update(&mut state, Msg::Sampled(Sample::Jobs(Jobs::Found(vec![]))));
    assert!(screen(&mut state, 120, 40).contains("Slurm has no job of yours"));
    update(&mut state, Msg::Sampled(jobs()));
    let later = state.now + 30_000;
    update(&mut state, Msg::Tick(later));
    update(&mut state, Msg::Sampled(Sample::Jobs(failed)));
    let shown = screen(&mut state, 120, 40);
    assert!(shown.contains("squeue did not answer within 5s; what follows is 30s old"), "{shown}");
    assert!(shown.contains("1h 09m") && shown.contains("2m 50s"), "time goes on: {shown}");
}

#[test]
fn a_large_machine_with_many_cards_is_scrolled() {
    let mut state = told(PLAIN);
    for at in 0..3 {
        update(&mut state, Msg::Sampled(machine(at, 128)));
    }
    let many = processes(&state, 40);
    for sample in [cards(8), many] {
        update(&mut state, Msg::Sampled(sample));
    }
    insta::assert_snapshot!("large_200x60", screen(&mut state, 200, 60));
    insta::assert_snapshot!("large_80x24", screen(&mut state, 80, 24));
    press(&mut state, "\tjj");
    let shown = screen(&mut state, 80, 24);
    assert!(
        shown.contains("3–6 of 8") && shown.contains("2 says nothing: device fell off the bus"),
        "{shown}"
    );
    press(&mut state, "\tG");
    assert!(screen(&mut state, 80, 24).contains("139"), "the last process");
}

#[test]
fn the_machine_draws_only_where_it_is_shown() {
    let mut state = told(PLAIN);
    state.stale = false;
    update(&mut state, Msg::Sampled(cards(2)));
    assert!(!state.stale, "the same again");
    update(&mut state, Msg::Sampled(cards(3)));
    assert!(state.stale);
    press(&mut state, "1");
    state.stale = false;
    for sample in [machine(1, 4), cards(1), jobs()] {
        update(&mut state, Msg::Sampled(sample));
    }
    assert!(!state.stale, "in another view");
}

#[test]
fn every_size_of_every_panel() {
    let mut state = told(PLAIN);
    update(&mut state, Msg::Sampled(machine(5, 300)));
    for _ in 0..4 {
        press(&mut state, "\t");
        for (width, height) in (1..130).step_by(7).flat_map(|w| (1..45).step_by(3).map(move |h| (w, h))) {
            draw(&mut state, width, height);
        }
    }
}

#[test]
fn a_frozen_machine_stands_still_and_then_shows_what_it_missed() {
    let mut state = told(PLAIN);
    press(&mut state, "f");
    let still = screen(&mut state, 120, 40);
    let later = processes(&state, 3);
    let mut fresh = told(PLAIN);
    for state in [&mut state, &mut fresh] {
        for sample in [machine(5, 16), cards(1), later.clone()] {
            update(state, Msg::Sampled(sample));
        }
    }
    assert_eq!(screen(&mut state, 120, 40), still);
    press(&mut state, "f");
    for state in [&mut state, &mut fresh] {
        press(state, "17");
    }
    let seen = screen(&mut state, 120, 40);
    assert_ne!(seen, still);
    assert_eq!(seen, screen(&mut fresh, 120, 40));
}
