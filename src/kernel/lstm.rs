//! A long short-term memory over time, and its gradients by backpropagation through time.
//!
//! Hochreiter & Schmidhuber 1997 with the forget gate of Gers, Schmidhuber & Cummins 2000, as Keras' `LSTM`
//! computes it:
//!
//! ```text
//! [i f g o] = z[t] + h[t-1]·R        i, f, o through the sigmoid, g through tanh
//! c[t] = f·c[t-1] + i·g              h[t] = o·tanh(c[t])              c[-1] = h[-1] = 0
//! ```
//!
//! Samples go through time in tiles of [`ROWS`], so that each recurrent weight that is loaded serves all of
//! them. The gates and cells are kept for the backward pass: five values a unit and step, about as much as
//! candle keeps of `z` anyway, where recomputing them would repeat the forward pass, step after step.

use rayon::prelude::*;

use super::conv::{load, store};
use super::exp::{sigmoid, tanh};
use super::lanes::{Accumulate, Block, Group, Instructions, LANES, ROWS, Tile};

/// Input, forget, candidate and output: Keras' order.
pub const GATES: usize = 4;

/// The gate that goes through tanh.
const CANDIDATE: usize = 2;

/// Values kept a unit and step: the gates and the cell.
pub const STATES: usize = GATES + 1;

/// Columns of the recurrent kernel whose gradient one task sums.
const COLUMNS: usize = 2 * LANES;

/// Steps that are summed into that gradient at a time: as many rows of lanes stay in the first cache.
const STEPS: usize = 64;

/// Lays out rows of weights for [`Accumulate::accumulate`]: for each block, its lanes of every row.
struct Pack<'a> {
    rows: &'a [&'a [f32]],
    packed: Vec<f32>,
}

impl Block for Pack<'_> {
    #[inline(always)]
    fn run<const G: usize, A: Accumulate>(&mut self, first: usize) {
        for row in self.rows {
            let lanes: Group<G> = load(row, first);
            self.packed.extend_from_slice(lanes.as_flattened());
        }
    }
}

/// All of a unit's weights and states lie at the same place in each row of `units` values.
fn pack(instructions: Instructions, rows: &[&[f32]], units: usize) -> Vec<f32> {
    let mut pack = Pack { rows, packed: Vec::with_capacity(rows.len() * units.next_multiple_of(LANES)) };
    instructions.each_block(units, &mut pack);
    pack.packed
}

/// The block from unit `first` on of what [`pack`] has made of `GATES × units` rows.
#[inline(always)]
fn block<const G: usize>(packed: &[f32], units: usize, first: usize) -> &[Group<G>] {
    let rows = GATES * units;
    packed[first * rows..][..rows * G * LANES].as_chunks::<LANES>().0.as_chunks::<G>().0
}

/// The recurrent kernel by gates: row `gate·units + k` holds unit `k`'s weights into that gate.
fn by_gates(kernel: &[f32], units: usize) -> Vec<&[f32]> {
    let rows = |gate| kernel.chunks_exact(GATES * units).map(move |row| &row[gate * units..][..units]);
    (0..GATES).flat_map(rows).collect()
}

/// One step of a tile of samples.
struct Forward<'a> {
    units: usize,
    time: usize,
    step: usize,
    /// Packed by gates.
    kernel: &'a [f32],
    /// samples × time × gates × units.
    z: &'a [f32],
    /// Hidden states of the step before, and of this one: rows × units.
    before: &'a [f32],
    hidden: &'a mut [f32],
    /// rows × units.
    cell: &'a mut [f32],
    /// samples × time × states × units.
    states: &'a mut [f32],
}

impl Block for Forward<'_> {
    #[inline(always)]
    fn run<const G: usize, A: Accumulate>(&mut self, first: usize) {
        let units = self.units;
        let kernel = block::<G>(self.kernel, units, first);
        let mut tiles: [Tile<G>; GATES] = [[[[0.0; LANES]; G]; ROWS]; GATES];
        for (gate, tile) in tiles.iter_mut().enumerate() {
            for (row, z) in tile.iter_mut().zip(self.z.chunks_exact(self.time * GATES * units)) {
                *row = load(&z[(self.step * GATES + gate) * units..][..units], first);
            }
            A::accumulate(self.before, 1, units, &kernel[gate * units..][..units], tile);
        }
        let samples = self.states.chunks_exact_mut(self.time * STATES * units);
        let rows = self.cell.chunks_exact_mut(units).zip(self.hidden.chunks_exact_mut(units));
        for (r, (states, (cell, hidden))) in samples.zip(rows).enumerate() {
            let mut gates: [Group<G>; GATES] = std::array::from_fn(|gate| tiles[gate][r]);
            for (gate, lanes) in gates.iter_mut().enumerate() {
                for x in lanes.as_flattened_mut() {
                    *x = if gate == CANDIDATE { tanh(*x) } else { sigmoid(*x) };
                }
            }
            let [i, f, candidate, o] = &gates;
            let mut c: Group<G> = load(cell, first);
            let mut h: Group<G> = [[0.0; LANES]; G];
            for g in 0..G {
                for l in 0..LANES {
                    c[g][l] = f[g][l] * c[g][l] + i[g][l] * candidate[g][l];
                    h[g][l] = o[g][l] * tanh(c[g][l]);
                }
            }
            let mut kept = states[self.step * STATES * units..].chunks_exact_mut(units);
            for (lanes, row) in gates.iter().chain([&c]).zip(&mut kept) {
                store(lanes, row, first);
            }
            store(&c, cell, first);
            store(&h, hidden, first);
        }
    }
}

