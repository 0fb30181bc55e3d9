// SPDX-License-Identifier: MIT OR Apache-2.0
//! The guest's end of the result port.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use nix::sys::termios::{self, SetArg};

use crate::protocol::Line;

/// Where the result lines go.
pub struct Port {
    out: Box<dyn Write>,
    /// The same device, to wait until the last byte has been sent.
    tty: Option<File>,
}

impl Port {
    /// Opens the serial port and puts it into raw mode.
    pub fn open(path: &Path) -> io::Result<Self> {
        let tty = OpenOptions::new().read(true).write(true).open(path)?;
        let mut settings = termios::tcgetattr(&tty)?;
        termios::cfmakeraw(&mut settings);
        termios::tcsetattr(&tty, SetArg::TCSANOW, &settings)?;
        Ok(Self { out: Box::new(tty.try_clone()?), tty: Some(tty) })
    }

    /// A port that writes to `out`, for tests on the host.
    pub fn to(out: Box<dyn Write>) -> Self {
        Self { out, tty: None }
    }

    /// Sends one line. If that fails, only the console can be told.
    pub fn send(&mut self, line: &Line) {
        let text = line.encode() + "\n";
        if let Err(error) = self.out.write_all(text.as_bytes()) {
            eprintln!("vmguest: cannot write a result: {error}: {text}");
        }
    }

    /// Waits until everything has been transmitted.
    pub fn drain(&mut self) {
        if let Some(tty) = &self.tty {
            // The machine powers off either way, so a failure here does not matter.
            let _ = termios::tcdrain(tty);
        }
    }
}
