//! Tables of settings made of parts that several models share.

use super::layer::{Penalty, Regularize};
use crate::domain::setting::{Accepts, Is, Setting, Settings, When};

/// What a share that may be nothing but not all accepts: dropout, a decrease.
pub const SHARE: Accepts = Accepts::Float { min: 0.0, max: 0.99 };

/// What the strength of a penalty accepts.
pub const PENALTY: Accepts = Accepts::Float { min: 0.0, max: 1e6 };

/// How many rows the parts have together.
pub const fn count(parts: &[&[Setting]]) -> usize {
    let (mut rows, mut part) = (0, 0);
    while part < parts.len() {
        rows += parts[part].len();
        part += 1;
    }
    rows
}

/// The rows of all parts in order; `N` is their [`count`].
pub const fn concat<const N: usize>(parts: &[&[Setting]]) -> [Setting; N] {
    let mut rows = [parts[0][0]; N];
    let (mut at, mut part) = (0, 0);
    while part < parts.len() {
        let mut row = 0;
        while row < parts[part].len() {
            rows[at] = parts[part][row];
            (at, row) = (at + 1, row + 1);
        }
        part += 1;
    }
    rows
}

/// The same rows; those without a condition have an effect only where `setting` has one and `is` so.
pub const fn when<const N: usize>(mut rows: [Setting; N], setting: &'static str, is: Is) -> [Setting; N] {
    let mut row = 0;
    while row < N {
        if rows[row].when.is_none() {
            rows[row].when = Some(When { setting, is });
        }
        row += 1;
    }
    rows
}

/// The settings of the penalties on layers of a kind, each name behind a prefix.
macro_rules! penalty_settings {
    ($prefix:literal, $of:literal) => {{
        use crate::domain::setting::{Preset, Setting};
        use crate::model::table::PENALTY;
        const fn row(name: &'static str, help: &'static str) -> Setting {
            Setting::new(name, PENALTY, Preset::Float(0.0), help)
        }
        [
            row(concat!($prefix, "l1"), concat!("L1 penalty on the kernels of the ", $of)),
            row(concat!($prefix, "l2"), concat!("L2 penalty on the kernels of the ", $of)),
            row(concat!($prefix, "bias_l1"), concat!("L1 penalty on the biases of the ", $of)),
            row(concat!($prefix, "bias_l2"), concat!("L2 penalty on the biases of the ", $of)),
            row(concat!($prefix, "activity_l1"), concat!("L1 penalty on the outputs of the ", $of)),
            row(concat!($prefix, "activity_l2"), concat!("L2 penalty on the outputs of the ", $of)),
        ]
    }};
}
pub(super) use penalty_settings;

/// The penalties that [`penalty_settings`] describe.
pub fn penalties(settings: &Settings, prefix: &str) -> Regularize {
    let strength = |name: &str| settings.float(&format!("{prefix}{name}"));
    let penalty = |l1: &str, l2: &str| Penalty { l1: strength(l1), l2: strength(l2) };
    Regularize {
        kernel: penalty("l1", "l2"),
        bias: penalty("bias_l1", "bias_l2"),
        activity: penalty("activity_l1", "activity_l2"),
    }
}
