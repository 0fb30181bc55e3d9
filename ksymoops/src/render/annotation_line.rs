// SPDX-License-Identifier: MIT OR Apache-2.0
//! A line that the annotated output adds to the log.

use crate::head::SourceLine;

/// A line of an annotation, without the mark in front of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct AnnotationLine {
    pub style: Style,
    pub text: String,
    /// The lines of source files that it names.
    pub sources: Vec<SourceLine>,
    /// It is a table's row, which is not broken.
    pub is_row: bool,
}

impl AnnotationLine {
    pub fn new(style: Style, text: impl Into<String>) -> Self {
        Self { style, text: text.into(), sources: Vec::new(), is_row: false }
    }
}

/// What a line is about, which determines its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Style {
    Plain,
    Head,
    Found,
    Persistent,
    Failed,
    Unknown,
}
