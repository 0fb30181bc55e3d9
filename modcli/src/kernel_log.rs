// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel's own lines under an error: its error number alone says little.

use libmodsys::Kernel;

use crate::Output;

/// More lines than this are of no help.
const LINES: usize = 40;

/// The end of the log before a command acts.
#[derive(Debug)]
pub struct KernelLog {
    /// Number of the last record before; `None` if the log is not wanted or cannot be read.
    last: Option<u64>,
}

impl KernelLog {
    /// Remembers where the log ends, if it is wanted.
    pub fn begin(wanted: bool, kernel: &dyn Kernel, output: &mut Output) -> Self {
        let last = if wanted {
            match kernel.kernel_log() {
                Ok(records) => Some(records.last().map_or(0, |record| record.sequence)),
                Err(error) => {
                    output.error(error);
                    None
                }
            }
        } else {
            None
        };
        Self { last }
    }

    /// Shows what came since.
    pub fn show(&self, kernel: &dyn Kernel, output: &mut Output) {
        let Some(last) = self.last else { return };
        let records = kernel.kernel_log().unwrap_or_default();
        let new: Vec<_> = records.iter().filter(|record| record.sequence > last).collect();
        for record in new.iter().take(LINES) {
            output.error(format_args!("  kernel: {}", record.text));
        }
        match new.len() {
            0 => output.error("  kernel: (it logged nothing)"),
            many if many > LINES => output.error(format_args!("  kernel: ({} more lines)", many - LINES)),
            _ => {}
        }
    }
}
