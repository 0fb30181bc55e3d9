// SPDX-License-Identifier: MIT OR Apache-2.0
//! `/dev/kmsg`: the kernel's log, record by record.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;

use crate::{LogRecord, SysError};

/// A read with a smaller buffer fails if the record is longer; kernels limit a record to 8192 bytes.
const MAX_RECORD_BYTES: usize = 16 << 10;

/// The records of the kernel's log, oldest first, up to the newest: reading never waits for more.
///
/// As a [`Read`] it is the text of all records, in the format of `/dev/kmsg`
/// (`Documentation/ABI/testing/dev-kmsg`). Records that the kernel overwrites in the meantime are skipped.
///
/// ```no_run
/// use std::io::Read;
///
/// let mut text = String::new();
/// libmodsys::KmsgReader::open()?.read_to_string(&mut text)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct KmsgReader {
    device: File,
    record: Vec<u8>,
    /// How much of `record` was handed out by `read`.
    position: usize,
}

impl KmsgReader {
    /// Opens `/dev/kmsg`.
    ///
    /// # Errors
    /// The system's.
    pub fn open() -> io::Result<Self> {
        Self::open_path(Path::new("/dev/kmsg"))
    }

    pub(super) fn open_path(path: &Path) -> io::Result<Self> {
        let device = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)?;
        Ok(Self { device, record: Vec::new(), position: 0 })
    }

    /// The next record, or nothing at the end. A file that stands in for the device may give several at once.
    ///
    /// # Errors
    /// The system's.
    pub fn next_record(&mut self) -> io::Result<Option<&[u8]>> {
        self.record.resize(MAX_RECORD_BYTES, 0);
        let length = loop {
            match self.device.read(&mut self.record) {
                Ok(length) => break length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break 0,
                // The record was overwritten; the next read gives the oldest that is left.
                Err(error) if error.raw_os_error() == Some(Errno::EPIPE as i32) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.record.clear();
                    return Err(error);
                }
            }
        };
        self.record.truncate(length);
        self.position = length;
        Ok((length > 0).then_some(&self.record))
    }
}

impl Read for KmsgReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.record.len() {
            self.next_record()?;
            self.position = 0;
        }
        let mut rest = self.record.get(self.position..).unwrap_or_default();
        let length = rest.read(buffer)?;
        self.position = self.position.saturating_add(length);
        Ok(length)
    }
}

/// What the kernel itself has logged.
pub(super) fn read(path: &Path) -> Result<Vec<LogRecord>, SysError> {
    let mut reader = KmsgReader::open_path(path).map_err(|error| SysError::open(path, &error))?;
    let mut text = Vec::new();
    reader.read_to_end(&mut text).map_err(|error| SysError::read(path, &error))?;
    Ok(String::from_utf8_lossy(&text).lines().filter_map(record).collect())
}

/// Adds a record at level "error" (3). The kernel turns the facility, 0 here, into that of programs
/// (`devkmsg_write()`), and refuses a text that does not fit into one record.
pub(super) fn write(path: &Path, line: &str) -> io::Result<()> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let mut device = OpenOptions::new().write(true).custom_flags(flags.bits()).open(path)?;
    // One call: each is a record.
    device.write_all(format!("<3>{line}\n").as_bytes())
}

/// `6,339,5140900,-;text`. Lines that begin with a blank are a dictionary, not text.
fn record(line: &str) -> Option<LogRecord> {
    let (head, text) = line.split_once(';')?;
    let mut fields = head.split(',');
    let priority: u64 = fields.next()?.parse().ok()?;
    let sequence = fields.next()?.parse().ok()?;
    // The lowest three bits are the level, the rest is a facility; 0 is the kernel itself.
    (priority < 8).then(|| LogRecord { sequence, text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record() {
        let wanted = LogRecord { sequence: 339, text: "foo: a;b".to_owned() };
        assert_eq!(record("6,339,5140900,-;foo: a;b"), Some(wanted));
        assert_eq!(record(" SUBSYSTEM=net"), None);
        assert_eq!(record("30,1,1,-;from user space"), None);
    }

    #[test]
    fn a_line_is_written_to_what_is_there_and_not_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let [device, link] = ["kmsg", "link"].map(|name| folder.path().join(name));
        assert!(write(&device, "text").is_err(), "a file was made");
        std::fs::write(&device, "").unwrap();
        write(&device, "insmod: text").unwrap();
        assert_eq!(std::fs::read_to_string(&device).unwrap(), "<3>insmod: text\n");
        std::os::unix::fs::symlink(&device, &link).unwrap();
        assert!(write(&link, "text").is_err());
    }

    #[test]
    fn the_text_of_all_records_in_small_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kmsg");
        std::fs::write(&path, "6,1,1,-;one\n6,2,2,-;two\n").unwrap();
        let mut reader = KmsgReader::open_path(&path).unwrap();
        let mut text = Vec::new();
        let mut piece = [0; 5];
        loop {
            match reader.read(&mut piece).unwrap() {
                0 => break,
                length => text.extend_from_slice(&piece[..length]),
            }
        }
        assert_eq!(text, b"6,1,1,-;one\n6,2,2,-;two\n");
        assert_eq!(reader.next_record().unwrap(), None);
    }
}
