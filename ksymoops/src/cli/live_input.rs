// SPDX-License-Identifier: MIT OR Apache-2.0
//! A log that somebody is still writing: a pipe, as of `tail -f`. Its reader says when there is nothing to
//! read, so that a report is shown when it has ended and not when the next line comes.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::rc::Rc;
use std::time::Duration;

use libmodsys::files;

/// For so long a writer may pause.
const PAUSE: Duration = Duration::from_secs(1);

/// A log that may be still written. Once it is [`Patience::lost`], a read fails with
/// [`io::ErrorKind::TimedOut`] if there is nothing to read.
#[derive(Debug)]
pub(super) struct LiveInput {
    file: File,
    patience: Patience,
}

/// Whether a read waits for as long as it takes.
#[derive(Debug, Clone, Default)]
pub(super) struct Patience(Rc<Cell<bool>>);

impl Patience {
    /// From now on, reads wait for a pause only.
    pub fn lost(&self) {
        self.0.set(true);
    }
}

impl LiveInput {
    pub fn new(file: File) -> (Self, Patience) {
        let patience = Patience::default();
        (Self { file, patience: patience.clone() }, patience)
    }
}

impl Read for LiveInput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.patience.0.get() && !files::has_input(&self.file, PAUSE) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.file.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::OwnedFd;

    use super::*;

    #[test]
    fn a_pause_is_said_only_when_wanted() {
        let (ours, mut theirs) = io::pipe().unwrap();
        let (mut input, patience) = LiveInput::new(File::from(OwnedFd::from(ours)));
        theirs.write_all(b"one").unwrap();
        let mut buffer = [0; 8];
        assert_eq!(input.read(&mut buffer).unwrap(), 3);
        patience.lost();
        assert_eq!(input.read(&mut buffer).unwrap_err().kind(), io::ErrorKind::TimedOut);
        theirs.write_all(b"two").unwrap();
        assert_eq!(input.read(&mut buffer).unwrap(), 3);
        drop(theirs);
        assert_eq!(input.read(&mut buffer).unwrap(), 0);
    }
}
