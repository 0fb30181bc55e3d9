// SPDX-License-Identifier: MIT OR Apache-2.0
//! Intercepts insmod's system calls with ptrace: shows what insmod asks the kernel to load, and can answer in
//! the kernel's place.
//!
//! ```ignore
//! let output = ctx.insmod_intercepted(["foo.ko"], |_, call| {
//!     // Answer like a kernel that does not know the flag.
//!     Ok(if call.is_probe() { Answer::Instead(-22) } else { Answer::Kernel })
//! })?;
//! ```

use std::ffi::OsStr;
use std::fs;

use anyhow::Result;
use nix::libc;

use super::Ctx;
use super::command::{Command, Output, tools};
use super::tracer::{self, Entered, Watcher};

pub use super::tracer::Answer;

/// A system call that loads a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadCall {
    /// `init_module`: an image in memory.
    Image {
        /// Bytes in the image; 0 in a probe for the permission to load.
        len: u64,
    },
    /// `finit_module`: a file.
    File {
        /// The file's content; `None` if the descriptor cannot be read, as in a probe for a flag.
        content: Option<Vec<u8>>,
        /// The flags.
        flags: u64,
    },
}

impl LoadCall {
    /// Whether the call only asks for a flag or for the permission to load, and loads nothing.
    pub const fn is_probe(&self) -> bool {
        matches!(self, Self::File { content: None, .. } | Self::Image { len: 0 })
    }
}

impl Ctx {
    /// Runs our insmod and calls `answer` for each of its system calls that load a module.
    pub fn insmod_intercepted(
        &mut self,
        args: impl IntoIterator<Item = impl AsRef<OsStr>>,
        answer: impl FnMut(&mut Self, &LoadCall) -> Result<Answer>,
    ) -> Result<Output> {
        self.run_intercepted(Command::new(tools::INSMOD).args(args), answer)
    }

    /// The same for another of our commands.
    pub fn run_intercepted(
        &mut self,
        command: Command,
        answer: impl FnMut(&mut Self, &LoadCall) -> Result<Answer>,
    ) -> Result<Output> {
        tracer::run(command, &mut Loads { ctx: self, answer })
    }
}

/// Looks for calls that load a module.
struct Loads<'a, F> {
    ctx: &'a mut Ctx,
    answer: F,
}

impl<F: FnMut(&mut Ctx, &LoadCall) -> Result<Answer>> Watcher for Loads<'_, F> {
    fn entered(&mut self, call: &Entered<'_>) -> Result<Answer> {
        let given = match call.number {
            libc::SYS_init_module => LoadCall::Image { len: call.args[1] },
            libc::SYS_finit_module => {
                let path = format!("/proc/{}/fd/{}", call.pid, call.args[0]);
                LoadCall::File { content: fs::read(path).ok(), flags: call.args[2] }
            }
            _ => return Ok(Answer::Kernel),
        };
        (self.answer)(self.ctx, &given)
    }
}
