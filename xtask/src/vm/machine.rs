// SPDX-License-Identifier: MIT OR Apache-2.0
//! One boot: starts QEMU, passes on the guest's lines, and ends the machine at a time limit.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use vmguest::protocol::Line;

use super::console::{self, Console};
use super::prepared::Vm;
use super::qemu::{self, Options};
use crate::process;

/// How a boot ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The guest finished.
    Done,
    /// The guest reported an error.
    Refused,
    /// The machine stopped before that; with the console line that explains it, if there is one.
    Died(String),
    /// The machine hung or exceeded a time limit.
    Hung(String),
}

/// A running machine. It is killed when this value is dropped.
pub struct Machine {
    child: Child,
    lines: Receiver<String>,
    console: Console,
    directory: PathBuf,
    raw: File,
    boot_limit: Duration,
}

/// How long a guest may take from power-on to its first line.
pub const BOOT_LIMIT: Duration = Duration::from_secs(120);

/// How often the console is checked.
const POLL: Duration = Duration::from_millis(250);

impl Machine {
    /// Powers it on. The console and the raw lines are saved in `directory`.
    pub fn start(vm: &Vm, options: &Options, directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
        let log = directory.join("console.log");
        let mut command = qemu::command(vm, options, &log);
        fs::write(directory.join("command"), process::line(&command) + "\n")?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(directory.join("qemu.log"))?)
            .spawn()
            .context("cannot start qemu; run `cargo xtask setup` to install it")?;
        let output = child.stdout.take().ok_or_else(|| anyhow!("qemu has no standard output"))?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    break;
                }
            }
        });
        let raw = File::create(directory.join("results.jsonl"))?;
        Ok(Self {
            child,
            lines,
            console: Console::watch(&log),
            directory: directory.to_owned(),
            raw,
            boot_limit: BOOT_LIMIT,
        })
    }

    /// Sets how long the first line may take.
    pub fn first_within(mut self, limit: Duration) -> Self {
        self.boot_limit = limit;
        self
    }

    /// Passes each line to `handle`, which returns how long the next one may take.
    pub fn run(mut self, mut handle: impl FnMut(Line) -> Result<Duration>) -> Result<End> {
        let mut deadline = Instant::now() + self.boot_limit;
        let mut exit = None;
        loop {
            match self.lines.recv_timeout(POLL) {
                Ok(text) => {
                    writeln!(self.raw, "{}", text.trim_end())?;
                    match Line::decode(&text) {
                        Some(Line::Exit { exit: code }) => exit = Some(code),
                        Some(line) => deadline = Instant::now() + handle(line)?,
                        None => {}
                    }
                }
                Err(RecvTimeoutError::Timeout) if exit.is_none() => {
                    if let Some(hang) = self.console.poll() {
                        return Ok(End::Hung(hang.to_owned()));
                    }
                    if Instant::now() > deadline {
                        return Ok(End::Hung(format!(
                            "no output within the time limit{}",
                            self.console_end()
                        )));
                    }
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() > deadline => break,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        Ok(match exit {
            Some(0) => End::Done,
            Some(_) => End::Refused,
            None => End::Died(self.cause()),
        })
    }

    fn cause(&self) -> String {
        // The most fatal text comes first: the machine may have survived an oops.
        let log = self.directory.join("console.log");
        ["Kernel panic", "vmguest:", "Oops", "BUG:"]
            .iter()
            .find_map(|word| console::find(&log, word))
            .or_else(|| console::find(&self.directory.join("qemu.log"), "qemu"))
            .unwrap_or_else(|| format!("the machine stopped without a message{}", self.console_end()))
    }

    fn console_end(&self) -> String {
        let text = fs::read(self.directory.join("console.log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        text.lines()
            .last()
            .map(|line| format!("; the console ends with: {}", line.trim()))
            .unwrap_or_default()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Normally it has already exited, and there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
