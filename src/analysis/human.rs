//! Figures as a person writes them.

use crate::domain::trial::Timestamp;
use crate::domain::value::significant;

/// Seconds as "4.2s", "42s", "3m 12s", "2h 05m" or "3d 4h".
pub fn duration(seconds: f64) -> String {
    let s = seconds.max(0.0);
    let whole = s.round() as u64;
    match whole {
        _ if s < 9.95 => format!("{s:.1}s"),
        0..60 => format!("{whole}s"),
        60..3600 => format!("{}m {:02}s", whole / 60, whole % 60),
        3600..86_400 => format!("{}h {:02}m", whole / 3600, whole % 3600 / 60),
        _ => format!("{}d {}h", whole / 86_400, whole % 86_400 / 3600),
    }
}

/// Like [`duration`], with the larger unit only: "8m", "2h".
pub fn rough_duration(seconds: f64) -> String {
    let s = seconds.max(0.0).round() as u64;
    match s {
        0..60 => format!("{s}s"),
        60..600 => duration(s as f64),
        600..3600 => format!("{}m", (s + 30) / 60),
        _ => duration(s as f64),
    }
}

/// Words with a capital at their start.
pub fn sentence(words: &str) -> String {
    let mut rest = words.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// A count with its thousands set apart: "50,436".
pub fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in GiB, with one decimal below ten.
pub fn gibibytes(bytes: u64) -> String {
    let gib = bytes as f64 / f64::from(1 << 30);
    if gib < 10.0 { format!("{gib:.1}") } else { format!("{gib:.0}") }
}

/// Bytes in the binary unit that suits them: "37 MiB", "1.5 GiB".
pub fn memory(bytes: u64) -> String {
    if bytes < 1 << 30 { format!("{} MiB", bytes >> 20) } else { format!("{} GiB", gibibytes(bytes)) }
}

/// The time of day in UTC: "13:04:59".
pub fn time_of_day(at: Timestamp) -> String {
    let s = at / 1000 % 86_400;
    format!("{:02}:{:02}:{:02}", s / 3600, s % 3600 / 60, s % 60)
}

/// Decimals that show a score of this size with four significant digits.
pub fn decimals(size: f64) -> usize {
    if size == 0.0 || !size.is_finite() {
        return 4;
    }
    (3 - size.abs().log10().floor() as i32).clamp(0, 7) as usize
}

/// `value` with a column's number of decimals, or with an exponent where it is far out of scale.
pub fn aligned(value: f64, decimals: usize) -> String {
    if value.abs() < 1e6 { format!("{value:.decimals$}") } else { significant(value, 3) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well_at_every_size() {
        let cases = [
            (-1.0, "0.0s"),
            (4.23, "4.2s"),
            (9.97, "10s"),
            (59.6, "1m 00s"),
            (192.0, "3m 12s"),
            (7500.0, "2h 05m"),
            (273_600.0, "3d 4h"),
        ];
        for (seconds, text) in cases {
            assert_eq!(duration(seconds), text);
        }
        assert_eq!(rough_duration(1234.0), "21m");
    }

    #[test]
    fn memory_has_the_unit_that_suits_it() {
        let words = [0, 37 << 20, (1 << 30) - 1, 3 << 29, 12 << 30].map(memory);
        assert_eq!(words, ["0 MiB", "37 MiB", "1023 MiB", "1.5 GiB", "12 GiB"]);
    }

    #[test]
    fn counts_and_scores() {
        assert_eq!(
            [0, 999, 1000, 50_436, 1_234_567].map(thousands),
            ["0", "999", "1,000", "50,436", "1,234,567"]
        );
        assert_eq!(aligned(62.341_9, decimals(61.0)), "62.34");
        assert_eq!(aligned(0.5712, decimals(0.6)), "0.5712");
        assert_eq!(aligned(3e9, decimals(61.0)), "3.00e9");
        assert_eq!(time_of_day(1_700_000_000_000), "22:13:20");
    }
}
