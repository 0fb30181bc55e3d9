// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--show-log`: what the kernel logged while a command ran, shown under its error.
//!
//! A system call returns one error number; the kernel's reason for it is in the log.
//!
//! ```
//! use libmodsys::LogRecord;
//! use modcli::{LogExcerpt, Output};
//! use modtest::FakeKernel;
//!
//! let kernel = FakeKernel::new();
//! let mut output = Output::captured("insmod");
//! let excerpt = LogExcerpt::begin(true, &kernel, &mut output);
//! kernel.set(|settings| {
//!     settings.kernel_log.push(LogRecord { sequence: 1, text: "foo: no such device".into() });
//! });
//! excerpt.show(&kernel, &mut output);
//! assert_eq!(output.stderr(), "insmod: ERROR:   kernel: foo: no such device\n");
//! ```

use libmodsys::Kernel;

use crate::Output;

/// Lines shown at most; the rest is only counted.
const MAX_LINES: usize = 40;

/// The kernel's log from a point in time on.
#[derive(Debug)]
pub struct LogExcerpt {
    /// Sequence number of the last record before that point; `None` if the log is not wanted or cannot be
    /// read.
    last: Option<u64>,
}

impl LogExcerpt {
    /// Starts at the current end of the log, if `wanted`. Says so if the log cannot be read.
    pub fn begin(wanted: bool, kernel: &dyn Kernel, output: &mut Output) -> Self {
        if !wanted {
            return Self { last: None };
        }
        let records = kernel.kernel_log().map_err(|error| output.error(error)).ok();
        Self { last: records.map(|records| records.last().map_or(0, |record| record.sequence)) }
    }

    /// Shows the records that have been added since.
    pub fn show(&self, kernel: &dyn Kernel, output: &mut Output) {
        let Some(last) = self.last else { return };
        let records = kernel.kernel_log().unwrap_or_default();
        let new: Vec<_> = records.iter().filter(|record| record.sequence > last).collect();
        for record in new.iter().take(MAX_LINES) {
            output.error(format_args!("  kernel: {}", record.text));
        }
        match new.len() {
            0 => output.error("  kernel: (nothing was logged)"),
            count if count > MAX_LINES => {
                output.error(format_args!("  kernel: ({} more lines)", count - MAX_LINES));
            }
            _ => {}
        }
    }
}
