// SPDX-License-Identifier: MIT OR Apache-2.0
//! One file for each subject.

mod against_addr2line;
mod against_gdb;
mod code;
mod corrupt;
mod disassemble;
mod example;
mod function_code;
mod kaslr_offset;
mod kernel;
mod merged;
mod modules;

use libksym::{FileSearch, Sources};

/// Sources of which only the named files are used.
pub fn named(name_files: impl FnOnce(&mut Sources)) -> Sources {
    changed(&Sources::new(FileSearch::Named), name_files)
}

/// A copy with changes.
pub fn changed(sources: &Sources, change: impl FnOnce(&mut Sources)) -> Sources {
    let mut sources = sources.clone();
    change(&mut sources);
    sources
}
