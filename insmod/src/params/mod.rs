// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parameters that a module is given.
//!
//! - `join`: the command line's arguments become the one string that the kernel takes.
//! - `saved`: `--persist`, parameters saved by rmmod.
//! - `words`: a line, word by word.

mod join;
mod saved;
mod words;

pub(crate) use join::join;
pub(crate) use saved::SavedParams;
pub use words::ParameterWord;
