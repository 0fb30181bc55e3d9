// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where a command writes: results to standard output, messages to standard error or the system log.
//!
//! Failing to write is never an error of the command: a closed or broken standard error must not keep a module from being loaded.

use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;

use libmodsys::Errno;

use crate::syslog::Syslog;
use crate::{CommonArgs, Level, load_error_text, shown, strerror};

/// The output of a command.
///
/// ```
/// use modcli::{Level, Output};
///
/// let mut output = Output::captured("insmod");
/// output.error("missing filename.");
/// output.warning("only with -v");
/// assert_eq!(output.stderr(), "insmod: ERROR: missing filename.\n");
/// ```
#[derive(Debug)]
pub struct Output {
    /// As it was called, for the C library's messages, which do not take the base name.
    argv0: String,
    name: String,
    level: Level,
    /// Error numbers are shown.
    numbers: bool,
    syslog: Option<Syslog>,
    out: Stream,
    err: Stream,
}

#[derive(Debug)]
enum Stream {
    Stdout,
    Stderr,
    Buffer(Vec<u8>),
}

impl Stream {
    fn write(&mut self, text: &str) {
        let bytes = &*crate::bytes(text);
        // See the module's documentation for why the result does not matter.
        let _ = match self {
            Self::Stdout => io::stdout().write_all(bytes).and_then(|()| io::stdout().flush()),
            Self::Stderr => io::stderr().write_all(bytes),
            Self::Buffer(buffer) => buffer.write_all(bytes),
        };
    }

    fn text(&self) -> String {
        match self {
            Self::Buffer(buffer) => String::from_utf8_lossy(buffer).into_owned(),
            Self::Stdout | Self::Stderr => String::new(),
        }
    }
}

impl Output {
    /// The output of this process, which was called by the given name.
    #[must_use]
    pub fn new(program: &OsStr) -> Self {
        Self::with_streams(program, Stream::Stdout, Stream::Stderr)
    }

    /// Output that is kept in memory, for tests.
    #[must_use]
    pub fn captured(program: &str) -> Self {
        Self::with_streams(OsStr::new(program), Stream::Buffer(Vec::new()), Stream::Buffer(Vec::new()))
    }

    fn with_streams(program: &OsStr, out: Stream, err: Stream) -> Self {
        let base = Path::new(program).file_name().unwrap_or(program);
        Self {
            argv0: shown(program),
            name: shown(base),
            level: Level::Error,
            numbers: false,
            syslog: None,
            out,
            err,
        }
    }

    /// Sets level and destination as the options ask.
    pub fn configure(&mut self, common: &CommonArgs) {
        self.level = Level::from_verbosity(common.verbose);
        self.numbers = common.errno;
        self.syslog = common.syslog.then(|| Syslog::new(&self.name));
    }

    /// Shows nothing any more but what ends the command.
    pub fn silence(&mut self) {
        self.level = Level::Fatal;
    }

    /// The C library's words for an error number, with the number where that is asked for.
    #[must_use]
    pub fn strerror(&self, errno: Errno) -> String {
        self.numbered(strerror(errno), errno)
    }

    /// What an error number means when it comes from loading a module, with the number where that is asked for.
    #[must_use]
    pub fn load_error_text(&self, errno: Errno) -> String {
        self.numbered(load_error_text(errno), errno)
    }

    fn numbered(&self, text: String, errno: Errno) -> String {
        if self.numbers { format!("{text} (errno {}, {errno:?})", errno as i32) } else { text }
    }

    /// Base name of the command, as messages begin with it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The least grave level that is shown.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// A message, if its level is to be shown.
    pub fn log(&mut self, level: Level, text: impl Display) {
        if level > self.level {
            return;
        }
        self.always(level, text);
    }

    /// A message whatever `-v` says: for the few warnings that nobody may miss.
    pub fn always(&mut self, level: Level, text: impl Display) {
        if self.level == Level::Fatal && level > Level::Fatal {
            return;
        }
        let word = level.word();
        match &self.syslog {
            Some(syslog) => syslog.send(level, &format!("{word}: {text}")),
            None => self.err.write(&format!("{}: {word}: {text}\n", self.name)),
        }
    }

    /// An error message.
    pub fn error(&mut self, text: impl Display) {
        self.log(Level::Error, text);
    }

    /// Lines under an error: what is known of it, then what can be done.
    pub fn under_error(&mut self, details: &[String], remedy: Option<&str>) {
        for line in details {
            self.error(format_args!("  {line}"));
        }
        for line in remedy.unwrap_or_default().lines() {
            self.error(line);
        }
    }

    /// A warning.
    pub fn warning(&mut self, text: impl Display) {
        self.log(Level::Warning, text);
    }

    /// A notice.
    pub fn notice(&mut self, text: impl Display) {
        self.log(Level::Notice, text);
    }

    /// An information.
    pub fn info(&mut self, text: impl Display) {
        self.log(Level::Info, text);
    }

    /// A message for those who look for a fault.
    pub fn debug(&mut self, text: impl Display) {
        self.log(Level::Debug, text);
    }

    /// An error in the options, in the C library's shape: always on standard error, without a level.
    pub(crate) fn usage_error(&mut self, text: impl Display) {
        self.err.write(&format!("{}: {text}\n", self.argv0));
    }

    /// Text on standard output, as it is.
    pub fn print(&mut self, text: impl Display) {
        self.out.write(&text.to_string());
    }

    /// What was written to standard output so far, if it is captured.
    #[must_use]
    pub fn stdout(&self) -> String {
        self.out.text()
    }

    /// What was written to standard error so far, if it is captured.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.err.text()
    }
}
