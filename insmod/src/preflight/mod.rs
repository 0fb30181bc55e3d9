// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be found out about a load without loading: before it, or to explain why it failed.
//!
//! - `detect`: does the load concern persistent data?
//! - `dry_run`: `--noload`, all checks in a row.
//! - `explain`: `--explain`, what an error number most likely means.
//! - `vermagic`, `symbols`, `parameter_names`, `persistent_data`: one check each.

pub(crate) mod detect;
pub(crate) mod dry_run;
pub(crate) mod explain;
pub(crate) mod parameter_names;
mod persistent_data;
mod symbols;
mod vermagic;
