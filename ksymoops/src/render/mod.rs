// SPDX-License-Identifier: MIT OR Apache-2.0
//! Output: the log with annotations, or JSON.

mod annotated;
mod annotation_line;
mod call_trace;
mod head_lines;
mod html;
mod instructions;
mod json;
mod link;
mod look;
mod marked_lines;
mod report_view;
mod sanitize;
mod source_folder;
mod text;
mod wrap;

use std::io::{self, Write};

use liboops::report::Block;

use crate::decode::Annotation;

pub use annotated::Annotated;
pub use html::Html;
pub(crate) use instructions::access as access_text;
pub use json::Json;
pub(crate) use json::{Answer, Listing, reports};
pub use look::{Look, MAX_COLUMNS, Shown};
pub use source_folder::SourceFolder;

/// A form of output.
pub trait Render {
    /// A log begins, one of several.
    ///
    /// # Errors
    /// Those of the output.
    fn begin(&mut self, _name: &str, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// Whether lines that an earlier run has added to a log are left out of it, since they are written anew.
    fn replaces_own_lines(&self) -> bool {
        false
    }

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
