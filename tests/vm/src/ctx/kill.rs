// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kills a command at one of its steps. A step is a system call that changes something.
//!
//! ```ignore
//! let steps = ctx.run_killed(command, None)?.steps.len();
//! for step in 0..steps {
//!     ctx.run_killed(command, Some(Kill { step, when: When::After, all: false }))?;
//! }
//! ```

use std::collections::BTreeMap;

use anyhow::Result;
use nix::libc;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Ctx;
use super::command::{Command, Output};
use super::processor;
use super::tracer::{self, Answer, Entered, Watcher};

/// On which side of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The kernel has not seen the call.
    Before,
    /// The kernel has carried it out.
    After,
}

/// When and whom to kill, by SIGKILL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kill {
    /// The number of the step, from 0, whichever process makes it.
    pub step: usize,
    /// On which side of it.
    pub when: When,
    /// All processes that the command has started, and not just the one that makes the call.
    pub all: bool,
}

/// A system call that changes something.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Name of the call.
    pub name: &'static str,
    /// How many processes the command has at that time.
    pub processes: usize,
}

/// How a command went that was to be killed.
#[derive(Debug)]
pub struct Killed {
    /// What it printed until then.
    pub output: Output,
    /// Its steps, up to its end.
    pub steps: Vec<Step>,
    /// Whether it came as far as that step.
    pub was_killed: bool,
}

impl Ctx {
    /// Runs a command and kills it.
    pub fn run_killed(&mut self, command: Command, kill: Option<Kill>) -> Result<Killed> {
        let mut killer = Killer { kill, steps: Vec::new(), inside: BTreeMap::new(), was_killed: false };
        let output = tracer::run(command, &mut killer)?;
        Ok(Killed { output, steps: killer.steps, was_killed: killer.was_killed })
    }
}

struct Killer {
    kill: Option<Kill>,
    steps: Vec<Step>,
    /// The step that each process is in.
    inside: BTreeMap<Pid, usize>,
    was_killed: bool,
}

impl Killer {
    /// Kills if this is the step. `entered` says on which side of it.
    fn at_step(&mut self, step: usize, when: When, call: &Entered<'_>) {
        let Some(wanted) = self.kill else { return };
        if self.was_killed || step != wanted.step || when != wanted.when {
            return;
        }
        self.was_killed = true;
        let victims = if wanted.all { call.processes } else { &[call.pid] };
        for victim in victims {
            // It may have ended just now.
            let _ = kill(*victim, Signal::SIGKILL);
        }
    }
}

impl Watcher for Killer {
    fn entered(&mut self, call: &Entered<'_>) -> Result<Answer> {
        if let Some(name) = changing(call) {
            let step = self.steps.len();
            self.steps.push(Step { name, processes: call.processes.len() });
            self.inside.insert(call.pid, step);
            self.at_step(step, When::Before, call);
        }
        Ok(Answer::Kernel)
    }

    fn left(&mut self, call: &Entered<'_>) -> Result<()> {
        if let Some(step) = self.inside.remove(&call.pid) {
            self.at_step(step, When::After, call);
        }
        Ok(())
    }
}

/// The name of a call that changes something: modules, files, locks, processes.
fn changing(call: &Entered<'_>) -> Option<&'static str> {
    let opens_for_writing =
        |flags: u64| flags & (libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT).cast_unsigned() as u64 != 0;
    let [_, second, third] = call.args;
    Some(match call.number {
        libc::SYS_init_module => "init_module",
        libc::SYS_finit_module => "finit_module",
        libc::SYS_delete_module => "delete_module",
        libc::SYS_openat if opens_for_writing(third) => "openat",
        libc::SYS_write => "write",
        libc::SYS_writev => "writev",
        libc::SYS_pwrite64 => "pwrite64",
        libc::SYS_ftruncate => "ftruncate",
        libc::SYS_fsync => "fsync",
        libc::SYS_fdatasync => "fdatasync",
        libc::SYS_mkdirat => "mkdir",
        libc::SYS_unlinkat => "unlink",
        libc::SYS_renameat2 => "rename",
        libc::SYS_linkat => "link",
        libc::SYS_fchmod | libc::SYS_fchmodat => "chmod",
        libc::SYS_flock => "flock",
        libc::SYS_fcntl if locks(second) => "fcntl",
        libc::SYS_clone | libc::SYS_clone3 => "fork",
        libc::SYS_execve => "execve",
        other => {
            let (name, flags) = processor::old_call(other)?;
            let flags = flags.and_then(|at| call.args.get(at));
            return flags.is_none_or(|flags| opens_for_writing(*flags)).then_some(name);
        }
    })
}

fn locks(command: u64) -> bool {
    [libc::F_SETLK, libc::F_SETLKW, libc::F_OFD_SETLK, libc::F_OFD_SETLKW]
        .iter()
        .any(|lock| u64::try_from(*lock) == Ok(command))
}
