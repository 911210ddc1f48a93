//! Which columns of the leaderboard are in sight, and how wide they are.

use ratatui::layout::Rect;

use crate::tui::column::{Column, Entry};
use crate::tui::state::AppState;

/// Before the columns: the cursor, the best and those tied with it, a mark, a pin.
pub const GUTTER: usize = 4;
/// Room beyond the columns in which it can be read why trials ended.
pub const NOTE: u16 = 22;
/// What a text must have to be worth showing.
const LEAST: usize = 12;

/// A column in sight.
pub struct Slot<'a> {
    /// What is known of it.
    pub entry: &'a Entry,
    /// The blanks before it.
    pub gap: usize,
    /// Its width without them.
    pub width: usize,
}

impl<'a> Slot<'a> {
    fn of(entry: &'a Entry) -> Self {
        // Words stand further from the numbers before them; the state has a letter.
        let gap = if entry.column.is_text() && entry.column != Column::State { 2 } else { 1 };
        Slot { entry, gap, width: entry.width }
    }

    /// With the gap.
    pub fn whole(&self) -> usize {
        self.gap + self.width
    }
}

/// The columns in sight.
pub struct Layout<'a> {
    /// Those that stay.
    pub held: Vec<Slot<'a>>,
    /// Those that scroll.
    pub moving: Vec<Slot<'a>>,
    /// Whether some are scrolled out at the left.
    pub before: bool,
    /// Whether some are left out at the right.
    pub more: bool,
}

/// All columns shown: those that stay, and those that scroll.
fn columns(state: &AppState) -> (Vec<Slot<'_>>, Vec<Slot<'_>>) {
    let catalogue = state.table.catalogue();
    let shown: Vec<&Entry> = state.table.columns().into_iter().filter_map(|c| catalogue.entry(c)).collect();
    let held = shown.iter().position(|entry| !entry.column.is_held(catalogue)).unwrap_or(shown.len());
    let mut slots: Vec<Slot<'_>> = shown.into_iter().map(Slot::of).collect();
    let moving = slots.split_off(held);
    (slots, moving)
}

fn total(slots: &[Slot<'_>]) -> usize {
    slots.iter().map(Slot::whole).sum()
}

impl<'a> Layout<'a> {
    /// Those that there is room for.
    pub fn of(state: &'a AppState, width: usize) -> Self {
        let (held, moving) = columns(state);
        let before = state.table.scrolled.min(moving.len().saturating_sub(1));
        let rest: Vec<Slot<'a>> = moving.into_iter().skip(before).collect();
        // One column is kept for the mark at the left.
        let room = width.saturating_sub(GUTTER + total(&held) + 1);
        let whole = total(&rest) <= room;
        let (mut left, mut shown) = (room.saturating_sub(usize::from(!whole)), Vec::new());
        for mut slot in rest {
            // A text is cut where a number would mislead.
            if slot.entry.column.is_text() && slot.whole() > left {
                slot.width = left.saturating_sub(slot.gap);
                if slot.width < LEAST {
                    break;
                }
            }
            if slot.whole() > left {
                break;
            }
            left -= slot.whole();
            shown.push(slot);
        }
        // What is said about trials takes what is left.
        if let Some(note) = shown.iter_mut().find(|slot: &&mut Slot<'a>| slot.entry.column == Column::Note) {
            note.width += left;
        }
        // A text that is cut has its own mark.
        let cut = shown.last().is_some_and(|slot| slot.width < slot.entry.width);
        let more = !whole && !cut;
        Layout { held, moving: shown, before: before > 0, more }
    }

    /// All, in order.
    pub fn slots(&self) -> impl Iterator<Item = &Slot<'a>> {
        self.held.iter().chain(&self.moving)
    }
}

/// How far the columns can be scrolled: until the last one is in sight.
pub fn last_scroll(state: &AppState, area: Rect) -> usize {
    let (held, moving) = columns(state);
    let room = usize::from(area.width).saturating_sub(GUTTER + total(&held) + 1);
    let fits = |from: &usize| total(&moving[*from..]) <= room;
    (0..moving.len()).find(fits).unwrap_or(moving.len().saturating_sub(1))
}

/// Scrolls so that a column is in sight.
pub fn scroll_to(state: &mut AppState, column: Column, area: Rect) {
    let is_shown = |state: &AppState| {
        Layout::of(state, usize::from(area.width)).slots().any(|slot| slot.entry.column == column)
    };
    if is_shown(state) {
        return;
    }
    let (_, moving) = columns(state);
    let Some(place) = moving.iter().position(|slot| slot.entry.column == column) else { return };
    // As little as possible: from the left as far as it is needed, or back to it.
    state.table.scrolled = state.table.scrolled.min(place);
    while state.table.scrolled < place && !is_shown(state) {
        state.table.scrolled += 1;
    }
}

/// Width with frame at which the usual first columns are not cut: parameters, epochs and time.
pub fn full_width(state: &AppState) -> u16 {
    let (held, moving) = columns(state);
    let to = moving.iter().position(|slot| slot.entry.column == Column::Time);
    let moving = &moving[..to.map_or(moving.len(), |place| place + 1)];
    (GUTTER + total(&held) + total(moving) + 4).min(1000) as u16
}
