// SPDX-License-Identifier: MIT OR Apache-2.0
//! Carrying out a plan. Every step may be killed and tried again: the kernel is the only record, and a step
//! that fails undoes what this call has made.
//!
//! - `keeper.rs`: loads keepers and owner on a stock kernel.
//! - `remove_keeper.rs`: removes keepers, one or all.
//! - `pointers.rs`: whether kept data points into a keeper that would go.
//! - `grown_room.rs`: whether an init that failed has used the room that a variable grew into.
//! - `abandoned.rs`: removes what a load that was killed or failed has left.
//! - `keeper_refused.rs`: what follows if the kernel does not accept the keeper.
//! - `verify.rs`: what the kernel must show afterwards.
//! - `extended.rs`: loads a file on an extended kernel.
//! - `notes.rs`: leaves the types of what that keeps with it.
//! - `discard.rs`: drops a region.
//! - `settle.rs`: finishes what a load did not get to.

mod abandoned;
mod discard;
mod extended;
mod grown_room;
mod keeper;
mod keeper_refused;
mod notes;
mod outcome;
mod pointers;
mod remove_keeper;
mod settle;
mod verify;

pub use discard::discard;
pub use extended::ExtendedLoad;
pub use keeper::KeeperLoad;
pub use notes::NoteNotLeft;
pub use outcome::{LoadOutcome, LoadStep};
pub use settle::{drop_unfinished, settle};
