// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading the kernel log from a scenario.

use anyhow::Result;

use super::Ctx;
use super::kmsg::{Mark, Record};

impl Ctx {
    /// The current end of the log.
    pub fn log_mark(&mut self) -> Result<Mark> {
        self.log.mark()
    }

    /// The records since a mark.
    pub fn log_records(&mut self, mark: &Mark) -> Result<Vec<Record>> {
        self.log.since(mark)
    }

    /// The messages since a mark.
    pub fn log_since(&mut self, mark: &Mark) -> Result<Vec<String>> {
        Ok(self.log_records(mark)?.into_iter().map(|record| record.text).collect())
    }

    /// The messages since a mark as the console shows them, for an artifact.
    pub fn log_text(&mut self, mark: &Mark) -> Result<String> {
        Ok(self.log_records(mark)?.iter().map(|record| record.console_line() + "\n").collect())
    }
}
