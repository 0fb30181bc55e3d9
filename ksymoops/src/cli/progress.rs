// SPDX-License-Identifier: MIT OR Apache-2.0
//! Progress on standard error, if that is a terminal and there is much to read.

use std::io::{self, IsTerminal, Read, Write};
use std::time::{Duration, Instant};

/// Less than this is read before anybody looks.
const MIN_BYTES: u64 = 64 << 20;
const INTERVAL: Duration = Duration::from_millis(200);

/// A reader that shows how far it has come.
#[derive(Debug)]
pub(super) struct Progress<R> {
    inner: R,
    done: u64,
    total: Option<u64>,
    shown: Option<Instant>,
    active: bool,
}

impl<R> Progress<R> {
    /// `total` is the length of the input in bytes, if it is known.
    pub fn new(inner: R, total: Option<u64>) -> Self {
        // Output on the same terminal would be garbled.
        let active = io::stderr().is_terminal()
            && !io::stdout().is_terminal()
            && total.is_none_or(|total| total > MIN_BYTES);
        Self { inner, done: 0, total, shown: None, active }
    }

    fn show(&mut self) {
        let is_recent = self.shown.is_some_and(|shown| shown.elapsed() < INTERVAL);
        if !self.active || self.done < MIN_BYTES || is_recent {
            return;
        }
        self.shown = Some(Instant::now());
        let mib = self.done >> 20;
        // The terminal may be gone: that is no reason to stop.
        let _ = match self.total.filter(|&total| total > 0) {
            Some(total) => {
                let percent =
                    u128::from(self.done).saturating_mul(100).checked_div(total.into()).unwrap_or(0);
                write!(io::stderr(), "\rksymoops: {mib} MiB, {percent} %\x1b[K")
            }
            None => write!(io::stderr(), "\rksymoops: {mib} MiB\x1b[K"),
        };
    }
}

impl<R: Read> Read for Progress<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.done = self.done.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        self.show();
        Ok(count)
    }
}

impl<R> Drop for Progress<R> {
    fn drop(&mut self) {
        if self.shown.is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
