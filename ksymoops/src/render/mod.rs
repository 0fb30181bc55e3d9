// SPDX-License-Identifier: MIT OR Apache-2.0
//! Output: the log with annotations, or JSON.

mod annotated;
mod annotation_line;
mod instructions;
mod json;
mod sanitize;
mod text;

use std::io::{self, Write};

use liboops::report::Block;

use crate::decode::Annotation;

pub use annotated::Annotated;
pub use json::Json;
pub(crate) use json::{Answer, Listing, reports};

/// A form of output.
pub trait Render {
    /// Writes text of the log that is not part of any report.
    ///
    /// # Errors
    /// Those of the output.
    fn text(&mut self, text: &[u8], out: &mut dyn Write) -> io::Result<()>;

    /// Writes a block with its annotations.
    ///
    /// # Errors
    /// Those of the output.
    fn block(&mut self, block: &Block, annotations: &[Annotation], out: &mut dyn Write) -> io::Result<()>;

    /// Writes what comes last.
    ///
    /// # Errors
    /// Those of the output.
    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()>;
}
