// SPDX-License-Identifier: MIT OR Apache-2.0
//! How persistent data is kept: what insmod, rmmod and modpersist have in common.
//!
//! - `region/`: what is kept now. A [`Region`] is read from a keeper's note or from an extended kernel's
//!   list.
//! - `plan/`: [`plan()`] decides what loading a file would do, by the table of fallbacks. It changes nothing.
//! - `split/`: [`split()`] makes the images of a load as files, when a module is built.
//! - `run/`: carries a plan out: [`KeeperLoad`] on a stock kernel, [`ExtendedLoad`] on an extended one,
//!   [`discard`] to drop a region. A step that fails undoes the earlier ones.
//!
//! ```
//! use libmodfmt::file::ModuleFile;
//! use libmodsys::Kernel;
//! use modkeep::{KeeperLoad, OwnerState, Plan, Region, Request, plan};
//! use modtest::module::Make;
//!
//! let kernel = modtest::keeper_exports::kernel();
//! let file = ModuleFile::new(Make::typical("foo").build(), 1 << 20);
//! let Plan::Keeper { region, region_use, owner, images, may_fall_back, .. } =
//!     plan(&kernel, Request::new(&file))?
//! else {
//!     panic!("a stock kernel needs a keeper");
//! };
//! let region = region.as_deref();
//! let load = KeeperLoad { region_use, owner: &owner, region, images: &images, may_fall_back };
//! load.run(&kernel, c"", &|_| ())?;
//!
//! kernel.delete_module(c"foo", Default::default())?;
//! let region = Region::find(&kernel, "foo")?.expect("the keeper is still loaded");
//! assert_eq!(region.owner_state, OwnerState::Unloaded);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod build_id;
mod error;
mod keeper_left;
mod load_restriction;
mod message_details;
mod moved;
mod plan;
mod pointers_into;
mod region;
mod run;
mod split;

use std::time::Duration;

pub use build_id::loaded_build_id;
pub use error::KeepError;
pub use keeper_left::KeeperLeft;
pub use load_restriction::LoadRestriction;
pub use moved::{MovedVariable, moved_variables};
pub use plan::{
    Images, KeepMode, NewKeeper, Obstacle, Plan, RegionUse, Request, Restore, compatibility, plan,
};
pub use pointers_into::{MAX_FOUND, PointerInto, PointersInto, pointers_into};
pub use region::{Generation, KeptBy, OwnerState, Region, UnreadableRegion};
pub use run::{
    ExtendedLoad, KeeperLoad, LoadOutcome, LoadStep, NoteNotLeft, discard, drop_unfinished, settle,
};
pub use split::{KernelSource, Split, SplitError, SplitModule, split};

/// How long to wait for another insmod or rmmod that is busy with the same module.
pub const LOCK_LIMIT: Duration = Duration::from_secs(30);
