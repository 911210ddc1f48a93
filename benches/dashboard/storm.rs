//! A million random keys and sizes, of which none may panic: `cargo bench --bench dashboard -- storm [EVENTS]`.

use std::error::Error;

use tune_tui::analysis::importance::importance_soon;
use tune_tui::domain::event::Record;
use tune_tui::domain::history::EventError;
use tune_tui::domain::insight::Contour;
use tune_tui::domain::seed::Rng;
use tune_tui::tui::Options;
use tune_tui::tui::ask::{Answer, Ask};
use tune_tui::tui::stage::Stage;

use super::history::{Grown, large, study};

/// Keys that do something, and some that do not.
const KEYS: &str = "1 2 3 4 5 6 7 8 9 h j k l g G gg s S z x / ? : q p m o c C N n t w r a A e y f i d + - [ ] { } < > # L \
    * ! . , Space Enter Enter Esc Esc Esc Tab Tab S-Tab Up Down Left Right Home End PgUp PgDn Backspace ^d ^u ^w ^l 0 5 = ~";

/// Events between two histories.
const ROUND: usize = 5000;

/// A trial that begins, and an epoch of it.
fn happening(grown: &mut Grown) -> Result<Vec<Record>, EventError> {
    let from = grown.history.next_sequence();
    let trial = grown.start()?;
    grown.report(trial)?;
    Ok(grown.records.iter().filter(|record| record.sequence >= from).cloned().collect())
}

/// What can be had at once, and a refusal of the rest.
fn answer(ask: Ask) -> Answer {
    match ask {
        Ask::Importance(history) => {
            Answer::Importance(importance_soon(&history).map_err(|error| error.to_string()))
        }
        Ask::Contour(_, parameters) => {
            Answer::Contour(Ok(Contour { parameters, side: 9, belief: (0..81).map(f64::from).collect() }))
        }
        other => Answer::refusal(other, "refused by the storm"),
    }
}

/// Presses, resizes and draws.
pub fn rage(events: usize) -> Result<(), Box<dyn Error>> {
    let keys: Vec<&str> = KEYS.split_whitespace().collect();
    let mut rng = Rng::new(20_260_105);
    let mut below = |n: usize| (rng.uniform() * n as f64) as usize;
    let mut done = 0;
    while done < events {
        let mut grown = match below(4) {
            0 => Grown::new(study("none", 10), 0, true)?,
            1 => large(below(40), 12, true)?,
            2 => large(400, 20, true)?,
            _ => large(1, 4, true)?,
        };
        let options = Options { ascii: below(2) == 0, color: below(3) > 0 };
        let mut stage = Stage::new(grown.history.clone(), options, grown.now(), (80, 24))?;
        for _ in 0..ROUND.min(events - done) {
            done += 1;
            let asks = match below(20) {
                0 => stage.resize((1 + below(300) as u16, 1 + below(100) as u16))?,
                1 => stage.resize((1 + below(70) as u16, 1 + below(20) as u16))?,
                2 => stage.record(happening(&mut grown)?),
                3 => stage.tick(grown.now() + below(100_000) as u64),
                _ => stage.press(keys[below(keys.len())])?,
            };
            for ask in asks {
                stage.answer(answer(ask));
            }
            stage.draw()?;
        }
        println!("{done} events");
    }
    Ok(())
}
