// SPDX-License-Identifier: MIT OR Apache-2.0
//! From what a report says to what it means: combines reports, symbols, the journal and persistent data.
//!
//! [`Decoder::decode`] takes a block of a log and returns [`Annotation`]s, line by line. For each report it
//! first combines what is known about the report's kernel (`decode_context`), then looks up each address and
//! symbol (`lookup`) and disassembles the `Code:` line (`code_line`).

mod address_space;
mod annotation;
mod annotator;
mod arguments;
mod block;
mod boot;
mod callers;
mod code_line;
mod code_processor;
mod decode_context;
mod decoder;
mod labels;
mod lookup;
mod registers;
mod report_sources;
mod stack_words;
mod unloaded;
mod why;

pub use annotation::{Annotation, AnnotationKind};
pub(crate) use decode_context::{DecodeContext, resolver_of};
pub use decoder::Decoder;
pub use why::statements;
