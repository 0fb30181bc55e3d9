// SPDX-License-Identifier: MIT OR Apache-2.0
//! Logs as they come in: compressed, in UTF-16, in the code of a panic screen, decoded before.

mod code_words;
mod own_lines;
mod text;
mod utf16;

pub(crate) use code_words::code_words;
pub(crate) use own_lines::WithoutOwnLines;
pub(crate) use text::{beginning, is_encoded, text};
