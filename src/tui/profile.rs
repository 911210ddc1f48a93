//! The marker effects of a trial: what of them is shown, and where the cursor stands. What is drawn is made
//! when something changed, never while drawing.

use std::sync::Arc;

use super::keymap::Action;
use crate::analysis::profile::{Bin, Output, Profile, Track, bins, top};
use crate::domain::trial::TrialId;

/// Most markers that are listed and stepped through, the strongest first.
const LISTED: usize = 200;
/// A zoom deeper than this shows less than a thousandth of a chromosome.
const DEEPEST: u32 = 11;

/// The view's content.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// It is being computed.
    Waiting,
    /// It can't be had.
    Failed(String),
    /// It is there.
    Ready(Arc<Profile>),
}

/// Marker effects on the screen.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileView {
    /// The trial.
    pub trial: TrialId,
    /// Its effects.
    pub content: Content,
    /// The marker under the cursor.
    pub cursor: usize,
    /// What is drawn of it.
    pub plot: Option<Plot>,
    output: usize,
    track: usize,
    /// 0: the genome; 1: the cursor's chromosome; then half of the one before.
    zoom: u32,
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// Where it begins and ends, as shares of the genome.
    pub window: (f64, f64),
    /// The extremes of each column.
    pub bins: Vec<Option<Bin>>,
    /// The smallest and largest value, zero included.
    pub range: (f64, f64),
    /// The strongest markers, the first one first.
    pub top: Vec<usize>,
    output: usize,
    track: usize,
}

impl ProfileView {
    /// Waiting for the effects of a trial.
    pub fn of(trial: TrialId) -> Self {
        let content = Content::Waiting;
        ProfileView { trial, content, cursor: 0, plot: None, output: 0, track: 0, zoom: 0 }
    }

    /// Takes in what came of it.
    pub fn answer(&mut self, trial: TrialId, outcome: Result<Arc<Profile>, String>) {
        if trial != self.trial {
            return;
        }
        self.content = match outcome {
            Ok(profile) => Content::Ready(profile),
            Err(reason) => Content::Failed(reason),
        };
        self.plot = None;
        if let Some((profile, _, track)) = self.shown() {
            let all = 0..profile.genome.markers();
            self.cursor = top(&track.values, all, 1).first().copied().unwrap_or(0);
        }
    }

    /// The effects, their output and its measure that are shown.
    pub fn shown(&self) -> Option<(&Profile, &Output, &Track)> {
        let Content::Ready(profile) = &self.content else { return None };
        let output = profile.outputs.get(self.output)?;
        Some((profile, output, output.tracks.get(self.track)?))
    }

    /// The number of the measure shown, from 1, and how many there are.
    pub fn measure(&self) -> (usize, usize) {
        (self.track + 1, self.shown().map_or(0, |(_, output, _)| output.tracks.len()))
    }

    /// How deep it is zoomed in: 0 for the genome, 1 for a chromosome.
    pub fn depth(&self) -> u32 {
        self.zoom
    }

    /// Follows a key; [`arrange`](Self::arrange) must follow.
    pub fn act(&mut self, action: Action) {
        let Some((profile, output, _)) = self.shown() else { return };
        let (markers, tracks, outputs) =
            (profile.genome.markers(), output.tracks.len(), profile.outputs.len());
        match action {
            Action::NextMeasure => self.track = (self.track + 1) % tracks.max(1),
            Action::NextOutput => {
                self.output = (self.output + 1) % outputs.max(1);
                self.track = self.track.min(self.shown().map_or(0, |(_, o, _)| o.tracks.len() - 1));
            }
            Action::ZoomIn => self.zoom = (self.zoom + 1).min(DEEPEST),
            Action::ZoomOut => self.zoom = self.zoom.saturating_sub(1),
            Action::Left => self.sideways(false),
            Action::Right => self.sideways(true),
            Action::Up => self.ranked(false),
            Action::Down => self.ranked(true),
            Action::PageUp => self.chromosome(false),
            Action::PageDown => self.chromosome(true),
            Action::First => self.cursor = 0,
            Action::Last => self.cursor = markers.saturating_sub(1),
            _ => {}
        }
    }

