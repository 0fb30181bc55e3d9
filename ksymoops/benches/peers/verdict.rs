// SPDX-License-Identifier: MIT OR Apache-2.0
//! Limits, and whether they hold.

use std::process::ExitCode;
use std::time::Duration;

use super::measure::Usage;

/// Prints a line for each limit, and remembers whether all held.
#[derive(Debug, Default)]
pub struct Verdicts {
    held: usize,
    broken: usize,
    skipped: usize,
}

impl Verdicts {
    /// Prints what could not be tried.
    pub fn skipped(&mut self, what: &str, why: &str) {
        self.skipped += 1;
        println!("SKIPPED     {what}: {why}");
    }

    /// Our time must be at most `limit` times the peer's.
    pub fn at_most(&mut self, what: &str, ours: &[Usage], (peer, theirs): (&str, &[Usage]), limit: f64) {
        let ratio = Ratio::of(ours, theirs);
        let words =
            format!("{:.2} times {peer}'s time ({:.2} by the fastest runs)", ratio.median, ratio.least);
        self.judge(ratio.median <= limit, what, &format!("{words}, at most {limit}"), ours, (peer, theirs));
    }

    /// We must be at least `limit` times faster than the peer.
    pub fn times_faster(&mut self, what: &str, ours: &[Usage], (peer, theirs): (&str, &[Usage]), limit: f64) {
        let ratio = Ratio::of(theirs, ours);
        let words = format!("{:.0} times faster than {peer}", ratio.median);
        self.judge(ratio.median >= limit, what, &format!("{words}, at least {limit}"), ours, (peer, theirs));
    }

    /// The memory of each run must be at most `limit` KiB.
    pub fn memory(&mut self, what: &str, ours: &[Usage], limit: u64) {
        let most = ours.iter().map(|usage| usage.memory).max().unwrap_or(u64::MAX);
        self.line(most <= limit, what, &format!("{} MiB of memory, at most {}", most >> 10, limit >> 10));
    }

    fn judge(
        &mut self,
        held: bool,
        what: &str,
        words: &str,
        ours: &[Usage],
        (peer, theirs): (&str, &[Usage]),
    ) {
        self.line(held, what, words);
        for (who, usage) in [("ksymoops", ours), (peer, theirs)] {
            let times = sorted(usage);
            let memory = usage.iter().map(|usage| usage.memory).max().unwrap_or(0) >> 10;
            let ms = |time: Duration| time.as_secs_f64() * 1000.0;
            let (least, median) = (ms(times[0]), ms(times[times.len() / 2]));
            println!(
                "              {who}: median {median:.1} ms, least {least:.1} ms, {memory} MiB, of {} runs",
                times.len()
            );
        }
    }

    fn line(&mut self, held: bool, what: &str, words: &str) {
        *(if held { &mut self.held } else { &mut self.broken }) += 1;
        println!("{:11} {what}: {words}", if held { "PASS" } else { "OVER LIMIT" });
    }

    /// Prints the counts, as the last line.
    pub fn finish(self) -> ExitCode {
        println!("{} limits held, {} broken, {} skipped", self.held, self.broken, self.skipped);
        if self.broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// One program's time divided by the other's.
struct Ratio {
    median: f64,
    /// Of the fastest runs, which other work on the machine disturbed the least.
    least: f64,
}

impl Ratio {
    fn of(one: &[Usage], other: &[Usage]) -> Self {
        let (one, other) = (sorted(one), sorted(other));
        let ratio = |at: usize| one[at].as_secs_f64() / other[at].as_secs_f64();
        Self { median: ratio(one.len() / 2), least: ratio(0) }
    }
}

fn sorted(all: &[Usage]) -> Vec<Duration> {
    let mut times: Vec<_> = all.iter().map(|usage| usage.wall).collect();
    times.sort();
    times
}
