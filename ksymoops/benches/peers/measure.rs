// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs programs in turn and measures them.
//!
//! The kernel reports the largest memory of all children that a process has waited for. So each run is the
//! only child of a process of its own: this program again, with [`HELPER`] as its first argument.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

const HELPER: &str = "--measure";

/// What one run used.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub wall: Duration,
    /// Largest resident size in KiB, of the program or one of its children.
    pub memory: u64,
}

/// Where the output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sink {
    /// A pipe that is read.
    Pipe,
    /// The null device.
    Null,
}

/// A program with its arguments and input.
#[derive(Clone, Debug)]
pub struct Run {
    program: PathBuf,
    arguments: Vec<OsString>,
    input: String,
    sink: Sink,
    lines: usize,
}

impl Run {
    pub fn new(program: impl AsRef<Path>) -> Self {
        let (arguments, input) = (Vec::new(), String::new());
        Self { program: program.as_ref().to_owned(), arguments, input, sink: Sink::Pipe, lines: 0 }
    }

    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub fn args(self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// Sets the standard input.
    pub fn input(mut self, text: &str) -> Self {
        text.clone_into(&mut self.input);
        self
    }

    pub const fn sink(mut self, sink: Sink) -> Self {
        self.sink = sink;
        self
    }

    /// Sets how many lines of output a run must have to count.
    pub const fn at_least(mut self, lines: usize) -> Self {
        self.lines = lines;
        self
    }

    fn once(&self) -> Usage {
        let mut helper = Command::new(std::env::current_exe().unwrap());
        helper.args([HELPER, if self.sink == Sink::Null { "null" } else { "pipe" }]);
        helper.arg(&self.program).args(&self.arguments).env("LC_ALL", "C");
        let child = helper.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        // The pipe breaks if the program does not read it.
        let _ = child.stdin.take().unwrap().write_all(self.input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{}: {errors}", self.program.display());
        let text = String::from_utf8(output.stdout).unwrap();
        let numbers: Vec<u64> = text.split_whitespace().map(|word| word.parse().unwrap()).collect();
        let [nanoseconds, memory, lines] = numbers[..] else { panic!("{text:?}") };
        assert!(lines >= self.lines as u64, "{}: {lines} lines: {errors}", self.program.display());
        Usage { wall: Duration::from_nanos(nanoseconds), memory }
    }
}

/// Runs each program once, then each again, and so on, so that other work on the machine slows all of them
/// alike. The first turn only warms the caches.
pub fn in_turn<const N: usize>(runs: [&Run; N], turns: usize) -> [Vec<Usage>; N] {
    let mut usage = [const { Vec::new() }; N];
    for turn in 0..=turns {
        for (usage, run) in usage.iter_mut().zip(runs) {
            let once = run.once();
            usage.extend((turn > 0).then_some(once));
        }
    }
    usage
}

/// In a process that is to measure one run: does so, and prints time, memory and lines of output.
pub fn helper() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != HELPER {
        return None;
    }
    let sink = arguments.next()?;
    let mut command = Command::new(arguments.next()?);
    command.args(arguments);
    command.stdout(if sink == "null" { Stdio::null() } else { Stdio::piped() });
    let start = Instant::now();
    let mut child = command.spawn().unwrap();
    let mut output = Vec::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_end(&mut output).unwrap();
    }
    let status = child.wait().unwrap();
    let wall = start.elapsed().as_nanos();
    let memory = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss();
    println!("{wall} {memory} {}", output.iter().filter(|&&byte| byte == b'\n').count());
    Some(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
