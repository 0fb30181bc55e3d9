// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names that stand for several variables.

/// A name that several variables of one file share and that nothing tells apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmbiguousName {
    /// File and name.
    pub name: String,
    /// The symbols.
    pub symbols: Vec<String>,
    /// Why nothing tells them apart.
    pub reason: Ambiguity,
}

/// What variables of one name have in common, which says what helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ambiguity {
    /// Perhaps only the file: debug information would tell their functions.
    UnknownFunctions,
    /// The function, in two of its blocks.
    SameFunction,
    /// The base name of their files, which are different ones.
    SameFileName,
}
