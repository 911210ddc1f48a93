//! The local time, from the system's table of zones (RFC 8536).

use std::path::{Path, PathBuf};

use crate::tui::Zone;

/// The tables must reach so far (2030), unless the clocks are not changed any more.
const FAR: i64 = 1_893_456_000;

/// The zone of this machine, or of `TZ`; unknown where no table tells it.
pub fn local() -> Zone {
    let path = match std::env::var("TZ") {
        Err(_) => PathBuf::from("/etc/localtime"),
        Ok(name) => {
            let name = name.trim_start_matches(':');
            // A rule such as `CET-1CEST` has no table, and the empty one is UTC.
            if name.is_empty() || name.contains("..") {
                return Zone::default();
            }
            Path::new("/usr/share/zoneinfo").join(name)
        }
    };
    let bytes = std::fs::read(path).unwrap_or_default();
    Zone { shifts: shifts(&bytes).unwrap_or_default() }
}

/// How many of each there are in a block.
struct Counts {
    marks: usize,
    leaps: usize,
    times: usize,
    types: usize,
    letters: usize,
}

/// Takes the first `n` bytes away.
fn take<'a>(bytes: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(n)?;
    *bytes = rest;
    Some(head)
}

fn number(bytes: &[u8]) -> i64 {
    let negative = bytes.first().is_some_and(|b| b & 0x80 != 0);
    bytes.iter().fold(if negative { -1 } else { 0 }, |n, b| (n << 8) | i64::from(*b))
}

fn header(bytes: &mut &[u8]) -> Option<Counts> {
    let head = take(bytes, 44)?;
    if !head.starts_with(b"TZif") || head[4] < b'2' {
        return None;
    }
    let count = |i: usize| usize::try_from(number(&head[20 + 4 * i..24 + 4 * i])).ok();
    let marks = count(0)?.checked_add(count(1)?)?;
    Some(Counts { marks, leaps: count(2)?, times: count(3)?, types: count(4)?, letters: count(5)? })
}

/// When the clocks change, and by how much they are ahead from then on; `None` where the table does not tell that of
/// our days.
fn shifts(mut bytes: &[u8]) -> Option<Vec<(i64, i32)>> {
    let old = header(&mut bytes)?;
    // The first block has times of four bytes only.
    take(&mut bytes, old.times * 5 + old.types * 6 + old.letters + old.leaps * 8 + old.marks)?;
    let own = header(&mut bytes)?;
    let times = take(&mut bytes, own.times.checked_mul(8)?)?;
    let kinds = take(&mut bytes, own.times)?;
    let types = take(&mut bytes, own.types.checked_mul(6)?)?;
    take(&mut bytes, own.letters + own.leaps * 12 + own.marks)?;
    let offset = |kind: usize| i32::try_from(number(types.get(kind * 6..kind * 6 + 4)?)).ok();
    let changes = times.chunks_exact(8).zip(kinds);
    let mut shifts = vec![(i64::MIN, offset(0)?)];
    for (time, kind) in changes {
        shifts.push((number(time), offset(usize::from(*kind))?));
    }
    let rule = String::from_utf8_lossy(bytes);
    let goes_on_changing = rule.contains(',');
    let (last, _) = shifts.last()?;
    (!goes_on_changing || *last >= FAR).then_some(shifts)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table with these changes, as the second version writes it.
    fn table(changes: &[(i64, u8)], offsets: &[i32], rule: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let head = |counts: [u32; 6], bytes: &mut Vec<u8>| {
            bytes.extend(b"TZif2");
            bytes.extend([0; 15]);
            bytes.extend(counts.iter().flat_map(|n| n.to_be_bytes()));
        };
        head([0, 0, 0, 0, 1, 1], &mut bytes);
        bytes.extend([0; 7]);
        head([0, 0, 0, changes.len() as u32, offsets.len() as u32, 1], &mut bytes);
        bytes.extend(changes.iter().flat_map(|(at, _)| at.to_be_bytes()));
        bytes.extend(changes.iter().map(|(_, kind)| kind));
        bytes.extend(offsets.iter().flat_map(|by| [by.to_be_bytes().to_vec(), vec![0, 0]].concat()));
        bytes.push(0);
        bytes.extend(format!("\n{rule}\n").bytes());
        bytes
    }

    #[test]
    fn a_table_is_read() {
        let bytes = table(&[(-5, 1), (FAR, 0)], &[3600, -7200], "CET-1CEST,M3.5.0,M10.5.0/3");
        assert_eq!(shifts(&bytes), Some(vec![(i64::MIN, 3600), (-5, -7200), (FAR, 3600)]));
        let fixed = table(&[], &[19_800], "IST-5:30");
        assert_eq!(shifts(&fixed), Some(vec![(i64::MIN, 19_800)]));
    }

    #[test]
    fn what_does_not_tell_of_our_days_or_is_damaged_is_not_believed() {
        let short = table(&[(5, 1)], &[3600, 7200], "CET-1CEST,M3.5.0,M10.5.0/3");
        assert_eq!(shifts(&short), None, "the rest is a rule");
        let bytes = table(&[(FAR, 1)], &[3600, 7200], "");
        for cut in 0..bytes.len() - 2 {
            assert_eq!(shifts(&bytes[..cut]), None, "{cut}");
        }
        assert_eq!(shifts(&table(&[(FAR, 7)], &[3600], "")), None, "no such offset");
        assert_eq!(shifts(b"TZif"), None);
    }
}
