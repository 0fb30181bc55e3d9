// SPDX-License-Identifier: MIT OR Apache-2.0
//! How persistent data are kept: what insmod, rmmod and modpersist have in common.
//!
//! - [`Region`]: what is kept in the kernel now, read from the keepers' notes.
//! - [`plan`]: what loading a file would do, by the table of fallbacks; nothing is changed by it.
//! - [`Action::carry_out`]: does it, and undoes the steps that were its own where a later one fails.
//! - [`discard`]: drops a region.
//!
//! ```
//! use modtest::FakeKernel;
//! use modkeep::Region;
//!
//! let kernel = FakeKernel::new();
//! assert!(Region::list(&kernel)?.is_empty());
//! # Ok::<(), modkeep::KeepError>(())
//! ```

mod act;
mod decision;
mod direct;
mod discard;
mod error;
mod export_layout;
mod imports;
mod kernel_region;
mod obstacle;
mod plan;
mod region;

use std::time::Duration;

pub use act::{Action, Done, Step};
pub use direct::Direct;
pub use discard::{Discarded, discard};
pub use error::{KeepError, dropped, starts_afresh};
pub use export_layout::{Detected, Rung, detect};
pub use obstacle::Obstacle;
pub use plan::{Images, Keep, Plan, Request, Way, plan};
pub use region::{Holder, OwnerState, Region, Unreadable};

/// How long to wait for another insmod or rmmod that is busy with the same module.
pub const LOCK_LIMIT: Duration = Duration::from_secs(30);

/// The name of the module in a decompressed file, for the lock; `None` where it has none to give.
#[must_use]
pub fn module_name(file: &[u8]) -> Option<String> {
    let (bytes, _) = libmodfmt::signature::split(file).ok()?;
    libmodfmt::module::Module::parse(bytes).ok().map(|module| module.name)
}