/// One step back of a tile of samples.
struct Backward<'a> {
    units: usize,
    time: usize,
    step: usize,
    /// The transposed kernel, packed.
    kernel: &'a [f32],
    /// samples × time × units.
    grad: &'a [f32],
    /// samples × time × states × units.
    states: &'a [f32],
    /// Gradients of `z` of the step after: rows × gates × units.
    after: &'a [f32],
    /// Those of this step.
    now: &'a mut [f32],
    /// What the step after hands back to this one's cells: rows × units.
    cell: &'a mut [f32],
}

impl Block for Backward<'_> {
    #[inline(always)]
    fn run<const G: usize, A: Accumulate>(&mut self, first: usize) {
        let units = self.units;
        let mut tile: Tile<G> = [[[0.0; LANES]; G]; ROWS];
        for (row, grad) in tile.iter_mut().zip(self.grad.chunks_exact(self.time * units)) {
            *row = load(&grad[self.step * units..][..units], first);
        }
        A::accumulate(self.after, 1, GATES * units, block(self.kernel, units, first), &mut tile);
        let samples = self.states.chunks_exact(self.time * STATES * units);
        let rows = self.cell.chunks_exact_mut(units).zip(self.now.chunks_exact_mut(GATES * units));
        for ((states, dh), (cell, now)) in samples.zip(&tile).zip(rows) {
            let state = |row: usize| load::<G, f32>(&states[row * units..][..units], first);
            let [i, f, candidate, o, c]: [Group<G>; STATES] =
                std::array::from_fn(|row| state(self.step * STATES + row));
            let before = if self.step == 0 { [[0.0; LANES]; G] } else { state(self.step * STATES - 1) };
            let mut dc: Group<G> = load(cell, first);
            let mut dz: [Group<G>; GATES] = [[[0.0; LANES]; G]; GATES];
            for g in 0..G {
                for l in 0..LANES {
                    let (i, f, candidate, o) = (i[g][l], f[g][l], candidate[g][l], o[g][l]);
                    let squashed = tanh(c[g][l]);
                    let d = dc[g][l] + dh[g][l] * o * (1.0 - squashed * squashed);
                    dz[0][g][l] = d * candidate * i * (1.0 - i);
                    dz[1][g][l] = d * before[g][l] * f * (1.0 - f);
                    dz[2][g][l] = d * i * (1.0 - candidate * candidate);
                    dz[3][g][l] = dh[g][l] * squashed * o * (1.0 - o);
                    dc[g][l] = d * f;
                }
            }
            for (lanes, row) in dz.iter().zip(now.chunks_exact_mut(units)) {
                store(lanes, row, first);
            }
            store(&dc, cell, first);
        }
    }
}

/// Hidden states (batch × time × units) and what the backward pass needs (batch × time × [`STATES`] × units).
///
/// `z` is batch × time × gates × units, `kernel` units × gates × units.
pub fn forward(
    instructions: Instructions,
    units: usize,
    time: usize,
    z: &[f32],
    kernel: &[f32],
) -> (Vec<f32>, Vec<f32>) {
    let kernel = pack(instructions, &by_gates(kernel, units), units);
    let mut out = vec![0.0; z.len() / GATES];
    let mut states = vec![0.0; out.len() * STATES];
    let tile = ROWS * time * units;
    let tiles = z.par_chunks(tile * GATES).zip(states.par_chunks_mut(tile * STATES));
    out.par_chunks_mut(tile).zip(tiles).for_each(|(out, (z, states))| {
        let [mut before, mut hidden, mut cell] = [(); 3].map(|()| vec![0.0; ROWS * units]);
        for step in 0..time {
            std::mem::swap(&mut before, &mut hidden);
            let (kernel, before, cell, states) = (&kernel, &before, &mut cell, &mut *states);
            let mut block =
                Forward { units, time, step, kernel, z, before, hidden: &mut hidden, cell, states };
            instructions.each_block(units, &mut block);
            for (row, out) in hidden.chunks_exact(units).zip(out.chunks_exact_mut(time * units)) {
                out[step * units..][..units].copy_from_slice(row);
            }
        }
    });
    (out, states)
}

