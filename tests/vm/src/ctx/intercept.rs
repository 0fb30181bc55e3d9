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

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::process::Child;

use anyhow::{Context, Result};
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::Ctx;
use super::command::{Command, Output, Status, tools};

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

/// Who answers the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The kernel, as usual.
    Kernel,
    /// This result is returned, and the kernel never sees the call.
    Instead(i64),
}

/// Stops itself until the tracer is attached, then runs insmod.
const STOP_FIRST: &str = "kill -STOP $$; exec \"$@\"";

impl Ctx {
    /// Runs our insmod and calls `answer` for each of its system calls that load a module.
    pub fn insmod_intercepted(
        &mut self,
        args: impl IntoIterator<Item = impl AsRef<OsStr>>,
        mut answer: impl FnMut(&mut Self, &LoadCall) -> Result<Answer>,
    ) -> Result<Output> {
        let command = Command::new(tools::BUSYBOX).args(["sh", "-c", STOP_FIRST, "sh", tools::INSMOD]);
        command.args(args).run_by(|child| {
            let mut tracer = Tracer::start(child)?;
            let status = tracer.run(|given| answer(self, given));
            if status.is_err() {
                child.kill().context("cannot kill the traced insmod")?;
            }
            status
        })
    }
}

/// Whether a process is inside a system call, and the result to return from it.
#[derive(Default)]
struct CallState {
    inside: bool,
    result: Option<i64>,
}

struct Tracer {
    main: Pid,
    /// insmod and its children.
    processes: HashMap<Pid, CallState>,
}

impl Tracer {
    fn start(child: &Child) -> Result<Self> {
        let main = Pid::from_raw(child.id().try_into()?);
        waitpid(main, Some(WaitPidFlag::WUNTRACED)).context("waiting for its stop")?;
        ptrace::attach(main).context("attaching")?;
        waitpid(main, None).context("waiting for the attachment")?;
        let options = Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_TRACEEXEC
            | Options::PTRACE_O_TRACEFORK
            | Options::PTRACE_O_TRACEVFORK
            | Options::PTRACE_O_TRACECLONE;
        ptrace::setoptions(main, options)?;
        kill(main, Signal::SIGCONT)?;
        ptrace::syscall(main, None)?;
        Ok(Self { main, processes: HashMap::from([(main, CallState::default())]) })
    }

    /// Runs until the last of the processes has exited. Returns the exit status of insmod itself.
    fn run(&mut self, mut answer: impl FnMut(&LoadCall) -> Result<Answer>) -> Result<Status> {
        let mut ended = None;
        while !self.processes.is_empty() {
            match waitpid(None, Some(WaitPidFlag::__WALL))? {
                WaitStatus::Exited(pid, code) => self.ended(pid, Status::Exited(code), &mut ended),
                WaitStatus::Signaled(pid, signal, _) => {
                    self.ended(pid, Status::Signalled(signal as i32), &mut ended);
                }
                WaitStatus::PtraceSyscall(pid) => {
                    self.call(pid, &mut answer)?;
                    resume(pid, None)?;
                }
                WaitStatus::PtraceEvent(pid, ..) => resume(pid, None)?,
                WaitStatus::Stopped(pid, signal) => {
                    // A forked process first shows up here.
                    self.processes.entry(pid).or_default();
                    resume(pid, Some(signal).filter(|signal| *signal != Signal::SIGSTOP))?;
                }
                WaitStatus::Continued(_) | WaitStatus::StillAlive => {}
            }
        }
        ended.context("its exit was not seen")
    }

    fn ended(&mut self, pid: Pid, status: Status, ended: &mut Option<Status>) {
        self.processes.remove(&pid);
        if pid == self.main {
            *ended = Some(status);
        }
    }

    fn call(&mut self, pid: Pid, answer: &mut impl FnMut(&LoadCall) -> Result<Answer>) -> Result<()> {
        let place = self.processes.entry(pid).or_default();
        place.inside = !place.inside;
        let mut registers = ptrace::getregs(pid)?;
        if !place.inside {
            if let Some(result) = place.result.take() {
                registers.rax = result.cast_unsigned();
                ptrace::setregs(pid, registers)?;
            }
            return Ok(());
        }
        let given = match registers.orig_rax.cast_signed() {
            libc::SYS_init_module => LoadCall::Image { len: registers.rsi },
            libc::SYS_finit_module => {
                let path = format!("/proc/{pid}/fd/{}", registers.rdi);
                LoadCall::File { content: fs::read(path).ok(), flags: registers.rdx }
            }
            _ => return Ok(()),
        };
        if let Answer::Instead(result) = answer(&given)? {
            place.result = Some(result);
            registers.orig_rax = u64::MAX;
            ptrace::setregs(pid, registers)?;
        }
        Ok(())
    }
}

/// Continues a process, which may have been killed in the meantime.
fn resume(pid: Pid, signal: Option<Signal>) -> Result<()> {
    match ptrace::syscall(pid, signal) {
        Err(nix::errno::Errno::ESRCH) => Ok(()),
        other => other.context("resuming it"),
    }
}
