// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parameters that a module is given.
//!
//! - `join`: the command line's arguments become the one string that the kernel takes.
//! - `saved`: `--persist`, parameters saved by rmmod.

mod join;
mod saved;

pub(crate) use join::join;
pub(crate) use saved::SavedParams;
