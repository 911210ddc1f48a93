//! The last words, on the normal screen: what the study found, where it is kept, how to go on.

use std::fmt::Display;
use std::path::Path;

use anyhow::Result;

use super::RunArgs;
use super::output::{complain, data, say, score};
use super::run::command_line;
use crate::analysis::compare::Ties;
use crate::analysis::versus::versus;
use crate::domain::command::End;
use crate::domain::history::History;
use crate::domain::trial::Trial;
use crate::domain::value::significant;
use crate::export::summary;
use crate::wire;

/// Prints them.
///
/// # Errors
/// Where nobody reads the output any more.
pub fn report(args: &RunArgs, history: &History, store: &Path, end: &End) -> Result<()> {
    if args.json {
        return data(&summary::summary_line(history, wire::now())?);
    }
    let study = history.study();
    let counts = history.counts();
    let wanted = history.target().max(counts.finished());
    say(&format!("{}: {} of {wanted} trials ended", study.name, counts.finished()))?;
    match history.incumbent().and_then(|best| Some((best, score(history, best, 4)?))) {
        Some((best, score)) => {
            say(&format!("best: {score}, trial {}", best.id))?;
            for (name, value) in &best.params {
                say(&format!("  {name} = {value}"))?;
            }
            for line in against_baselines(history, best) {
                say(&line)?;
            }
            if let Some(words) = Ties::of(history).summary() {
                say(words)?;
            }
            say(&format!("export it:  tune-tui export {}", store.display()))?;
        }
        None => say("no trial has finished with a score")?,
    }
    say(&format!("stored in   {}", store.display()))?;
    match end {
        End::Done => {}
        End::Stopped => complain(&format!("all is saved; resume with: {}", command_line(args))),
        End::Failed(reason) => {
            complain(&format!(
                "error: {reason}\nwhat had finished is saved; resume with: {}",
                command_line(args)
            ));
        }
    }
    Ok(())
}

/// The last words where the store can't be read back, as on a disk that is full or broken: first why the study ended.
pub fn unread(end: &End, error: &dyn Display, resume: &str) -> String {
    let why = match end {
        End::Failed(reason) => format!("error: {reason}\n"),
        End::Done | End::Stopped => String::new(),
    };
    format!(
        "{why}error: what is stored can't be read back: {error}\nonce that is mended, resume with: {resume}"
    )
}

/// How the best trial does against the best baseline, and the scores of all.
fn against_baselines(history: &History, best: &Trial) -> Vec<String> {
    let study = history.study();
    let scored = history.baselines().iter().filter_map(|b| Some((b.mean(&study.metric)?, b)));
    let mut scored: Vec<_> = scored.collect();
    scored.sort_by(|(a, _), (b, _)| study.direction.compare(*a, *b));
    let Some((_, strongest)) = scored.first() else { return Vec::new() };
    let listed = scored.iter().map(|(score, b)| format!("{} {}", b.baseline, significant(*score, 4)));
    let listed = format!("baselines: {}", listed.collect::<Vec<_>>().join(", "));
    let compared = versus(study, best, strongest);
    let verdict =
        compared.map(|c| format!("against {}, trial {} is {}", strongest.baseline, best.id, c.words()));
    std::iter::once(listed).chain(verdict).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_a_study_ended_is_said_also_where_its_store_is_broken() {
        let words =
            unread(&End::Failed("no space left on device".into()), &"cut off at line 3", "tune-tui own.toml");
        let lines: Vec<&str> = words.lines().collect();
        assert_eq!(lines[0], "error: no space left on device");
        assert!(
            lines[1].ends_with("cut off at line 3") && lines[2].ends_with("tune-tui own.toml"),
            "{words}"
        );
        assert!(unread(&End::Done, &"gone", "x").starts_with("error: what is stored"));
    }
}
