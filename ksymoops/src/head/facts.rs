// SPDX-License-Identifier: MIT OR Apache-2.0
//! A line of a head.

/// Something that is said in a head.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fact {
    /// The text, as it may have come from a log: not escaped.
    pub text: String,
    /// The lines of source files that it names.
    pub sources: Vec<SourceLine>,
}

impl Fact {
    /// A fact that names no source file.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), sources: Vec::new() }
    }
}

/// A line of a source file, as a text names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SourceLine {
    /// What stands in the text: `fs/ext4/super.c:12:3`.
    pub shown: String,
    /// The path as the compiler recorded it.
    pub path: String,
    /// The path below the folder in which the kernel was built.
    pub relative: String,
    /// The line, counted from 1.
    pub line: u32,
}
