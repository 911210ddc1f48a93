//! From values to places in a chart, and the round values that stand at its edges.

use crate::analysis::human;
use crate::domain::space::Distribution;
use crate::domain::value::Value;

/// Maps values to 0..1, evenly or in the logarithm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
    log: bool,
}

/// A value at the edge of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Where it stands, from 0 to 1.
    pub place: f64,
    /// What it says.
    pub label: String,
}

impl Scale {
    /// Even, from `low` to `high`; widened where they are one.
    pub fn even(low: f64, high: f64) -> Self {
        let pad = if low < high { 0.0 } else { low.abs().max(1e-9) * 0.05 };
        Scale { low: low - pad, high: high + pad, log: false }
    }

    /// From `low` to `high`; logarithmic where that is wanted and all values are positive.
    pub fn of(low: f64, high: f64, log: bool) -> Self {
        let scale = Scale::even(low, high);
        Scale { log: log && scale.low > 0.0, ..scale }
    }

    /// As it is, but on the logarithm or evenly; evenly where not all of it is above zero.
    pub fn logarithmic(self, log: bool) -> Self {
        Scale { log: log && self.low > 0.0, ..self }
    }

    /// Holds all `values`; logarithmic where they span much. `None` without a finite value.
    pub fn fit(values: impl Iterator<Item = f64>) -> Option<Self> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|v| v.is_finite()) {
            (low, high) = (low.min(value), high.max(value));
        }
        let log = low > 0.0 && high / low > 30.0;
        (low <= high).then(|| Scale { log, ..Scale::even(low, high) })
    }

    /// The smallest and the largest value.
    pub fn range(self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// Whether it is logarithmic.
    pub fn is_log(self) -> bool {
        self.log
    }

    /// Where `value` lies; below 0 or above 1 outside.
    pub fn place(self, value: f64) -> f64 {
        if self.log {
            return (value.ln() - self.low.ln()) / (self.high.ln() - self.low.ln());
        }
        (value - self.low) / (self.high - self.low)
    }

    /// The value at a place.
    pub fn at(self, place: f64) -> f64 {
        if self.log {
            return (self.low.ln() + place * (self.high.ln() - self.low.ln())).exp();
        }
        self.low + place * (self.high - self.low)
    }

    /// At most so many round values, ascending: 1, 2 or 5 times a power of ten apart, or powers of ten on a
    /// logarithmic scale that spans several.
    pub fn ticks(self, most: usize) -> Vec<Tick> {
        let powers = if self.log { self.powers(most) } else { Vec::new() };
        let values = if powers.len() > 1 { powers } else { self.steps(most) };
        let step = values.windows(2).map(|w| w[1] - w[0]).fold(f64::INFINITY, f64::min);
        let label = |value: f64| if self.log { short(value) } else { stepped(value, step) };
        values.into_iter().map(|value| Tick { place: self.place(value), label: label(value) }).collect()
    }

    /// Multiples of a round step.
    fn steps(self, most: usize) -> Vec<f64> {
        let span = self.high - self.low;
        if most == 0 || !span.is_finite() || span <= 0.0 {
            return Vec::new();
        }
        let size = 10_f64.powf((span / most as f64).log10().floor());
        let multiples = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0].map(|m| m * size);
        let count = |step: f64| (self.high / step).floor() - (self.low / step).ceil() + 1.0;
        let Some(step) = multiples.into_iter().find(|step| count(*step) <= most as f64) else {
            return Vec::new();
        };
        let first = (self.low / step).ceil();
        (0..count(step).max(0.0) as usize).map(|i| (first + i as f64) * step).collect()
    }

    /// Powers of ten, every so many of them; with 2 and 5 between where there is room.
    fn powers(self, most: usize) -> Vec<f64> {
        let (first, last) = (self.low.log10().floor() as i32, self.high.log10().ceil() as i32);
        let inside = |v: &f64| (self.low * 0.999_999..=self.high * 1.000_001).contains(v);
        let between = |factors: &[f64]| -> Vec<f64> {
            let of = |exponent: i32| factors.iter().map(move |f| f * 10_f64.powi(exponent));
            (first..=last).flat_map(of).filter(inside).collect()
        };
        for factors in [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]] {
            let values = between(factors);
            if values.len() <= most {
                return values;
            }
        }
        let all = between(&[1.0]);
        all.iter().copied().step_by(all.len().div_ceil(most.max(1))).collect()
    }
}

/// A tick of an even axis, with the decimals that its step asks for.
fn stepped(value: f64, step: f64) -> String {
    if !step.is_finite() || step < 1e-4 || value.abs() >= 1e6 {
        return short(value);
    }
    let decimals = (-step.log10().floor()).clamp(0.0, 5.0) as usize;
    let value = if value.abs() < step / 2.0 { 0.0 } else { value };
    human::aligned(value, decimals)
}

