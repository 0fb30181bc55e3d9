// SPDX-License-Identifier: MIT OR Apache-2.0
//! How the annotated log looks.

/// Longer lines are broken, also without a terminal and in a wider one.
pub const MAX_COLUMNS: usize = 100;

/// In a narrower terminal, breaking lines would make nothing better.
const MIN_COLUMNS: usize = 40;

/// How the annotated log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Use colours.
    pub colour: bool,
    /// The output is a terminal: control characters of the log are shown, not sent. Otherwise every byte is
    /// kept.
    pub terminal: bool,
    /// The terminal has links (OSC 8).
    pub links: bool,
    /// Lines of our own that have more columns are broken.
    pub columns: usize,
    /// How much is shown.
    pub shown: Shown,
}

/// How much of a log is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shown {
    /// The whole log.
    #[default]
    Everything,
    /// The reports, without the text between them.
    OnlyReports,
    /// The heads, with the call traces.
    Frames,
    /// The heads.
    Summary,
}

impl Look {
    /// The columns that lines of our own may have.
    pub(super) fn width(&self) -> usize {
        self.columns.max(MIN_COLUMNS)
    }
}

impl Default for Look {
    /// Without a terminal.
    fn default() -> Self {
        Self { colour: false, terminal: false, links: false, columns: MAX_COLUMNS, shown: Shown::Everything }
    }
}
