// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stands between insmod and the kernel: sees what the kernel is given to load, and can answer in its
//! place.
//!
//! ```ignore
//! let output = ctx.insmod_intercepted(["foo.ko"], |_, given| {
//!     // As a kernel that does not know the flag.
//!     Ok(if given.is_probe() { Answer::Instead(-22) } else { Answer::Kernel })
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

/// What a call gives the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadCall {
    /// `init_module`: an image in memory.
    Image,
    /// `finit_module`: a file.
    File {
        /// What can be read from it; `None`: nothing, as from one that only asks for a flag.
        content: Option<Vec<u8>>,
        /// The flags.
        flags: u64,
    },
}

impl LoadCall {
    /// Whether nothing is loaded: the kernel is asked whether it has a flag.
    pub const fn is_probe(&self) -> bool {
        matches!(self, Self::File { content: None, .. })
    }
}

/// Who answers the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The kernel, as always.
    Kernel,
    /// We do, with this result, and the kernel never sees the call.
    Instead(i64),
}

/// Stops at the call itself; other signals of the shell's do not matter here.
const WAIT_FOR_US: &str = "kill -STOP $$; exec \"$@\"";

impl Ctx {
    /// Runs our insmod and asks `answer` at each of its calls that load.
    pub fn insmod_intercepted(
        &mut self,
        args: impl IntoIterator<Item = impl AsRef<OsStr>>,
        mut answer: impl FnMut(&mut Self, &LoadCall) -> Result<Answer>,
    ) -> Result<Output> {
        let command = Command::new(tools::BUSYBOX).args(["sh", "-c", WAIT_FOR_US, "sh", tools::INSMOD]);
        command.args(args).run_by(|child| {
            let mut tracer = Tracer::start(child)?;
            let status = tracer.run(|given| answer(self, given));
            if status.is_err() {
                child.kill().context("cannot kill what was watched")?;
            }
            status
        })
    }
}

/// Where a process is: at the start or at the end of a call.
#[derive(Default)]
struct Place {
    inside: bool,
    result: Option<i64>,
}

struct Tracer {
    main: Pid,
    /// The program and what it has forked.
    processes: HashMap<Pid, Place>,
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
        Ok(Self { main, processes: HashMap::from([(main, Place::default())]) })
    }

    /// Until the last of the processes has ended; gives how the first one did.
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
                    go_on(pid, None)?;
                }
                WaitStatus::PtraceEvent(pid, ..) => go_on(pid, None)?,
                WaitStatus::Stopped(pid, signal) => {
                    // The first that is seen of a forked process.
                    self.processes.entry(pid).or_default();
                    go_on(pid, Some(signal).filter(|signal| *signal != Signal::SIGSTOP))?;
                }
                WaitStatus::Continued(_) | WaitStatus::StillAlive => {}
            }
        }
        ended.context("it was never seen to end")
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
            libc::SYS_init_module => LoadCall::Image,
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

/// A process may be killed at any moment.
fn go_on(pid: Pid, signal: Option<Signal>) -> Result<()> {
    match ptrace::syscall(pid, signal) {
        Err(nix::errno::Errno::ESRCH) => Ok(()),
        other => other.context("letting it go on"),
    }
}
