// SPDX-License-Identifier: MIT OR Apache-2.0
//! What loading a file would do. Nothing is changed here.
//!
//! - `decide.rs`: the way in, [`plan()`]; collects what is known of the file and of the region.
//! - `table.rs`: the table of fallbacks.
//! - `bound_file.rs`: a file that was bound to its keepers when it was built.
//! - `compatibility.rs`: the same for two files, without a kernel.
//! - `extended_kernel.rs`: its first row, on a kernel that keeps data itself.
//! - `obstacle.rs`, `find_obstacle.rs`: why this kernel would not accept a keeper.
//! - `kernel_btf.rs`: the types that a header need not describe.
//! - `holds.rs`: whether a plan made before the owner was unloaded still holds after that.
//! - `hints.rs`: hints in the source.
//! - `old_pointers.rs`: what points to variables that would get another place.
//! - `export_layout.rs`: how this kernel lays out the export table that a keeper needs.
//! - `restored.rs`: values that were saved before.
//! - `pinned_modules.rs`: the modules that a keeper would pin.

mod bound_file;
mod compatibility;
mod decide;
mod export_layout;
mod extended_kernel;
mod find_obstacle;
mod hints;
mod holds;
mod kernel_btf;
mod obstacle;
mod old_pointers;
mod outcome;
mod pinned_modules;
mod request;
mod restored;
mod table;

pub use compatibility::compatibility;
pub use decide::plan;
pub use obstacle::Obstacle;
pub use outcome::{Images, NewKeeper, Plan, RegionUse};
pub use request::{KeepMode, Request, Restore};

pub(crate) use export_layout::{DetectedLayout, detect, from_headers, from_sample};
pub(crate) use hints::add_to as add_hints;
pub(crate) use table::{nothing_kept, types_missing};
