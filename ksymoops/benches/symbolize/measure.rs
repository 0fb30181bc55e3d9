// SPDX-License-Identifier: MIT OR Apache-2.0
//! Runs a program and measures it.

use std::fmt;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What one run took.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    pub wall: Duration,
    /// Largest resident size in KiB, of the program or of what it started; 0 without GNU `time`.
    pub memory: u64,
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} ms, {} MiB", self.wall.as_secs_f64() * 1000.0, self.memory >> 10)
    }
}

/// `None` if the program is missing or fails. Memory is measured in a second run, by GNU `time`,
/// so that its own start does not count.
pub fn run(command: &mut Command, input: Option<&str>) -> Option<Usage> {
    let start = Instant::now();
    once(command, input)?;
    let wall = start.elapsed();
    let mut timed = Command::new("time");
    timed.args(["-f", "%M"]).arg(command.get_program()).args(command.get_args());
    let memory = once(&mut timed, input).and_then(|text| text.lines().last()?.parse().ok()).unwrap_or(0);
    Some(Usage { wall, memory })
}

/// Standard error of the program.
fn once(command: &mut Command, input: Option<&str>) -> Option<String> {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = child.ok()?;
    let mut stdin = child.stdin.take()?;
    stdin.write_all(input.unwrap_or_default().as_bytes()).ok()?;
    drop(stdin);
    let output = child.wait_with_output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

pub fn median(all: &[Usage]) -> Usage {
    let mut wall: Vec<_> = all.iter().map(|usage| usage.wall).collect();
    wall.sort();
    let memory = all.iter().map(|usage| usage.memory).max().unwrap_or(0);
    Usage { wall: wall[wall.len() / 2], memory }
}
