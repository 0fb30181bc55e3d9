// SPDX-License-Identifier: MIT OR Apache-2.0
//! A log that somebody is still writing: a pipe, as of `tail -f`. Its reader says when there is nothing to
//! read, so that a report is shown when it has ended and not when the next line comes.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::rc::Rc;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// For so many milliseconds a writer may pause.
const PAUSE: u16 = 1000;

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

    fn has_input(&self) -> bool {
        let mut wanted = [PollFd::new(self.file.as_fd(), PollFlags::POLLIN)];
        // After an error the read says what is wrong.
        poll(&mut wanted, PollTimeout::from(PAUSE)) != Ok(0)
    }
}

impl Read for LiveInput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.patience.0.get() && !self.has_input() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.file.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_pause_is_said_only_when_wanted() {
        let (ours, theirs) = nix::unistd::pipe().unwrap();
        let (mut input, patience) = LiveInput::new(File::from(ours));
        let mut theirs = File::from(theirs);
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
