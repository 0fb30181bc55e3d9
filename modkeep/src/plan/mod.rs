// SPDX-License-Identifier: MIT OR Apache-2.0
//! What loading a file would do. Nothing is changed here.
//!
//! `decide.rs` is the way in, [`plan()`]. It collects what is known of the file and of the region; `table.rs`
//! is the table of fallbacks; `obstacle.rs` says why this kernel would not take a keeper; `export_layout.rs`
//! finds out how this kernel lays out the export table that a keeper needs; `pinned_modules.rs` names the
//! modules that a keeper would pin.

mod decide;
mod export_layout;
mod obstacle;
mod outcome;
mod pinned_modules;
mod request;
mod table;

pub use decide::plan;
pub use obstacle::Obstacle;
pub use outcome::{Images, Plan, RegionUse};
pub use request::{KeepMode, Request};

pub(crate) use table::nothing_kept;
