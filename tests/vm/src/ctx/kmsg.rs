// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel log.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::fcntl::OFlag;

/// Texts that mean that the kernel is in trouble.
const TROUBLE: &[&str] = &[
    "BUG:",
    "Oops:",
    "Oops ",
    "WARNING:",
    "Call Trace:",
    "general protection fault",
    // 32-bit arm
    "Internal error:",
    "Kernel panic",
    "INFO: task ",
    "INFO: trying to register",
    "INFO: possible",
    "stack segment:",
    "kernel BUG at",
];

/// One record of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Syslog level, 0 (emergency) to 7 (debug).
    pub level: u8,
    /// Sequence number.
    pub seq: u64,
    /// Time since boot, in microseconds.
    pub microseconds: u64,
    /// The message, without continuation lines.
    pub text: String,
}

impl Record {
    /// Reads one record in the format of `/dev/kmsg`.
    pub fn parse(raw: &str) -> Option<Self> {
        let (head, rest) = raw.split_once(';')?;
        let mut fields = head.split(',');
        let priority: u64 = fields.next()?.parse().ok()?;
        let seq = fields.next()?.parse().ok()?;
        let microseconds = fields.next()?.parse().ok()?;
        // Lines after the first are the dictionary (SUBSYSTEM=, DEVICE=).
        let text = rest.lines().next().unwrap_or_default().to_owned();
        Some(Self { level: u8::try_from(priority & 7).ok()?, seq, microseconds, text })
    }

    /// The record as the console shows it.
    pub fn console_line(&self) -> String {
        format!("[{:5}.{:06}] {}", self.microseconds / 1_000_000, self.microseconds % 1_000_000, self.text)
    }
}

/// The records that show trouble.
pub fn trouble(records: &[Record]) -> Vec<&Record> {
    records.iter().filter(|record| TROUBLE.iter().any(|word| record.text.contains(word))).collect()
}

/// A position in the log.
#[derive(Clone, Copy, Debug)]
pub struct Mark(usize);

/// The log as read so far.
pub(super) struct Log {
    device: File,
    records: Vec<Record>,
}

impl Log {
    pub(super) fn open() -> Result<Self> {
        let device = OpenOptions::new()
            .read(true)
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open("/dev/kmsg")
            .context("cannot open /dev/kmsg")?;
        Ok(Self { device, records: Vec::new() })
    }

    /// The present end of the log.
    pub(super) fn mark(&mut self) -> Result<Mark> {
        self.read()?;
        Ok(Mark(self.records.len()))
    }

    /// The records since a mark.
    pub(super) fn since(&mut self, mark: &Mark) -> Result<Vec<Record>> {
        self.read()?;
        Ok(self.records.iter().skip(mark.0).cloned().collect())
    }

    fn read(&mut self) -> Result<()> {
        let mut buffer = vec![0; 8192];
        loop {
            match self.device.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(length) => {
                    let raw = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned();
                    self.records.extend(Record::parse(&raw));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                // Records were overwritten before they were read: continue with the oldest one left.
                Err(error) if error.raw_os_error() == Some(Errno::EPIPE as i32) => {}
                Err(error) => return Err(error).context("cannot read /dev/kmsg"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_with_a_dictionary() {
        let record = Record::parse("6,339,5140900,-;NET: Registered\n SUBSYSTEM=net\n").unwrap();
        let want = Record { level: 6, seq: 339, microseconds: 5_140_900, text: "NET: Registered".into() };
        assert_eq!(record, want);
        assert_eq!(record.console_line(), "[    5.140900] NET: Registered");
    }

    #[test]
    fn trouble_is_recognised() {
        let record = |text: &str| Record { level: 4, seq: 0, microseconds: 0, text: text.into() };
        let records = [record("foo: loading"), record("Call Trace:"), record("WARNING: CPU: 0 PID: 1")];
        assert_eq!(trouble(&records).len(), 2);
    }
}
