//! The state of a training between two epochs, as bytes in a file: all that decides how it goes on, so that a
//! training that goes on from there has the same bits as one that never stopped.
//!
//! Little-endian numbers behind one another, each list behind its length, and the CRC-32 of all at the end. A file
//! that is not whole, or not of this training, is refused; the training can then begin anew.

use std::fs;
use std::io;
use std::path::Path;

/// What every file begins with: the format and its version.
const MAGIC: u64 = u64::from_le_bytes(*b"tunetui1");

/// Takes down numbers.
#[derive(Debug)]
pub struct Writer(Vec<u8>);

/// Gives them back in the same order.
#[derive(Debug)]
pub struct Reader {
    bytes: Vec<u8>,
    at: usize,
}

impl Writer {
    /// Of the training with seed `seed`, after `epochs` epochs.
    pub fn new(seed: u64, epochs: usize) -> Self {
        let mut writer = Writer(Vec::new());
        writer.whole(MAGIC);
        writer.whole(seed);
        writer.whole(epochs as u64);
        writer
    }

    /// A whole number.
    pub fn whole(&mut self, value: u64) {
        self.0.extend(value.to_le_bytes());
    }

    /// A real number.
    pub fn real(&mut self, value: f64) {
        self.whole(value.to_bits());
    }

    /// A list.
    pub fn reals(&mut self, values: &[f64]) {
        self.whole(values.len() as u64);
        values.iter().for_each(|v| self.real(*v));
    }

    /// A list in single precision.
    pub fn singles(&mut self, values: &[f32]) {
        self.whole(values.len() as u64);
        self.0.reserve(4 * values.len());
        values.iter().for_each(|v| self.0.extend(v.to_le_bytes()));
    }

    /// Writes all to `path`, whole or not at all. Missing folders are made.
    ///
    /// # Errors
    /// Where the file system refuses.
    pub fn save(mut self, path: &Path) -> io::Result<()> {
        let crc = crc32fast::hash(&self.0);
        self.0.extend(crc.to_le_bytes());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let partial = path.with_extension("partial");
        // Not synced: what a loss of power leaves has another checksum, and costs no more than training again.
        fs::write(&partial, &self.0).and_then(|()| fs::rename(&partial, path)).inspect_err(|_| {
            fs::remove_file(&partial).ok();
        })
    }
}

impl Reader {
    /// What [`Writer::save`] wrote to `path`, of the training with seed `seed` after `epochs` epochs.
    ///
    /// # Errors
    /// Where there is no such file, it is damaged, or of another training or epoch.
    pub fn open(path: &Path, seed: u64, epochs: usize) -> Result<Self, String> {
        let mut bytes = fs::read(path).map_err(|e| e.to_string())?;
        let Some(end) = bytes.len().checked_sub(4) else { return Err("it is cut off".into()) };
        let crc = bytes.split_off(end);
        if crc != crc32fast::hash(&bytes).to_le_bytes() {
            return Err("it fails its checksum".into());
        }
        let mut reader = Reader { bytes, at: 0 };
        if reader.whole()? != MAGIC {
            return Err("it is of another version".into());
        }
        if reader.whole()? != seed {
            return Err("it is another training's".into());
        }
        if reader.count()? != epochs {
            return Err("it is of another epoch".into());
        }
        Ok(reader)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let next = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>());
        self.at += N;
        next.copied().ok_or_else(|| "it ends too early".into())
    }

    /// # Errors
    /// Where nothing is left, as of all that follow.
    pub fn whole(&mut self) -> Result<u64, String> {
        self.take().map(u64::from_le_bytes)
    }

    /// # Errors
    /// As [`whole`](Self::whole), or too large for this machine.
    pub fn count(&mut self) -> Result<usize, String> {
        usize::try_from(self.whole()?).map_err(|e| e.to_string())
    }

    /// # Errors
    /// As [`whole`](Self::whole).
    pub fn real(&mut self) -> Result<f64, String> {
        self.whole().map(f64::from_bits)
    }

    /// # Errors
    /// As [`whole`](Self::whole).
    pub fn reals(&mut self) -> Result<Vec<f64>, String> {
        (0..self.count()?).map(|_| self.real()).collect()
    }

    /// A list of `count` numbers in single precision.
    ///
    /// # Errors
    /// As [`whole`](Self::whole), or where it is of another length.
    pub fn singles(&mut self, count: usize) -> Result<Vec<f32>, String> {
        if self.count()? != count {
            return Err("its network is another one".into());
        }
        (0..count).map(|_| self.take().map(f32::from_le_bytes)).collect()
    }

    /// # Errors
    /// Where something is left.
    pub fn end(&self) -> Result<(), String> {
        if self.at == self.bytes.len() { Ok(()) } else { Err("it does not end where it should".into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path, seed: u64) -> String {
        Reader::open(path, seed, 4).err().unwrap_or_default()
    }

    #[test]
    fn numbers_come_back_bit_for_bit_and_damage_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trial-1/state");
        let (singles, reals) = ([0.1_f32, f32::NAN, -0.0], [f64::INFINITY, 1e-308, -0.0]);
        let mut writer = Writer::new(7, 4);
        writer.whole(u64::MAX);
        writer.reals(&reals);
        writer.singles(&singles);
        writer.save(&path).unwrap();
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");

        let mut reader = Reader::open(&path, 7, 4).unwrap();
        assert_eq!(reader.whole(), Ok(u64::MAX));
        assert!(reader.end().is_err());
        let bits = |v: Vec<f64>| v.into_iter().map(f64::to_bits).collect::<Vec<_>>();
        assert_eq!(bits(reader.reals().unwrap()), bits(reals.to_vec()));
        let found: Vec<u32> = reader.singles(3).unwrap().into_iter().map(f32::to_bits).collect();
        assert_eq!(found, singles.map(f32::to_bits));
        assert_eq!(reader.end(), Ok(()));
        assert!(reader.whole().is_err());

        assert!(open(&path, 8).contains("another training"));
        assert!(Reader::open(&path, 7, 5).err().unwrap().contains("another epoch"));
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 4;
            fs::write(&path, &damaged).unwrap();
            assert!(open(&path, 7).contains("checksum"), "byte {at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert!(!open(&path, 7).is_empty(), "cut off after {at}");
        }
        fs::remove_file(&path).unwrap();
        assert!(!open(&path, 7).is_empty());
    }
}
