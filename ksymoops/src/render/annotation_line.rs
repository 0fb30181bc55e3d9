// SPDX-License-Identifier: MIT OR Apache-2.0
//! A line that the annotated output adds to the log.

/// A line of an annotation, without the mark in front of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct AnnotationLine {
    pub style: Style,
    pub text: String,
}

impl AnnotationLine {
    pub fn new(style: Style, text: impl Into<String>) -> Self {
        Self { style, text: text.into() }
    }
}

/// What a line is about, which determines its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Style {
    Plain,
    Found,
    Persistent,
    Failed,
    Unknown,
}
