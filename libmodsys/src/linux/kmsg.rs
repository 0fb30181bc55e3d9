// SPDX-License-Identifier: MIT OR Apache-2.0
//! `/dev/kmsg`: the kernel's log, record by record.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;

use crate::{LogRecord, SysError};

/// The kernel writes no record longer than this.
const RECORD: usize = 8192;

pub(super) fn read(path: &Path) -> Result<Vec<LogRecord>, SysError> {
    let mut device = OpenOptions::new()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)
        .map_err(|error| SysError::open(path, &error))?;
    let mut buffer = vec![0; RECORD];
    let mut records = Vec::new();
    loop {
        match device.read(&mut buffer) {
            Ok(0) => return Ok(records),
            Ok(length) => {
                // A device gives one record a call; a file that stands for it in a test gives all.
                let text = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned();
                records.extend(text.lines().filter_map(record));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(records),
            // Overwritten before it was read: the next call gives the oldest that is left.
            Err(error) if error.raw_os_error() == Some(Errno::EPIPE as i32) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(SysError::read(path, &error)),
        }
    }
}

/// `6,339,5140900,-;text`. Lines that begin with a blank are a dictionary, not text.
fn record(line: &str) -> Option<LogRecord> {
    let (head, text) = line.split_once(';')?;
    let mut fields = head.split(',');
    let priority: u64 = fields.next()?.parse().ok()?;
    let sequence = fields.next()?.parse().ok()?;
    // The lowest three bits are the level, the rest a facility; 0 is the kernel itself.
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
}
