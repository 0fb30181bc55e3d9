// SPDX-License-Identifier: MIT OR Apache-2.0
//! Carrying out a plan. Every step may be killed and tried again: the kernel is the only record, and a step
//! that fails undoes what this call has made.
//!
//! - `keeper.rs`: loads keeper and owner on a stock kernel.
//! - `trial.rs`: the trial that `--fresh` begins with.
//! - `keeper_refused.rs`: what follows if the kernel does not accept the keeper.
//! - `verify.rs`: what the kernel must show afterwards.
//! - `extended.rs`: loads a file on an extended kernel.
//! - `discard.rs`: drops a region.

mod discard;
mod extended;
mod keeper;
mod keeper_refused;
mod outcome;
mod remove_keeper;
mod trial;
mod verify;

pub use discard::discard;
pub use extended::ExtendedLoad;
pub use keeper::KeeperLoad;
pub use outcome::{LoadOutcome, LoadStep};
