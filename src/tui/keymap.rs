//! The table of keys. Dispatch, the help overlay, the hints and the tests all read it.

mod bound;

use crossterm::event::KeyCode;

pub use self::bound::{Bound, Key, Keymap};
use self::bound::{char, control, key, twice};
use super::state::{PanelId, View};

/// Where a key means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// Everywhere, also in dialogs.
    Always,
    /// In every view, unless a dialog is open.
    Anywhere,
    /// In panels with something to move through.
    Moving,
    /// In a panel.
    Panel(PanelId),
    /// In every panel of the view of one trial.
    Trial,
    /// In a replay, before the panel's own.
    Replay,
    /// While no study is open yet.
    Start,
    /// While a filter or a number is written.
    Filter,
    /// While columns are chosen.
    Columns,
    /// While the help is open.
    Help,
    /// In the question before quitting.
    Quit,
    /// In the question before a trial is cancelled.
    Cancel,
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Quit, asking first where trials are live.
    Quit,
    /// As quit; a second one stops at once.
    Interrupt,
    /// Suspend the program.
    Suspend,
    /// Draw the screen anew.
    Redraw,
    /// Open or close the help.
    Help,
    /// Go back: close what is open, clear the filter, leave the detail, undo the zoom.
    Back,
    /// A view.
    Show(View),
    /// Focus the next panel.
    NextPanel,
    /// Focus the panel before.
    PreviousPanel,
    /// Give the focused panel the whole screen, or take it back.
    Zoom,
    /// Pause or resume the study.
    Pause,
    /// Cancel the selected trial.
    Cancel,
    /// One up.
    Up,
    /// One down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first.
    First,
    /// To the last.
    Last,
    /// Scroll or switch to the left.
    Left,
    /// Scroll or switch to the right.
    Right,
    /// Open the selected trial.
    Open,
    /// The selected trial's marker effects.
    Markers,
    /// The next measure of them.
    NextMeasure,
    /// Those of the next output.
    NextOutput,
    /// Show less of it, larger.
    ZoomIn,
    /// Show more of it.
    ZoomOut,
    /// Sort by the next column.
    Sort,
    /// Turn the order round.
    Reverse,
    /// Sort by the column to the left.
    SortLeft,
    /// Sort by the column to the right.
    SortRight,
    /// Choose the columns.
    Columns,
    /// Move the selected one up.
    MoveUp,
    /// Move the selected one down.
    MoveDown,
    /// Have the usual ones again.
    Usual,
    /// Go to the trial of a number.
    Jump,
    /// Write a filter.
    Filter,
    /// Take what was written, or say yes.
    Accept,
    /// Erase a character.
    Erase,
    /// Erase all.
    EraseAll,
    /// Mark the selected trial, to be compared.
    Mark,
    /// Show what the next key of a panel shows: the next parameter, measure or page of it.
    Next,
    /// The one before.
    Previous,
    /// The second parameter of two.
    NextSecond,
    /// The second one before.
    PreviousSecond,
    /// The next trial of the leaderboard, whatever the panel.
    NextTrial,
    /// The one before.
    PreviousTrial,
    /// All of them in one chart, or one.
    All,
    /// Draw on a logarithmic scale, or evenly.
    Logarithm,
    /// Let the replay run, or stop it.
    Play,
    /// One event back.
    EventBack,
    /// One event on.
    EventOn,
    /// A step of time back.
    SeekBack,
    /// A step of time on.
    SeekOn,
    /// To the study's beginning.
    Begin,
    /// To its end.
    Finish,
    /// Half as fast.
    Slower,
    /// Twice as fast.
    Faster,
    /// Stop at once.
    StopNow,
    /// Stop when the running trials have finished.
    StopAfterRunning,
}

/// A row of the table.
#[derive(Debug)]
pub struct Binding {
    /// The keys, the one to show first.
    pub keys: &'static [Key],
    /// Where they hold.
    pub context: Context,
    /// What they do.
    pub action: Action,
    /// One word for the hints at the edge of a panel; empty for none.
    pub hint: &'static str,
    /// One line for the help.
    pub help: &'static str,
}

const fn row(
    context: Context,
    keys: &'static [Key],
    action: Action,
    hint: &'static str,
    help: &'static str,
) -> Binding {
    Binding { keys, context, action, hint, help }
}

use Action as A;
use Context as C;
use PanelId as P;

