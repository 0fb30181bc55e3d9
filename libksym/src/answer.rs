// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the resolver found.

use std::path::PathBuf;

use crate::unresolved::Unresolved;

/// The answer to one query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// One place if the query is unambiguous, every place that fits if it is not, none if nothing does.
    pub candidates: Vec<Location>,
    /// Why there is no candidate, or why the candidates have no frames.
    pub unresolved: Option<Unresolved>,
}

impl Answer {
    /// No candidate, for this reason.
    pub(crate) fn none(reason: Unresolved) -> Self {
        Self { candidates: Vec::new(), unresolved: Some(reason) }
    }
}

/// A place in code or data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Location {
    /// The module, with underscores; `None` for the kernel proper.
    pub module: Option<String>,
    /// The symbol that the place lies in.
    pub symbol: String,
    /// Bytes from the symbol's start, of the place asked for: for a return address not the byte before.
    pub offset: u64,
    /// Bytes from the symbol's start to the next symbol, which is the size that the kernel prints.
    pub size: Option<u64>,
    /// The section, if the source has sections.
    pub section: Option<String>,
    /// The linked address; in a module's file the offset in `section`; from a saved `/proc/kallsyms` the
    /// run-time address.
    pub link_address: u64,
    /// The run-time address: as asked, or computed if the KASLR offset or the section's address is known.
    pub address: Option<u64>,
    /// Functions and lines, the innermost inlined function first; empty without debug information.
    pub frames: Vec<Frame>,
    /// The file that the symbol is from.
    pub symbol_source: PathBuf,
    /// The file that the lines are from; `None` without frames.
    pub line_source: Option<PathBuf>,
}

impl Location {
    /// The place one byte before, which is in the call instruction if this one is where it returns to.
    #[must_use]
    pub fn of_call(&self) -> Self {
        Self {
            offset: self.offset.saturating_sub(1),
            link_address: self.link_address.saturating_sub(1),
            address: self.address.map(|address| address.saturating_sub(1)),
            ..self.clone()
        }
    }
}

/// A function and a line in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Frame {
    /// Name of the function.
    pub function: Option<String>,
    /// Path of the source file as the compiler recorded it; a relative one follows the compilation
    /// directory.
    pub file: Option<String>,
    /// Line, counted from 1.
    pub line: Option<u32>,
    /// Column, counted from 1.
    pub column: Option<u32>,
}
