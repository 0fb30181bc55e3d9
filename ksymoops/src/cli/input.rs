// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where logs come from.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;

/// `O_NONBLOCK`, as every architecture of this project has it.
const NON_BLOCKING: i32 = 0o4000;
/// `EPIPE`: records were overwritten before they were read.
const OVERWRITTEN: i32 = 32;
/// The longest record of `/dev/kmsg` is below this.
const RECORD: usize = 16 << 10;

/// The kernel's log so far, in the format of `/dev/kmsg`.
#[derive(Debug)]
pub(super) struct KernelLog {
    device: File,
    record: Vec<u8>,
    at: usize,
}

impl KernelLog {
    pub fn open() -> io::Result<Self> {
        let device = OpenOptions::new().read(true).custom_flags(NON_BLOCKING).open("/dev/kmsg")?;
        Ok(Self { device, record: Vec::new(), at: 0 })
    }
}

impl Read for KernelLog {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.record.len() {
            self.record.resize(RECORD, 0);
            self.at = 0;
            let count = loop {
                match self.device.read(&mut self.record) {
                    Ok(count) => break count,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break 0,
                    Err(error) if error.raw_os_error() == Some(OVERWRITTEN) => {}
                    Err(error) => return Err(error),
                }
            };
            self.record.truncate(count);
        }
        let rest = self.record.get(self.at..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.at = self.at.saturating_add(count);
        Ok(count)
    }
}