/// Every key.
#[rustfmt::skip]
pub const KEYMAP: &[Binding] = &[
    row(C::Panel(P::Leaderboard), &[key(KeyCode::Enter)], A::Open, "open", "open the selected trial"),
    row(C::Panel(P::Leaderboard), &[char('/')], A::Filter, "filter", "filter: text, !text, filters>50, state:failed, by~^tpe, marked"),
    row(C::Panel(P::Leaderboard), &[char(' ')], A::Mark, "mark", "mark the selected trial, or not any more"),
    row(C::Panel(P::Leaderboard), &[char('c')], A::Show(View::Compare), "compare", "compare the marked trials"),
    row(C::Panel(P::Leaderboard), &[char('s')], A::Sort, "sort", "sort by the next column"),
    row(C::Panel(P::Leaderboard), &[char('S')], A::Reverse, "", "turn the order round"),
    row(C::Panel(P::Leaderboard), &[char('<')], A::SortLeft, "", "sort by the column to the left"),
    row(C::Panel(P::Leaderboard), &[char('>')], A::SortRight, "", "sort by the column to the right"),
    row(C::Panel(P::Leaderboard), &[char('o')], A::Columns, "columns", "choose and order the columns"),
    row(C::Panel(P::Leaderboard), &[char('x')], A::Cancel, "cancel", "cancel the selected trial (asks first)"),
    row(C::Panel(P::Leaderboard), &[char('m')], A::Markers, "markers", "marker effects of the selected trial"),
    row(C::Panel(P::Leaderboard), &[char('#')], A::Jump, "", "go to the trial of a number"),
    row(C::Panel(P::Leaderboard), &[char('l'), key(KeyCode::Right)], A::Right, "more", "scroll to the next columns"),
    row(C::Panel(P::Leaderboard), &[char('h'), key(KeyCode::Left)], A::Left, "", "scroll back to the first columns"),
    row(C::Panel(P::Running), &[key(KeyCode::Enter)], A::Open, "open", "open the selected trial"),
    row(C::Panel(P::Running), &[char('x')], A::Cancel, "cancel", "cancel the selected trial (asks first)"),
    row(C::Panel(P::Running), &[char(' ')], A::Mark, "mark", "mark the selected trial, or not any more"),
    row(C::Panel(P::Chart), &[char('L')], A::Logarithm, "log", "logarithmic scale, or even"),
    row(C::Panel(P::Detail), &[char('l'), char(']'), key(KeyCode::Right)], A::Right, "fold", "next fold"),
    row(C::Panel(P::Detail), &[char('h'), char('['), key(KeyCode::Left)], A::Left, "", "fold before"),
    row(C::Panel(P::Detail), &[char('j'), key(KeyCode::Down)], A::Down, "trial", "next trial of the leaderboard"),
    row(C::Panel(P::Detail), &[char('k'), key(KeyCode::Up)], A::Up, "", "trial before"),
    row(C::Panel(P::Detail), &[control('d'), key(KeyCode::PageDown)], A::PageDown, "", "scroll the parameters down"),
    row(C::Panel(P::Detail), &[control('u'), key(KeyCode::PageUp)], A::PageUp, "", "scroll the parameters up"),
    row(C::Panel(P::Curves), &[char('l'), key(KeyCode::Right)], A::Right, "along", "crosshair to the right"),
    row(C::Panel(P::Curves), &[char('h'), key(KeyCode::Left)], A::Left, "", "crosshair to the left"),
    row(C::Panel(P::Curves), &[control('d'), key(KeyCode::PageDown)], A::PageDown, "", "ten further"),
    row(C::Panel(P::Curves), &[control('u'), key(KeyCode::PageUp)], A::PageUp, "", "ten back"),
    row(C::Panel(P::Curves), &[char(']'), char('j'), key(KeyCode::Down)], A::Next, "fold", "next fold"),
    row(C::Panel(P::Curves), &[char('['), char('k'), key(KeyCode::Up)], A::Previous, "", "fold before"),
    row(C::Panel(P::Curves), &[char('o')], A::All, "every fold", "all folds in one chart, or one"),
    row(C::Panel(P::Curves), &[char('+'), char('=')], A::ZoomIn, "zoom in", "zoom in around the crosshair"),
    row(C::Panel(P::Curves), &[char('-')], A::ZoomOut, "out", "zoom out"),
    row(C::Panel(P::Curves), &[char('L')], A::Logarithm, "log", "logarithmic scale, or even"),
    row(C::Panel(P::Parameters), &[char('j'), key(KeyCode::Down)], A::Down, "parameter", "next parameter"),
    row(C::Panel(P::Parameters), &[char('k'), key(KeyCode::Up)], A::Up, "", "parameter before"),
    row(C::Panel(P::Predictions), &[key(KeyCode::Enter)], A::Open, "", "compute the predictions, where they are not there"),
    row(C::Panel(P::Predictions), &[char('j'), key(KeyCode::Down)], A::Down, "smaller error", "the individual of the next smaller error"),
    row(C::Panel(P::Predictions), &[char('k'), key(KeyCode::Up)], A::Up, "", "of the next larger error"),
    row(C::Panel(P::Predictions), &[char(']'), char('l'), key(KeyCode::Right)], A::Next, "fold", "next fold, and all"),
    row(C::Panel(P::Predictions), &[char('['), char('h'), key(KeyCode::Left)], A::Previous, "", "fold before, and all"),
    row(C::Panel(P::Predictions), &[char('o')], A::NextOutput, "", "next label, of several"),
    row(C::Panel(P::Layers), &[char('j'), key(KeyCode::Down)], A::Down, "scroll", "down"),
    row(C::Panel(P::Events), &[char('j'), key(KeyCode::Down)], A::Down, "line", "next line"),
    row(C::Panel(P::Events), &[key(KeyCode::Enter)], A::Open, "go to", "go to the parent or child under the cursor"),
    row(C::Panel(P::Profile), &[char('l'), key(KeyCode::Right)], A::Right, "marker", "to the right"),
    row(C::Panel(P::Profile), &[char('h'), key(KeyCode::Left)], A::Left, "", "to the left"),
    row(C::Panel(P::Profile), &[char('j'), key(KeyCode::Down)], A::Down, "weaker", "next weaker marker"),
    row(C::Panel(P::Profile), &[char('k'), key(KeyCode::Up)], A::Up, "", "next stronger marker"),
    row(C::Panel(P::Profile), &[char('+'), char('=')], A::ZoomIn, "zoom in", "zoom to the chromosome, then further in"),
    row(C::Panel(P::Profile), &[char('-')], A::ZoomOut, "out", "zoom out"),
    row(C::Panel(P::Profile), &[control('d'), key(KeyCode::PageDown)], A::PageDown, "chromosome", "next chromosome"),
    row(C::Panel(P::Profile), &[control('u'), key(KeyCode::PageUp)], A::PageUp, "", "chromosome before"),
    row(C::Panel(P::Profile), &[char('m')], A::NextMeasure, "measure", "next measure: effect, contribution, importance, weights"),
    row(C::Panel(P::Profile), &[char('o')], A::NextOutput, "", "next output, of several"),
    row(C::Panel(P::Scores), &[key(KeyCode::Enter)], A::Open, "open", "open the trial under the cursor"),
    row(C::Panel(P::Scores), &[char('l'), key(KeyCode::Right)], A::Right, "trial", "next trial"),
    row(C::Panel(P::Scores), &[char('h'), key(KeyCode::Left)], A::Left, "", "trial before"),
    row(C::Panel(P::Scores), &[char('j'), key(KeyCode::Down)], A::Down, "worse", "next worse trial"),
    row(C::Panel(P::Scores), &[char('k'), key(KeyCode::Up)], A::Up, "", "next better trial"),
    row(C::Panel(P::Scores), &[char('+'), char('=')], A::ZoomIn, "zoom in", "zoom to the trials around the cursor"),
    row(C::Panel(P::Scores), &[char('-')], A::ZoomOut, "out", "zoom out"),
    row(C::Panel(P::Scores), &[char('L')], A::Logarithm, "log", "scores in the logarithm, or evenly"),
    row(C::Panel(P::Parallel), &[char('l'), key(KeyCode::Right)], A::Right, "axes", "scroll to the next axes"),
    row(C::Panel(P::Parallel), &[char('h'), key(KeyCode::Left)], A::Left, "", "scroll to the axes before"),
    row(C::Panel(P::Parallel), &[char('+'), char('=')], A::ZoomIn, "fewer", "only the better ones of the lines"),
    row(C::Panel(P::Parallel), &[char('-')], A::ZoomOut, "more", "more of the lines"),
    row(C::Panel(P::Slices), &[char(']'), char('l'), key(KeyCode::Right)], A::Next, "parameter", "next parameters"),
    row(C::Panel(P::Slices), &[char('['), char('h'), key(KeyCode::Left)], A::Previous, "", "parameters before"),
    row(C::Panel(P::Slices), &[key(KeyCode::Enter)], A::Open, "one", "one parameter large, or as many as fit"),
    row(C::Panel(P::Slices), &[char('L')], A::Logarithm, "log", "scores in the logarithm, or evenly"),
    row(C::Panel(P::Contour), &[char(']'), char('l'), key(KeyCode::Right)], A::Next, "across", "next parameter across"),
    row(C::Panel(P::Contour), &[char('['), char('h'), key(KeyCode::Left)], A::Previous, "", "parameter across before"),
    row(C::Panel(P::Contour), &[char('}'), char('k'), key(KeyCode::Up)], A::NextSecond, "up", "next parameter upward"),
    row(C::Panel(P::Contour), &[char('{'), char('j'), key(KeyCode::Down)], A::PreviousSecond, "", "parameter upward before"),
    row(C::Panel(P::Contour), &[char('o')], A::NextMeasure, "trials", "show or hide the trials"),
    row(C::Panel(P::Rank), &[char('o')], A::NextMeasure, "by", "by what suggested the trials, or by kind"),
    row(C::Panel(P::Rank), &[char('L')], A::Logarithm, "log", "scores in the logarithm, or evenly"),
    row(C::Panel(P::Timeline), &[char('l'), key(KeyCode::Right)], A::Right, "later", "scroll to later"),
    row(C::Panel(P::Timeline), &[char('h'), key(KeyCode::Left)], A::Left, "", "scroll to earlier"),
    row(C::Panel(P::Timeline), &[char('+'), char('=')], A::ZoomIn, "zoom in", "less time, larger"),
    row(C::Panel(P::Timeline), &[char('-')], A::ZoomOut, "out", "more time"),
    row(C::Panel(P::Mind), &[char(']'), char('l'), key(KeyCode::Right)], A::Next, "parameter", "next parameter"),
    row(C::Panel(P::Mind), &[char('['), char('h'), key(KeyCode::Left)], A::Previous, "", "parameter before"),
    row(C::Panel(P::Reasons), &[key(KeyCode::Enter)], A::Open, "open", "open the selected trial"),
    row(C::Panel(P::Studies), &[key(KeyCode::Enter), char('c')], A::Open, "open", "open the study; beside an open one: compare with it"),
    row(C::Replay, &[char(' ')], A::Play, "play", "play, or stop; at the end: from the beginning"),
    row(C::Replay, &[key(KeyCode::Left)], A::SeekBack, "back", "back by a fiftieth of the time"),
    row(C::Replay, &[key(KeyCode::Right)], A::SeekOn, "on", "on by a fiftieth of the time"),
    row(C::Replay, &[char(',')], A::EventBack, "", "one event back"),
    row(C::Replay, &[char('.')], A::EventOn, "event", "one event on"),
    row(C::Replay, &[char('<')], A::Slower, "", "half as fast"),
    row(C::Replay, &[char('>')], A::Faster, "faster", "twice as fast"),
    row(C::Replay, &[char('0')], A::Begin, "", "to the beginning"),
    row(C::Replay, &[char('$')], A::Finish, "end", "to the end"),
    row(C::Start, &[char('q')], A::Quit, "quit", "quit"),
    row(C::Trial, &[char('J')], A::NextTrial, "trial", "next trial of the leaderboard"),
    row(C::Trial, &[char('K')], A::PreviousTrial, "", "trial before"),
    row(C::Trial, &[char('m')], A::Markers, "markers", "marker effects of this trial"),
    row(C::Trial, &[char('x')], A::Cancel, "cancel", "cancel this trial (asks first)"),
    row(C::Panel(P::Differences), &[char('l'), key(KeyCode::Right)], A::Right, "columns", "scroll to the next trials"),
    row(C::Panel(P::Differences), &[char('h'), key(KeyCode::Left)], A::Left, "", "scroll back to the first trials"),
    row(C::Panel(P::Differences), &[char('o')], A::NextOutput, "", "the other study that was read, or the trials"),
    row(C::Panel(P::Overlay), &[char('o')], A::NextMeasure, "measure", "the metric, or the loss"),
    row(C::Panel(P::Overlay), &[char('L')], A::Logarithm, "log", "on the logarithm, or evenly"),
    row(C::Panel(P::Pairs), &[char('l'), key(KeyCode::Right)], A::Right, "folds", "scroll to the next folds"),
    row(C::Panel(P::Pairs), &[char('h'), key(KeyCode::Left)], A::Left, "", "scroll back to the first folds"),
    row(C::Moving, &[char('j'), key(KeyCode::Down)], A::Down, "", "down"),
    row(C::Moving, &[char('k'), key(KeyCode::Up)], A::Up, "", "up"),
    row(C::Moving, &[control('d'), key(KeyCode::PageDown)], A::PageDown, "", "a page down"),
    row(C::Moving, &[control('u'), key(KeyCode::PageUp)], A::PageUp, "", "a page up"),
    row(C::Moving, &[twice('g'), key(KeyCode::Home)], A::First, "", "to the first, and stay with it"),
    row(C::Moving, &[char('G'), key(KeyCode::End)], A::Last, "", "to the last"),
    row(C::Anywhere, &[char('?')], A::Help, "help", "this help"),
    row(C::Anywhere, &[char('q')], A::Quit, "quit", "quit (asks while trials run)"),
    row(C::Anywhere, &[char('p')], A::Pause, "pause", "pause or resume: start no new trials"),
    row(C::Anywhere, &[char('1')], A::Show(View::Overview), "main", "overview"),
    row(C::Anywhere, &[char('2')], A::Show(View::Trials), "trials", "all trials"),
    row(C::Anywhere, &[char('3')], A::Show(View::Trial), "trial", "the selected trial"),
    row(C::Anywhere, &[char('4')], A::Show(View::Search), "search", "the search: what it found where"),
    row(C::Anywhere, &[char('5')], A::Show(View::Sampler), "sampler", "what the sampler and the pruner think"),
    row(C::Anywhere, &[char('6')], A::Show(View::Compare), "compare", "marked trials, or two studies, side by side"),
    row(C::Anywhere, &[char('7')], A::Show(View::Devices), "devices", "devices and jobs"),
    row(C::Anywhere, &[char('8')], A::Show(View::Studies), "studies", "the studies of this folder"),
    row(C::Anywhere, &[char('9')], A::Show(View::Log), "log", "log"),
    row(C::Anywhere, &[key(KeyCode::Tab)], A::NextPanel, "panel", "next panel"),
    row(C::Anywhere, &[key(KeyCode::BackTab)], A::PreviousPanel, "", "panel before"),
    row(C::Anywhere, &[char('z')], A::Zoom, "zoom", "zoom the panel, and back"),
    row(C::Anywhere, &[key(KeyCode::Esc)], A::Back, "", "back (never quits)"),
    row(C::Always, &[control('c')], A::Interrupt, "", "quit; a second one stops at once"),
    row(C::Always, &[control('l')], A::Redraw, "", "draw the screen anew"),
    row(C::Always, &[control('z')], A::Suspend, "", "suspend (`fg` comes back)"),
    row(C::Filter, &[key(KeyCode::Enter)], A::Accept, "apply", "apply the filter"),
    row(C::Filter, &[key(KeyCode::Esc)], A::Back, "back", "leave the filter as it was"),
    row(C::Filter, &[key(KeyCode::Backspace)], A::Erase, "", "erase a character"),
    row(C::Filter, &[control('u')], A::EraseAll, "", "erase all"),
    row(C::Columns, &[char(' ')], A::Mark, "", "show it, or do not"),
    row(C::Columns, &[char('j'), key(KeyCode::Down)], A::Down, "", "down"),
    row(C::Columns, &[char('k'), key(KeyCode::Up)], A::Up, "", "up"),
    row(C::Columns, &[char('J')], A::MoveDown, "", "move it to the right"),
    row(C::Columns, &[char('K')], A::MoveUp, "", "move it to the left"),
    row(C::Columns, &[char('r')], A::Usual, "", "the usual columns again"),
    row(C::Columns, &[key(KeyCode::Esc), key(KeyCode::Enter), char('o'), char('q')], A::Back, "", "done"),
    row(C::Help, &[key(KeyCode::Esc), char('?'), char('q'), key(KeyCode::Enter)], A::Back, "close", "close the help"),
    row(C::Help, &[char('j'), key(KeyCode::Down)], A::Down, "", "down"),
    row(C::Help, &[char('k'), key(KeyCode::Up)], A::Up, "", "up"),
    row(C::Quit, &[char('s')], A::StopNow, "stop now", "stop now (so does ^c); resuming runs these trials again"),
    row(C::Quit, &[char('f')], A::StopAfterRunning, "finish", "finish the running trials first, then quit"),
    row(C::Quit, &[key(KeyCode::Esc), char('q')], A::Back, "stay", "stay"),
    row(C::Cancel, &[char('y')], A::Accept, "cancel it", "cancel the trial; this can't be undone"),
    row(C::Cancel, &[key(KeyCode::Esc), char('n'), char('q')], A::Back, "keep it", "let it run"),
];
