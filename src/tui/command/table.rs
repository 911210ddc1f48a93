//! Every command.

use super::{CommandRow, go, screen, study};

const fn row(
    name: &'static str,
    usage: &'static str,
    help: &'static str,
    complete: fn(&super::AppState, &[&str]) -> Vec<super::Candidate>,
    run: fn(&mut super::AppState, &str) -> super::Outcome,
) -> CommandRow {
    CommandRow { name, usage, help, complete, run }
}

/// In the order in which they are offered.
#[rustfmt::skip]
pub const COMMANDS: &[CommandRow] = &[
    row("overview", "", "the overview", go::nothing, go::overview),
    row("trials", "[N|+N]", "all trials; with a number: run so many in all", go::nothing, study::trials),
    row("trial", "[N]", "the selected trial, or number N; the number alone does it too", go::any_trial, go::trial),
    row("search", "", "what was found where", go::nothing, go::search),
    row("sampler", "[NAME name=value …]", "what the sampler thinks; with a name: switch to it", study::samplers, study::sampler),
    row("pruner", "NAME [name=value …]", "switch the pruner", study::pruners, study::pruner),
    row("compare", "[N N …]", "the marked trials side by side, or these", go::any_trial, go::compare),
    row("devices", "", "processor, memory, cards and jobs", go::nothing, go::devices),
    row("studies", "", "the studies of this folder", go::nothing, go::studies),
    row("log", "", "what happened", go::nothing, go::log),
    row("help", "[WORD]", "the keys, or those whose help has a word", go::nothing, go::help),
    row("filter", "[WORDS]", "show some trials: relu, !relu, filters>50, state:failed; all where nothing follows", screen::filters, screen::filter),
    row("sort", "COLUMN", "sort by a column; with - before it the other way round", screen::sorts, screen::sort),
    row("columns", "[NAME …]", "the columns of the table, in this order; the usual ones where none follows", screen::shown, screen::show),
    row("mark", "[N …]", "mark the selected trial, or these, to compare them; again: unmark", go::any_trial, go::mark),
    row("pause", "", "start no new trials", go::nothing, |state, _| study::pause(state, true)),
    row("resume", "", "start new trials again", go::nothing, |state, _| study::pause(state, false)),
    row("workers", "N|+1|-1", "run so many trials at once", go::nothing, study::workers),
    row("enqueue", "[name=value …]", "queue a trial with these values; the rest is drawn", study::assignments, study::enqueue),
    row("clone", "[N]", "copy the selected trial, or number N, and edit it", go::any_trial, study::clone),
    row("cancel", "[N]", "cancel the selected trial, or number N (asks first)", study::running, study::cancel),
    row("pin", "[N]", "keep a trial in sight; again: let it go", go::any_trial, study::pin),
    row("note", "N TEXT", "write something about a trial", go::any_trial, study::note),
    row("range", "PARAMETER LOW HIGH|a,b|reset", "search a parameter in another range from now on", study::ranges, study::range),
    row("export", "[N]", "write the best trial, or number N, as a study file", study::complete, screen::export),
    row("copy", "[config|row|score|enqueue]", "copy the selected trial to the terminal's clipboard", screen::copies, screen::copy),
    row("theme", "NAME", "change the colours", screen::themes, screen::theme),
    row("freeze", "", "hold the screen; again: let it go on", go::nothing, screen::freeze),
    row("quit", "", "leave (asks while trials run)", go::nothing, go::quit),
];