/// A value in as few characters as do: "0.001", "1e-5", "250", "3e6".
pub fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    if (1e-3..1e5).contains(&value.abs()) {
        let decimals = human::decimals(value).saturating_sub(1);
        let text = format!("{value:.decimals$}");
        let whole = text.contains('.').then(|| text.trim_end_matches('0').trim_end_matches('.').to_owned());
        return whole.unwrap_or(text);
    }
    let text = format!("{value:.1e}");
    text.replace(".0e", "e")
}

/// The values of a parameter along its axis, at most so many: round numbers, or its choices.
pub fn parameter_ticks(distribution: &Distribution, most: usize) -> Vec<Tick> {
    let (low, high, log) = match distribution {
        Distribution::Float { low, high, log } => (*low, *high, *log),
        Distribution::Int { low, high, log } => (*low as f64, *high as f64, *log),
        Distribution::Choice { choices } => {
            let each = choices.len().div_ceil(most.max(1)).max(1);
            let tick = |(i, choice): (usize, &Value)| Tick {
                place: (i as f64 + 0.5) / choices.len() as f64,
                label: choice.to_string(),
            };
            return choices.iter().enumerate().step_by(each).map(tick).collect();
        }
    };
    if low >= high {
        return vec![Tick { place: 0.5, label: short(low) }];
    }
    let whole = matches!(distribution, Distribution::Int { .. });
    let mut ticks = Vec::new();
    let scale = Scale::of(low, high, log);
    for tick in scale.ticks(most) {
        let value = scale.at(tick.place);
        if whole && (value - value.round()).abs() > 1e-6 {
            continue;
        }
        // Whole numbers own cells, whose middles are not at the ends of the axis.
        let own = if whole { Value::Int(value.round() as i64) } else { Value::Float(value.clamp(low, high)) };
        let place = distribution.to_unit(&own).unwrap_or(tick.place);
        let label = if whole { short(value.round()) } else { tick.label };
        ticks.push(Tick { place, label });
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::{choice, int};

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|t| t.label.as_str()).collect()
    }

    #[test]
    fn scales_widen_a_single_value_and_turn_logarithmic_over_a_wide_span() {
        assert_eq!(Scale::even(4.0, 4.0).place(4.0), 0.5);
        let scale = Scale::fit([1.0, 100.0, f64::NAN].into_iter()).unwrap();
        assert!((scale.place(10.0) - 0.5).abs() < 1e-12);
        assert!((scale.at(0.5) - 10.0).abs() < 1e-9);
        assert_eq!(Scale::fit(std::iter::empty()), None);
        assert!(!Scale::of(-1.0, 4.0, true).log);
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(labels(&Scale::even(61.3, 88.7).ticks(4)), ["70", "80"]);
        assert_eq!(labels(&Scale::even(61.3, 88.7).ticks(6)), ["65", "70", "75", "80", "85"]);
        assert_eq!(labels(&Scale::even(-0.11, 0.1).ticks(5)), ["-0.10", "-0.05", "0.00", "0.05", "0.10"]);
        assert_eq!(labels(&Scale::of(1e-5, 1e-2, true).ticks(4)), ["1e-5", "1e-4", "0.001", "0.01"]);
        assert_eq!(labels(&Scale::of(1.0, 100.0, true).ticks(9)), ["1", "2", "5", "10", "20", "50", "100"]);
        assert_eq!(labels(&Scale::of(60.0, 90.0, true).ticks(4)), ["60", "70", "80", "90"]);
        assert_eq!(Scale::even(1.0, 2.0).ticks(0), []);
        for (low, high) in [(0.0, 1e300), (-1e-300, 1e-300), (f64::MIN, f64::MAX), (1e15, 1e15 + 2.0)] {
            assert!(Scale::even(low, high).ticks(5).len() <= 5);
        }
    }

    #[test]
    fn whole_numbers_and_choices_stand_in_the_middle_of_their_cells() {
        let ticks = parameter_ticks(&int(1, 2), 4);
        assert_eq!(ticks.iter().map(|t| t.place).collect::<Vec<_>>(), [0.25, 0.75]);
        assert_eq!(labels(&ticks), ["1", "2"]);
        let ticks = parameter_ticks(&choice(&["relu", "elu"]), 4);
        assert_eq!((labels(&ticks), ticks[1].place), (vec!["relu", "elu"], 0.75));
        assert_eq!(labels(&parameter_ticks(&int(7, 7), 3)), ["7"]);
    }

    #[test]
    fn short_numbers() {
        let cases = [
            (0.001, "0.001"),
            (1e-5, "1e-5"),
            (250.0, "250"),
            (3e6, "3e6"),
            (0.25, "0.25"),
            (-2.5e7, "-2.5e7"),
        ];
        for (value, text) in cases {
            assert_eq!(short(value), text);
        }
    }
}