    /// To the next column with markers, or past the edge of what is shown.
    fn sideways(&mut self, right: bool) {
        let Some(((profile, _, track), plot)) = self.shown().zip(self.plot.as_ref()) else { return };
        let (genome, count) = (&profile.genome, plot.bins.len());
        let share = (genome.along(self.cursor) - plot.window.0) / (plot.window.1 - plot.window.0);
        let at = ((share * count as f64) as usize).min(count.saturating_sub(1));
        let next = if right {
            plot.bins.iter().skip(at + 1).flatten().next()
        } else {
            plot.bins.iter().take(at).rev().flatten().next()
        };
        let inside = genome.between(plot.window);
        let beyond = if right { Some(inside.end) } else { inside.start.checked_sub(1) };
        let beyond = beyond.filter(|marker| *marker < genome.markers());
        if let Some(marker) = next.map(|bin| bin.extreme(&track.values)).or(beyond) {
            self.cursor = marker;
        }
    }

    /// To the next weaker or stronger marker of the list.
    fn ranked(&mut self, down: bool) {
        let Some(plot) = &self.plot else { return };
        let place = plot.top.iter().position(|marker| *marker == self.cursor);
        let to = match (place, down) {
            (None, _) => 0,
            (Some(place), true) => place + 1,
            (Some(place), false) => place.saturating_sub(1),
        };
        if let Some(marker) = plot.top.get(to) {
            self.cursor = *marker;
        }
    }

    /// To the strongest marker of the next chromosome.
    fn chromosome(&mut self, next: bool) {
        let Some((profile, _, track)) = self.shown() else { return };
        let chromosomes = profile.genome.chromosomes();
        let Some(at) = chromosomes.iter().position(|c| c.markers.contains(&self.cursor)) else { return };
        let to = if next { at + 1 } else { at.saturating_sub(1) };
        let Some(chromosome) = chromosomes.get(to) else { return };
        let strongest = top(&track.values, chromosome.markers.clone(), 1);
        self.cursor = strongest.first().copied().unwrap_or(self.cursor);
    }

    /// Makes what is drawn in `columns` columns, where it is not that already.
    pub fn arrange(&mut self, columns: usize) {
        let window = self.window();
        let Some((profile, _, track)) = self.shown() else { return };
        let known = self.plot.as_ref().is_some_and(|plot| {
            (plot.window, plot.output, plot.track, plot.bins.len())
                == (window, self.output, self.track, columns)
        });
        if known {
            return;
        }
        let bins = bins(&profile.genome, &track.values, window, columns);
        let value = |marker: usize| track.values.get(marker).copied().unwrap_or_default();
        let range = bins
            .iter()
            .flatten()
            .fold((0.0, 0.0), |(low, high), bin| (value(bin.low).min(low), value(bin.high).max(high)));
        let top = top(&track.values, profile.genome.between(window), LISTED);
        self.plot = Some(Plot { window, bins, range, top, output: self.output, track: self.track });
    }

    /// The part of the genome that is shown: the cursor is in it.
    fn window(&self) -> (f64, f64) {
        let whole = (0.0, 1.0);
        let Some((profile, ..)) = self.shown() else { return whole };
        let chromosome = profile.genome.chromosome_of(self.cursor);
        let Some((from, to)) = chromosome.map(|c| c.span).filter(|_| self.zoom > 0) else { return whole };
        let width = (to - from) / f64::from(1_u32 << (self.zoom - 1));
        let at = profile.genome.along(self.cursor);
        // What is shown stays, as long as it holds the cursor.
        let same = |plot: &&Plot| {
            let (a, b) = plot.window;
            (b - a - width).abs() < 1e-9 * width && (a..=b).contains(&at) && a >= from - 1e-12
        };
        if let Some(plot) = self.plot.as_ref().filter(same) {
            return plot.window;
        }
        let start = (at - width / 2.0).clamp(from, (to - width).max(from));
        (start, start + width)
    }
}
