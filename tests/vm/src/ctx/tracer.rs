// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs a command under ptrace and stops it, and the processes that it starts, before and after each system
//! call.

use std::collections::BTreeMap;
use std::process::Child;

use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::libc::{self, c_long};
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::command::{Command, Output, Status};
use super::processor;

/// Who answers a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The kernel, as usual.
    Kernel,
    /// This result is returned, and the kernel never sees the call.
    Instead(i64),
}

/// A system call that a process is about to make, or has made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entered<'a> {
    /// The process.
    pub(super) pid: Pid,
    /// All processes that are traced: the command and those that it has started.
    pub(super) processes: &'a [Pid],
    /// The call's number.
    pub(super) number: c_long,
    /// The first three arguments.
    pub(super) args: [u64; 3],
}

/// Who is told of each system call. A process may be killed then, by SIGKILL.
pub(super) trait Watcher {
    /// The process is about to make the call. If it is killed now, the kernel does not see the call.
    fn entered(&mut self, call: &Entered<'_>) -> Result<Answer>;

    /// The kernel has carried out the call.
    fn left(&mut self, _call: &Entered<'_>) -> Result<()> {
        Ok(())
    }
}

/// Stops itself until the tracer is attached, then becomes the command.
const STOP_FIRST: &str = "kill -STOP $$; exec \"$@\"";

/// Runs a command, and waits for the end of all processes that it starts. The status is its own.
pub(super) fn run(command: Command, watcher: &mut dyn Watcher) -> Result<Output> {
    command.after_script(STOP_FIRST).run_by(|child| {
        let mut tracer = Tracer::start(child)?;
        let status = tracer.run(watcher);
        if status.is_err() {
            child.kill().context("cannot kill the traced command")?;
        }
        status
    })
}

/// The call that a process is in.
#[derive(Default)]
struct CallState {
    inside: bool,
    result: Option<i64>,
    number: c_long,
    args: [u64; 3],
}

struct Tracer {
    main: Pid,
    /// Whether the shell has become the command.
    has_started: bool,
    /// The command and its children.
    processes: BTreeMap<Pid, CallState>,
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
        Ok(Self { main, has_started: false, processes: BTreeMap::from([(main, CallState::default())]) })
    }

    /// Runs until the last of the processes has exited. Returns the exit status of the command itself.
    fn run(&mut self, watcher: &mut dyn Watcher) -> Result<Status> {
        let mut ended = None;
        while !self.processes.is_empty() {
            match waitpid(None, Some(WaitPidFlag::__WALL))? {
                WaitStatus::Exited(pid, code) => self.ended(pid, Status::Exited(code), &mut ended),
                WaitStatus::Signaled(pid, signal, _) => {
                    self.ended(pid, Status::Signalled(signal as i32), &mut ended);
                }
                WaitStatus::PtraceSyscall(pid) => {
                    self.call(pid, watcher)?;
                    resume(pid, None)?;
                }
                WaitStatus::PtraceEvent(pid, _, event) => {
                    if pid == self.main && event == libc::PTRACE_EVENT_EXEC {
                        self.has_started = true;
                    }
                    resume(pid, None)?;
                }
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

    fn call(&mut self, pid: Pid, watcher: &mut dyn Watcher) -> Result<()> {
        let registers = match processor::read(pid) {
            // Another process has killed it.
            Err(Errno::ESRCH) => return Ok(()),
            registers => registers?,
        };
        let state = self.processes.entry(pid).or_default();
        state.inside = !state.inside;
        if state.inside {
            (state.number, state.args) = processor::call(pid, &registers);
        }
        let (inside, result, number, args) = (state.inside, state.result.take(), state.number, state.args);
        let processes: Vec<Pid> = self.processes.keys().copied().collect();
        let call = Entered { pid, processes: &processes, number, args };
        if !inside {
            if let Some(result) = result {
                processor::set_result(pid, registers, result)?;
            }
            // The end of the shell's exec is not a call of the command.
            return if self.has_started { watcher.left(&call) } else { Ok(()) };
        }
        if !self.has_started {
            return Ok(());
        }
        if let Answer::Instead(result) = watcher.entered(&call)? {
            self.processes.entry(pid).or_default().result = Some(result);
            processor::skip_call(pid, registers)?;
        }
        Ok(())
    }
}

/// Continues a process, which may have been killed in the meantime.
fn resume(pid: Pid, signal: Option<Signal>) -> Result<()> {
    match ptrace::syscall(pid, signal) {
        Err(Errno::ESRCH) => Ok(()),
        other => other.context("resuming it"),
    }
}