/// The gradient of `z` from that of the hidden states.
pub fn input_gradient(
    instructions: Instructions,
    units: usize,
    time: usize,
    kernel: &[f32],
    states: &[f32],
    grad: &[f32],
) -> Vec<f32> {
    let columns = GATES * units;
    let turned: Vec<f32> =
        (0..columns).flat_map(|c| kernel.chunks_exact(columns).map(move |row| row[c])).collect();
    let rows: Vec<&[f32]> = turned.chunks_exact(units).collect();
    let kernel = pack(instructions, &rows, units);
    let mut out = vec![0.0; grad.len() * GATES];
    let tile = ROWS * time * units;
    let tiles = grad.par_chunks(tile).zip(states.par_chunks(tile * STATES));
    out.par_chunks_mut(tile * GATES).zip(tiles).for_each(|(out, (grad, states))| {
        let [mut after, mut now] = [(); 2].map(|()| vec![0.0; ROWS * columns]);
        let mut cell = vec![0.0; ROWS * units];
        for step in (0..time).rev() {
            std::mem::swap(&mut after, &mut now);
            let (kernel, after, cell) = (&kernel, &after, &mut cell);
            let mut block = Backward { units, time, step, kernel, grad, states, after, now: &mut now, cell };
            instructions.each_block(units, &mut block);
            for (row, out) in now.chunks_exact(columns).zip(out.chunks_exact_mut(time * columns)) {
                out[step * columns..][..columns].copy_from_slice(row);
            }
        }
    });
    out
}

/// Some columns of the recurrent kernel's gradient: `Σ h[t-1]ᵀ·dz[t]`.
struct KernelGradient<'a> {
    units: usize,
    time: usize,
    /// The first of the columns, and how many there are.
    start: usize,
    width: usize,
    /// samples × time × units.
    hidden: &'a [f32],
    /// samples × time × gates × units.
    dz: &'a [f32],
    /// units × width.
    sums: &'a mut [f32],
}

impl Block for KernelGradient<'_> {
    #[inline(always)]
    fn run<const G: usize, A: Accumulate>(&mut self, first: usize) {
        let (units, columns) = (self.units, GATES * self.units);
        let samples = self.hidden.chunks_exact(self.time * units);
        let mut pairs = samples
            .zip(self.dz.chunks_exact(self.time * columns))
            .flat_map(|(hidden, dz)| hidden.chunks_exact(units).zip(dz.chunks_exact(columns).skip(1)));
        let padded = units.next_multiple_of(ROWS);
        let mut sums: Vec<Group<G>> = vec![[[0.0; LANES]; G]; padded];
        let mut x = vec![0.0; STEPS * padded];
        let mut w: Vec<Group<G>> = Vec::with_capacity(STEPS);
        loop {
            w.clear();
            for ((hidden, dz), x) in pairs.by_ref().take(STEPS).zip(x.chunks_exact_mut(padded)) {
                x[..units].copy_from_slice(hidden);
                w.push(load(dz, self.start + first));
            }
            if w.is_empty() {
                break;
            }
            for (t, rows) in sums.as_chunks_mut::<ROWS>().0.iter_mut().enumerate() {
                A::accumulate(&x[t * ROWS..], padded, 1, &w, rows);
            }
        }
        for (sum, row) in sums.iter().zip(self.sums.chunks_exact_mut(self.width)) {
            store(sum, row, first);
        }
    }
}

/// The gradient of the recurrent kernel (units × gates × units), its columns shared out among the threads:
/// each is summed over samples and time in order.
pub fn kernel_gradient(
    instructions: Instructions,
    units: usize,
    time: usize,
    hidden: &[f32],
    dz: &[f32],
) -> Vec<f32> {
    let columns = GATES * units;
    let starts: Vec<usize> = (0..columns).step_by(COLUMNS).collect();
    let parts = starts.into_par_iter().map(|start| {
        let width = COLUMNS.min(columns - start);
        let mut sums = vec![0.0; units * width];
        let mut block = KernelGradient { units, time, start, width, hidden, dz, sums: &mut sums };
        instructions.each_block(width, &mut block);
        (start, width, sums)
    });
    let mut out = vec![0.0; units * columns];
    for (start, width, sums) in parts.collect::<Vec<_>>() {
        for (out, row) in out.chunks_exact_mut(columns).zip(sums.chunks_exact(width)) {
            out[start..start + width].copy_from_slice(row);
        }
    }
    out
}
