// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a scenario can do and observe.
//!
//! A scenario gets one value, [`Ctx`]. Its methods are grouped by file: commands, the kernel log, the state
//! of modules, memory, tracing.

mod command;
pub mod extended;
pub mod health;
mod intercept;
mod kernel_log;
mod kill;
mod kmsg;
mod memory;
mod modules;
mod processor;
mod slab;
mod trace;
mod tracer;

use std::fmt;
use std::path::Path;

use anyhow::{Result, bail, ensure};

pub use command::{Command, Output, Status, printable, tools};
pub use intercept::{Answer, LoadCall};
pub use kill::{Kill, Step, When};
pub use kmsg::{Mark, Record, trouble};
pub use modules::Module;
pub use slab::SlabObjects;
pub use trace::Call;

use crate::port::Port;
use crate::protocol::Line;

/// The guest's directory of fixture modules.
pub const FIXTURES: &str = "/modules";

/// The guest's file with the names of fixtures that are not built for its kernel, each with the reason.
pub const LEFT_OUT: &str = "/modules.left-out";

/// The reason of those that nothing was expected to load.
pub const NOT_NEEDED: &str = "is not needed";

/// Why a scenario cannot run on this kernel; see [`Ctx::skip`].
#[derive(Debug)]
pub struct Skip(pub String);

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Skip {}

/// The machine, as a scenario sees it.
pub struct Ctx {
    port: Port,
    log: kmsg::Log,
}

impl Ctx {
    /// Opens the kernel log, starting with what has been logged so far.
    pub fn new(port: Port) -> Result<Self> {
        Ok(Self { port, log: kmsg::Log::open()? })
    }

    /// The result port.
    pub fn port(&mut self) -> &mut Port {
        &mut self.port
    }

    /// Prints a note for whoever reads the run's output.
    pub fn note(&mut self, text: impl Into<String>) {
        self.port.send(&Line::Note { note: text.into() });
    }

    /// Records a measured value.
    pub fn measure(&mut self, what: impl Into<String>, value: impl fmt::Display) {
        self.port.send(&Line::Measure { measure: what.into(), value: value.to_string() });
    }

    /// Saves a text as a file of the run, under `artifacts/`.
    pub fn artifact(&mut self, name: impl Into<String>, text: impl Into<String>) {
        self.port.send(&Line::Artifact { artifact: name.into(), text: text.into() });
    }

    /// Ends the scenario as skipped: it cannot run on this kernel.
    pub fn skip<T>(&self, why: impl Into<String>) -> Result<T> {
        Err(Skip(why.into()).into())
    }

    /// Skips the scenario on a kernel that does not show its memory, as those for 32-bit arm.
    pub fn needs_kernel_memory(&self) -> Result<()> {
        match Path::new("/proc/kcore").exists() {
            true => Ok(()),
            false => self.skip("this kernel has no /proc/kcore"),
        }
    }

    /// The path of a fixture: `/modules/NAME.ko`, possibly with the suffix of a compressed file.
    pub fn fixture(&self, name: &str) -> Result<String> {
        for suffix in [".ko", ".ko.gz", ".ko.xz", ".ko.zst"] {
            let path = format!("{FIXTURES}/{name}{suffix}");
            if Path::new(&path).exists() {
                return Ok(path);
            }
        }
        if let Some(why) = left_out(&std::fs::read_to_string(LEFT_OUT).unwrap_or_default(), name) {
            ensure!(why != NOT_NEEDED, "{name} is in no list of the fixtures that are built for this run");
            return Err(Skip(format!("{name} {why}")).into());
        }
        bail!(
            "no fixture {name} in {FIXTURES}: check tests/fixtures/modules for the file and the variant's spelling"
        )
    }
}

/// Why a fixture is not built for this kernel, by the text of [`LEFT_OUT`].
fn left_out<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.split_once(' ').filter(|(found, _)| *found == name).map(|(_, why)| why))
}

#[cfg(test)]
mod tests {
    use super::left_out;

    #[test]
    fn a_fixture_that_is_left_out_has_a_reason() {
        let text = "foo_v2 needs clang\nfoo needs a kernel since 6.1\n";
        assert_eq!(left_out(text, "foo"), Some("needs a kernel since 6.1"));
        assert_eq!(left_out(text, "bar"), None);
    }
}
