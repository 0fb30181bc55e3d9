// SPDX-License-Identifier: MIT OR Apache-2.0
//! Running other programs, whose output is shown only if they fail.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};

/// Runs a command quietly and returns its standard output.
pub fn output(command: &mut Command) -> Result<String> {
    let output = raw(command)?;
    if !output.status.success() {
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        bail!("{} failed with {}:\n{}", line(command), output.status, tail(&text, 60));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a command quietly.
pub fn quiet(command: &mut Command) -> Result<()> {
    output(command).map(drop)
}

/// Runs a command with its output shown. Returns whether it succeeded.
pub fn shown(command: &mut Command) -> Result<bool> {
    let status = command.stdin(Stdio::null()).status().with_context(|| cannot_start(command))?;
    Ok(status.success())
}

/// Runs a command and returns its exit status and output.
pub fn raw(command: &mut Command) -> Result<Output> {
    command.stdin(Stdio::null()).output().with_context(|| cannot_start(command))
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start {}", command.get_program().to_string_lossy())
}

/// The command as one would type it.
pub fn line(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|arg| arg.to_string_lossy().into_owned()));
    words.join(" ")
}

/// The last lines of a long text, which usually contain the error.
fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all.iter().skip(all.len().saturating_sub(lines)).copied().collect::<Vec<_>>().join("\n")
}

/// Finds a program in `PATH`, or in the directories that `PATH` often lacks.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    places.extend(["/usr/sbin".into(), "/sbin".into()]);
    places.into_iter().map(|place| place.join(program)).find(|file| file.is_file())
}

/// Today's date, as `2026-11-27`.
pub fn today() -> Result<String> {
    Ok(output(Command::new("date").args(["--utc", "+%F"]))?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_what_the_program_said() {
        let error = output(Command::new("sh").args(["-c", "echo why >&2; exit 4"])).unwrap_err().to_string();
        assert!(error.contains("why") && error.contains('4'), "{error}");
    }

    #[test]
    fn tail_returns_the_last_lines() {
        assert_eq!(tail("a\nb\nc", 2), "b\nc");
    }
}
