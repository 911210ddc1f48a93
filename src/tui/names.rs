//! The names of views and panels.

/// Which panels are on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Leaderboard, running trials, chart and log.
    Overview,
    /// The leaderboard alone.
    Trials,
    /// One trial.
    Trial,
    /// The search as a whole.
    Search,
    /// What sampler and pruner think.
    Sampler,
    /// Marked trials, or two studies, side by side.
    Compare,
    /// Processors, graphics cards and jobs.
    Devices,
    /// The studies of the folder.
    Studies,
    /// The log alone.
    Log,
}

/// A panel's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PanelId {
    /// All trials in order.
    Leaderboard,
    /// The trials in the slots.
    Running,
    /// The best score so far.
    Chart,
    /// One trial.
    Detail,
    /// A trial's losses and scores by epoch.
    Curves,
    /// A trial's values beside the best trial's.
    Parameters,
    /// A trial's marker effects.
    Profile,
    /// A trial's predictions against what was observed.
    Predictions,
    /// The layers of a trial's network.
    Layers,
    /// What happened to a trial.
    Events,
    /// Scores in the order of trials.
    Scores,
    /// How much each parameter matters.
    Importance,
    /// Parallel coordinates.
    Parallel,
    /// Scores along each parameter.
    Slices,
    /// The surrogate over two parameters.
    Contour,
    /// The distribution of scores, by sampler.
    Rank,
    /// What ran when in which slot.
    Timeline,
    /// The sampler's model.
    Mind,
    /// The generations of a genetic search.
    Generations,
    /// The rungs of the pruner.
    Rungs,
    /// Why trials were asked, and what was expected of them.
    Reasons,
    /// What differs between the compared.
    Differences,
    /// Their curves.
    Overlay,
    /// Their folds, in pairs.
    Pairs,
    /// Processor and memory.
    Machine,
    /// Graphics cards.
    Cards,
    /// Processes by trial.
    Processes,
    /// The jobs of a cluster.
    Jobs,
    /// The studies of the folder.
    Studies,
    /// What happened.
    Log,
}
