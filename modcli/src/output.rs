// SPDX-License-Identifier: MIT OR Apache-2.0
//! Output of a command: results to standard output, messages to standard error or the system log.
//!
//! Whatever is written goes through [`escape`](crate::escape) here, once: callers pass names as they are.
//! Each message is one line.
//!
//! A write that fails is never an error of the command: a closed or broken standard error must not keep a
//! module from being loaded.

use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;

use libmodsys::Errno;

use crate::syslog::Syslog;
use crate::{CommonArgs, Level, escape, load_error_text, os_text, strerror};

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
    /// The name as typed: the C library's messages begin with it, not with its base name.
    argv0: String,
    name: String,
    level: Level,
    /// `--errno`
    show_errno: bool,
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
    /// Writes text of whole lines, escaped but for newlines.
    fn write(&mut self, text: &str) {
        let text = escape::lines(text);
        let bytes = text.as_bytes();
        // The module's documentation says why the result does not matter.
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
    /// The output of this process, which was called as `program`.
    #[must_use]
    pub fn new(program: &OsStr) -> Self {
        Self::with_streams(program, Stream::Stdout, Stream::Stderr)
    }

    /// Output that is captured in memory, for tests.
    #[must_use]
    pub fn captured(program: &str) -> Self {
        Self::with_streams(OsStr::new(program), Stream::Buffer(Vec::new()), Stream::Buffer(Vec::new()))
    }

    fn with_streams(program: &OsStr, out: Stream, err: Stream) -> Self {
        let base = Path::new(program).file_name().unwrap_or(program);
        Self {
            argv0: os_text(program),
            name: os_text(base),
            level: Level::Error,
            show_errno: false,
            syslog: None,
            out,
            err,
        }
    }

    /// Sets level and destination from the options.
    pub fn configure(&mut self, common: &CommonArgs) {
        self.level = Level::from_verbosity(common.verbose);
        self.show_errno = common.errno;
        self.syslog = common.syslog.then(|| Syslog::new(&self.name));
    }

    /// From now on, shows nothing below [`Level::Fatal`].
    pub fn silence(&mut self) {
        self.level = Level::Fatal;
    }

    /// The C library's message for an error number; with the number at `--errno`.
    #[must_use]
    pub fn strerror(&self, errno: Errno) -> String {
        self.with_errno(strerror(errno), errno)
    }

    /// The message for an error number that loading a module returned; with the number at `--errno`.
    #[must_use]
    pub fn load_error_text(&self, errno: Errno) -> String {
        self.with_errno(load_error_text(errno), errno)
    }

    fn with_errno(&self, text: String, errno: Errno) -> String {
        if self.show_errno { format!("{text} (errno {}, {errno:?})", errno as i32) } else { text }
    }

    /// Base name of the command, with which messages begin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The least severe level that is shown.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// Writes a message, if its level is shown.
    pub fn log(&mut self, level: Level, text: impl Display) {
        if level > self.level {
            return;
        }
        self.always(level, text);
    }

    /// Writes a message whatever `-v` says: for the few warnings that nobody should miss.
    pub fn always(&mut self, level: Level, text: impl Display) {
        if self.level == Level::Fatal && level > Level::Fatal {
            return;
        }
        let word = level.word();
        let text = text.to_string();
        let text = escape::line(&text);
        match &self.syslog {
            Some(syslog) => syslog.send(level, &format!("{word}: {text}")),
            None => self.err.write(&format!("{}: {word}: {text}\n", escape::line(&self.name))),
        }
    }

    /// Writes an error message.
    pub fn error(&mut self, text: impl Display) {
        self.log(Level::Error, text);
    }

    /// Writes lines under an error: details, then what to do about it.
    pub fn under_error(&mut self, details: &[String], remedy: Option<&str>) {
        for line in details {
            self.error(format_args!("  {line}"));
        }
        for line in remedy.unwrap_or_default().lines() {
            self.error(line);
        }
    }

    /// Writes a warning.
    pub fn warning(&mut self, text: impl Display) {
        self.log(Level::Warning, text);
    }

    /// Writes a notice.
    pub fn notice(&mut self, text: impl Display) {
        self.log(Level::Notice, text);
    }

    /// Writes an informational message.
    pub fn info(&mut self, text: impl Display) {
        self.log(Level::Info, text);
    }

    /// Writes a debugging message.
    pub fn debug(&mut self, text: impl Display) {
        self.log(Level::Debug, text);
    }

    /// Writes an error in the options, in the C library's form: always to standard error, without a level.
    pub(crate) fn usage_error(&mut self, text: impl Display) {
        let text = format!("{}: {text}", self.argv0);
        self.err.write(&format!("{}\n", escape::line(&text)));
    }

    /// Writes text of whole lines to standard output. A name in it that may hold a newline must have gone
    /// through [`escape::line`].
    pub fn print(&mut self, text: impl Display) {
        self.out.write(&text.to_string());
    }

    /// What was written to standard output so far; empty unless captured.
    #[must_use]
    pub fn stdout(&self) -> String {
        self.out.text()
    }

    /// What was written to standard error so far; empty unless captured.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.err.text()
    }
}
