// SPDX-License-Identifier: MIT OR Apache-2.0
//! The scenarios' results.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use vmguest::protocol::{Line, Status};

use crate::ui::{self, Colour, paint};

/// The result of one scenario.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub status: Status,
    /// Why.
    pub detail: String,
    /// Time on the guest's clock; zero if the guest died.
    pub took: Duration,
}

/// All outcomes, shown as they arrive. Several machines may report at the same time.
pub struct Report {
    run: PathBuf,
    outcomes: Mutex<Vec<Outcome>>,
    /// Scenario, what was measured, and its value.
    measures: Mutex<Vec<(String, String, String)>>,
}

impl Report {
    /// Starts an empty report for the run in this directory.
    pub fn new(run: &Path) -> Self {
        Self { run: run.to_owned(), outcomes: Mutex::default(), measures: Mutex::default() }
    }

    fn outcomes(&self) -> MutexGuard<'_, Vec<Outcome>> {
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an outcome and shows it.
    pub fn add(&self, outcome: Outcome) {
        // Hold the lock until everything is shown: the lines of two outcomes must not mix.
        let mut outcomes = self.outcomes();
        let word = match outcome.status {
            Status::Pass => paint(Colour::Green, "pass"),
            Status::Fail => paint(Colour::Red, "FAIL"),
            Status::Skip => paint(Colour::Yellow, "skip"),
        };
        let took = paint(Colour::Dim, &format!("({})", ui::seconds(outcome.took)));
        ui::line(&format!("  {word} {} {took}", outcome.name));
        for line in outcome.detail.lines() {
            ui::line(&format!("       {line}"));
        }
        outcomes.push(outcome);
    }

    /// Adds a scenario that cannot run on this kernel.
    pub fn skip(&self, name: &str, why: &str) {
        let (status, detail) = (Status::Skip, why.to_owned());
        self.add(Outcome { name: name.to_owned(), status, detail, took: Duration::ZERO });
    }

    /// Turns a pass into a failure, for checks that the host does after the machine has ended.
    pub fn fail(&self, name: &str, detail: String) {
        let mut outcomes = self.outcomes();
        if let Some(outcome) = outcomes.iter_mut().find(|outcome| outcome.name == name)
            && outcome.status == Status::Pass
        {
            ui::line(&format!("  {} {name}", paint(Colour::Red, "FAIL")));
            ui::line(&format!("       {detail}"));
            outcome.status = Status::Fail;
            outcome.detail = detail;
        }
    }

    /// Shows or saves what a scenario reports in addition to its outcome.
    pub fn add_line(&self, directory: &Path, scenario: Option<&str>, line: Line) {
        let name = scenario.unwrap_or("guest");
        match line {
            Line::Note { note } => ui::line(&paint(Colour::Dim, &format!("       {name}: {note}"))),
            Line::Measure { measure, value } => {
                ui::line(&paint(Colour::Dim, &format!("       {name}: {measure}: {value}")));
                let mut measures = self.measures.lock().unwrap_or_else(PoisonError::into_inner);
                measures.push((name.to_owned(), measure, value));
            }
            Line::Artifact { artifact, text } => self.save(directory, &artifact, &text),
            Line::Say { say } => ui::line(&say),
            Line::Start { .. } | Line::Result { .. } | Line::Exit { .. } => {}
        }
    }

    fn save(&self, directory: &Path, name: &str, text: &str) {
        let directory = directory.join("artifacts");
        // The name comes from the guest, which may be in any state: use only its last component.
        let Some(name) = Path::new(name).file_name() else { return };
        let written = fs::create_dir_all(&directory).and_then(|()| fs::write(directory.join(name), text));
        if let Err(error) = written {
            ui::line(&format!("       cannot write {}: {error}", directory.join(name).display()));
        }
    }

    /// What was measured: scenario, measure and value.
    pub fn measures(&self) -> Vec<(String, String, String)> {
        self.measures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All outcomes, in the order in which they arrived.
    pub fn all(&self) -> Vec<Outcome> {
        self.outcomes().clone()
    }

    /// How many passed.
    pub fn passed(&self) -> usize {
        self.count(Status::Pass)
    }

    /// How many failed.
    pub fn failed(&self) -> usize {
        self.count(Status::Fail)
    }

    fn count(&self, status: Status) -> usize {
        self.outcomes().iter().filter(|outcome| outcome.status == status).count()
    }

    /// Whether no scenario failed.
    pub fn is_good(&self) -> bool {
        self.failed() == 0
    }

    /// Prints the failed scenarios, and where the consoles are saved.
    pub fn print_failures(&self) {
        for outcome in self.outcomes().iter().filter(|outcome| outcome.status == Status::Fail) {
            ui::line(&format!("{}: {}", paint(Colour::Red, "failed"), outcome.name));
        }
        let skipped = self.count(Status::Skip);
        if skipped > 0 {
            ui::line(&format!("{skipped} skipped"));
        }
        ui::line(&format!("consoles: {}", self.run.display()));
    }

    /// The same, with the counts as the last line.
    pub fn print_summary(&self) {
        self.print_failures();
        ui::line(&format!("{} passed, {} failed", self.passed(), self.failed()));
    }
}
