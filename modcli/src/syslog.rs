// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages to the system log, through its socket.
//!
//! They are sent as with `openlog(name, LOG_CONS, LOG_DAEMON)`, but without a time stamp: daemons add their
//! own where there is none, and local time would need the C library's time zones.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};

use libmodsys::Errno;

use crate::{Level, escape};

const SOCKET: &str = "/dev/log";
const CONSOLE: &str = "/dev/console";
const LOG_DAEMON: u8 = 3 << 3;

/// The system log, with the name of the command that writes to it.
#[derive(Debug)]
pub(crate) struct Syslog {
    name: String,
    socket: PathBuf,
    console: PathBuf,
}

impl Syslog {
    pub(crate) fn new(name: &str) -> Self {
        Self::at(name, Path::new(SOCKET), Path::new(CONSOLE))
    }

    fn at(name: &str, socket: &Path, console: &Path) -> Self {
        Self { name: escape::line(name).into_owned(), socket: socket.to_owned(), console: console.to_owned() }
    }

    /// Sends a message, one line that has been escaped; a newline is added, as kmod does.
    pub(crate) fn send(&self, level: Level, text: &str) {
        if self.datagram(level, text).is_err() {
            // LOG_CONS. If this fails too, there is nobody left to tell.
            let _ = self.console(text);
        }
    }

    fn datagram(&self, level: Level, text: &str) -> io::Result<()> {
        let priority = LOG_DAEMON | level.severity();
        let message = format!("<{priority}>{}: {text}\n", self.name);
        let message = message.as_bytes();
        let socket = UnixDatagram::unbound()?;
        match socket.send_to(message, &self.socket) {
            // Some daemons use a stream socket, where NUL ends a message.
            Err(error) if error.raw_os_error() == Some(Errno::EPROTOTYPE as i32) => {
                UnixStream::connect(&self.socket)?.write_all(&[message, &b"\0"[..]].concat())
            }
            sent => sent.map(|_| ()),
        }
    }

    fn console(&self, line: &str) -> io::Result<()> {
        let line = format!("{}: {line}\r\n", self.name);
        OpenOptions::new().write(true).open(&self.console)?.write_all(line.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;
    use std::os::unix::net::UnixListener;

    use tempfile::TempDir;

    use super::*;

    fn syslog(name: &str, folder: &TempDir) -> Syslog {
        Syslog::at(name, &folder.path().join("log"), &folder.path().join("console"))
    }

    #[test]
    fn a_message_carries_facility_severity_and_name() {
        let folder = TempDir::new().unwrap();
        let daemon = UnixDatagram::bind(folder.path().join("log")).unwrap();
        syslog("insmod", &folder).send(Level::Error, "ERROR: missing filename.");
        let mut buffer = [0; 100];
        let size = daemon.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..size], b"<27>insmod: ERROR: missing filename.\n");
    }

    #[test]
    fn a_daemon_that_listens_for_streams_gets_it_too() {
        let folder = TempDir::new().unwrap();
        let daemon = UnixListener::bind(folder.path().join("log")).unwrap();
        syslog("rmmod", &folder).send(Level::Error, "ERROR: text");
        let mut text = String::new();
        daemon.accept().unwrap().0.read_to_string(&mut text).unwrap();
        assert_eq!(text, "<27>rmmod: ERROR: text\n\0");
    }

    #[test]
    fn without_a_daemon_the_console_gets_it() {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("console"), "").unwrap();
        syslog("rmmod", &folder).send(Level::Error, "ERROR: text");
        assert_eq!(fs::read_to_string(folder.path().join("console")).unwrap(), "rmmod: ERROR: text\r\n");
    }
}
