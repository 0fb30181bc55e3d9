// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why the first process ended, without which the kernel panics: `Attempted to kill init! exitcode=0x...`

use super::{Facts, Statement, StatementKind};
use crate::report::Kind;

/// Signals that end a process if it has no handler, by their numbers on most processors.
const SIGNALS: [(u64, &str); 15] = [
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (3, "SIGQUIT"),
    (4, "SIGILL"),
    (5, "SIGTRAP"),
    (6, "SIGABRT"),
    (7, "SIGBUS"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (11, "SIGSEGV"),
    (13, "SIGPIPE"),
    (14, "SIGALRM"),
    (15, "SIGTERM"),
    (24, "SIGXCPU"),
    (31, "SIGSYS"),
];
/// Those that have the same number on every processor.
const EVERYWHERE: [u64; 12] = [1, 2, 3, 4, 5, 6, 8, 9, 11, 13, 14, 15];
/// Digits of the exit code (`%08x`, `kernel/exit.c`).
const DIGITS: usize = 8;
/// Processors on which some of them have other numbers.
const OTHERS: [&str; 4] = ["mips", "alpha", "sparc", "parisc"];

pub(super) fn explain(facts: &Facts<'_>) -> Option<Statement> {
    let report = facts.report;
    // After an oops of its own it ends as if by a signal, and nobody has sent one.
    if report.kind != Kind::Panic || !report.states.is_empty() {
        return None;
    }
    let line = facts.lines.iter().find(|line| line.contains("Attempted to kill init!"))?;
    let (_, rest) = line.split_once("exitcode=0x")?;
    let digits = rest.split(|letter: char| !letter.is_ascii_hexdigit()).next()?;
    // It is printed with all its digits; fewer are the rest of a line that was cut.
    let code = u64::from_str_radix(digits, 16).ok().filter(|_| digits.len() == DIGITS)?;
    let (signal, status) = (code & 0x7f, (code >> 8) & 0xff);
    let text = if signal == 0 {
        format!("init, the first process, ended by itself, with exit status {status}")
    } else {
        let is_other = match report.arch {
            Some(arch) => OTHERS.iter().any(|other| arch.starts_with(other)),
            None => !EVERYWHERE.contains(&signal),
        };
        let (_, name) = SIGNALS.iter().find(|(number, _)| *number == signal).filter(|_| !is_other)?;
        format!("init, the first process, was ended by signal {signal} ({name})")
    };
    Some(Statement::new(StatementKind::InitExit, text).with("exitcode", code))
}
