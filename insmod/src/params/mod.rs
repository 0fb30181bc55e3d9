// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parameters that a module is given: from the command line, and saved ones (`--persist`).

mod command_line;
mod saved;

pub(crate) use command_line::join;
pub(crate) use saved::SavedParams;
