// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a reload is doing, for whoever watches a terminal.

use std::io::{self, IsTerminal};

use modcli::escape;

/// Prints steps, on a terminal only.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    is_shown: bool,
}

impl Progress {
    /// Shown if standard error is a terminal, and not beside JSON.
    pub fn new(as_json: bool) -> Self {
        Self { is_shown: !as_json && io::stderr().is_terminal() }
    }

    /// A step that begins.
    pub fn step(&self, what: &str) {
        if self.is_shown {
            // Whoever has closed it does not want to know.
            let _ = escape::write_line(&mut io::stderr(), format_args!("  {what}"));
        }
    }
}
