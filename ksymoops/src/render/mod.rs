// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writing down what was found: the log with annotations, or JSON.

mod annotated;
pub(crate) mod clean;
mod code;
mod json;
mod words;

use std::io::{self, Write};

pub use annotated::Annotated;
pub use json::Json;

use crate::decode::Finding;
use liboops::report::Block;

/// A form of output.
pub trait Render {
    /// Writes text of the log that holds no report.
    ///
    /// # Errors
    /// Those of the output.
    fn text(&mut self, text: &[u8], out: &mut dyn Write) -> io::Result<()>;

    /// Writes a block with what was found in it.
    ///
    /// # Errors
    /// Those of the output.
    fn block(&mut self, block: &Block, findings: &[Finding], out: &mut dyn Write) -> io::Result<()>;

    /// Writes what comes last.
    ///
    /// # Errors
    /// Those of the output.
    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()>;
}
