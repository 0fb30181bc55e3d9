// SPDX-License-Identifier: MIT OR Apache-2.0
//! Messages to the system log, by its datagram socket.
//!
//! As `openlog(name, LOG_CONS, LOG_DAEMON)` would send them, but without a time: every daemon puts in its own where none is given, and local time
//! would need the C library's time zones.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};

use libmodsys::Errno;

use crate::Level;

const SOCKET: &str = "/dev/log";
const CONSOLE: &str = "/dev/console";
const LOG_DAEMON: u8 = 3 << 3;

/// The system log under the name of a command.
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
        Self { name: name.to_owned(), socket: socket.to_owned(), console: console.to_owned() }
    }

    /// Sends a message, with the newline at its end that kmod's messages have there, too.
    pub(crate) fn send(&self, level: Level, text: &str) {
        if self.datagram(level, text).is_err() {
            for line in text.lines() {
                // LOG_CONS. There is nobody left to tell if this fails, too.
                let _ = self.console(line);
            }
        }
    }

    fn datagram(&self, level: Level, text: &str) -> io::Result<()> {
        let priority = LOG_DAEMON | level.severity();
        let message = format!("<{priority}>{}: {text}\n", self.name);
        let message = crate::bytes(&message);
        let socket = UnixDatagram::unbound()?;
        match socket.send_to(&message, &self.socket) {
            // Some daemons listen for streams, where a NUL ends a message.
            Err(error) if error.raw_os_error() == Some(Errno::EPROTOTYPE as i32) => {
                UnixStream::connect(&self.socket)?.write_all(&[&message, &b"\0"[..]].concat())
            }
            sent => sent.map(|_| ()),
        }
    }

    fn console(&self, line: &str) -> io::Result<()> {
        let line = format!("{}: {line}\r\n", self.name);
        OpenOptions::new().write(true).open(&self.console)?.write_all(&crate::bytes(&line))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("modcli-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_message_carries_facility_severity_and_name() {
        let folder = folder("socket");
        let daemon = UnixDatagram::bind(folder.join("log")).unwrap();
        let syslog = Syslog::at("insmod", &folder.join("log"), &folder.join("console"));
        syslog.send(Level::Error, "ERROR: missing filename.");
        let mut buffer = [0; 100];
        let size = daemon.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..size], b"<27>insmod: ERROR: missing filename.\n");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_daemon_that_listens_for_streams_gets_it_too() {
        use std::io::Read;
        let folder = folder("stream");
        let daemon = std::os::unix::net::UnixListener::bind(folder.join("log")).unwrap();
        let syslog = Syslog::at("rmmod", &folder.join("log"), &folder.join("console"));
        syslog.send(Level::Error, "ERROR: text");
        let mut text = String::new();
        daemon.accept().unwrap().0.read_to_string(&mut text).unwrap();
        assert_eq!(text, "<27>rmmod: ERROR: text\n\0");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn without_a_daemon_the_console_gets_it() {
        let folder = folder("console");
        fs::write(folder.join("console"), "").unwrap();
        let syslog = Syslog::at("rmmod", &folder.join("log"), &folder.join("console"));
        syslog.send(Level::Error, "ERROR: text");
        assert_eq!(fs::read_to_string(folder.join("console")).unwrap(), "rmmod: ERROR: text\r\n");
        fs::remove_dir_all(folder).unwrap();
    }
}
