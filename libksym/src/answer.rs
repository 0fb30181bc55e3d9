// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the resolver found.

use std::path::PathBuf;
use thiserror::Error;

/// The answer to one query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// One place if the query is unambiguous, each place that fits if not, none if `unknown` is set.
    pub candidates: Vec<Location>,
    /// Why there is no candidate, or why the candidates have no frames.
    pub unknown: Option<Unknown>,
}

/// A place in code or data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The module; `None` for the kernel proper.
    pub module: Option<String>,
    /// The symbol that the place lies in.
    pub symbol: String,
    /// Bytes from the symbol's start. Of the place asked for, never of the byte before.
    pub offset: u64,
    /// Distance to the next symbol, as the kernel prints it.
    pub size: Option<u64>,
    /// The section, where the source tells.
    pub section: Option<String>,
    /// The address at link time; for a module's file the offset in `section`.
    pub link_address: u64,
    /// The run-time address: as asked, or worked out where the slide or the section's base is known.
    pub address: Option<u64>,
    /// Functions and lines, the innermost inlined function first; empty where no debug information
    /// tells.
    pub frames: Vec<Frame>,
    /// The file that told the symbol.
    pub symbol_source: PathBuf,
    /// The file that told the lines; `None` without frames.
    pub line_source: Option<PathBuf>,
}

/// A function and a line in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Name of the function.
    pub function: Option<String>,
    /// Source file, with the folder of the compilation in front unless it is absolute.
    pub file: Option<String>,
    /// Line, counted from 1.
    pub line: Option<u32>,
    /// Column, counted from 1.
    pub column: Option<u32>,
}

/// Why something could not be told.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unknown {
    /// Neither vmlinux nor System.map nor kallsyms is at hand.
    #[error("no symbols of the kernel")]
    NoKernel,
    /// No usable file of this module is at hand.
    #[error("no file of module {module}")]
    NoModule {
        /// The module.
        module: String,
    },
    /// Nobody said how far the kernel was moved.
    #[error("the kernel's slide (KASLR) is not known")]
    NoSlide,
    /// The address is in no known section of the kernel or of a loaded module.
    #[error("address {address:#x} is outside the kernel and every module whose place is known")]
    Outside {
        /// The address.
        address: u64,
    },
    /// The source has no such symbol.
    #[error("no symbol {name} in {}", .file.display())]
    NoSymbol {
        /// The symbol.
        name: String,
        /// The source.
        file: PathBuf,
    },
    /// There are such symbols, of other sizes: the file is of another build.
    #[error("{name} has {} bytes in {}, not {size:#x}: the file is of another build", sizes(.found), .file.display())]
    SizeMismatch {
        /// The symbol.
        name: String,
        /// The report's size.
        size: u64,
        /// The sizes in the source.
        found: Vec<u64>,
        /// The source.
        file: PathBuf,
    },
    /// The offset is not within the symbol.
    #[error("offset {offset:#x} is outside {name}, which has {size:#x} bytes in {}", .file.display())]
    OffsetOutside {
        /// The symbol.
        name: String,
        /// The offset.
        offset: u64,
        /// The symbol's size in the source.
        size: u64,
        /// The source.
        file: PathBuf,
    },
    /// The symbol is known, its lines are not: the file has no debug information for it.
    #[error("no debug information for this place in {}", .file.display())]
    NoLines {
        /// The source of the symbol.
        file: PathBuf,
    },
    /// The debug information is damaged there.
    #[error("{}: {error}", .file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        error: String,
    },
}

fn sizes(found: &[u64]) -> String {
    let all: Vec<_> = found.iter().map(|size| format!("{size:#x}")).collect();
    all.join(" or ")
}
