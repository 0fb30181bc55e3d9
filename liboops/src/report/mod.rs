// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a log says: the values that parsing yields and everything else starts from.
//!
//! Each value carries the [`Span`] of input bytes that it was read from, and a [`Block`] owns the bytes themselves: nothing of the log is lost, and
//! output can be put next to the text that it explains.

mod block;
mod context;
mod kind;
mod machine;
mod place;
mod span;

pub use block::{Block, Line, Report};
pub use context::{Caller, Context, KernelOffset, ModuleName, Spanned};
pub use kind::Kind;
pub use machine::{Code, Origin, Register, State, Word, WordRole};
pub use place::{Frame, Place};
pub use span::{Hex, Span};
