// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loading with keepers: what is stale goes, the keeper of what is new comes, then the owner.
//!
//! While a load replaces data that is in force, a mark is there from before the new keeper until the owner's
//! init has succeeded. Whatever kills this process in between, the next load finds the mark, the owner not
//! loaded, and removes what the mark names.

use std::ffi::CStr;

use libmodfmt::persist::pending_name;
use libmodsys::{InitState, Kernel};

use super::outcome::{LoadOutcome, LoadStep};
use super::remove_keeper::{remove, remove_all, remove_unused, undo};
use super::{abandoned, grown_room, keeper_refused, pointers, verify};
use crate::error::KeepError;
use crate::plan::{Images, NewKeeper, Obstacle, RegionUse};
use crate::region::{Generation, Region};

/// One load with keepers, as planned.
#[derive(Debug, Clone, Copy)]
pub struct KeeperLoad<'a> {
    /// What happens to the region.
    pub region_use: RegionUse,
    /// The module's name.
    pub owner: &'a str,
    /// What was kept when the load was planned.
    pub region: Option<&'a Region>,
    /// The images.
    pub images: &'a Images,
    /// If the kernel refuses the keeper, the file is to be loaded plainly.
    pub may_fall_back: bool,
}

impl KeeperLoad<'_> {
    /// Loads the images. `before` is called before each [`LoadStep`].
    ///
    /// # Errors
    /// The kernel refuses an image, or does not show afterwards what it should. What was in force before is
    /// in force after that. A keeper made by this call is removed again, unless kept data points into it.
    pub fn run(
        &self,
        kernel: &dyn Kernel,
        params: &CStr,
        before: &dyn Fn(LoadStep<'_>),
    ) -> Result<LoadOutcome, KeepError> {
        if let Some(region) = self.region {
            let left = abandoned::clean_up(kernel, region)?;
            if !left.is_empty() && self.images.pending.is_some() {
                return Err(KeepError::LeftByFailedLoad { owner: self.owner.to_owned(), keepers: left });
            }
        }
        let pending = self.load_mark(kernel)?;
        let done = self.load(kernel, params, before);
        let Some(pending) = pending else {
            if matches!(done, Ok(LoadOutcome::Kept)) {
                self.drop_replaced(kernel)?;
            }
            return done;
        };
        match done {
            Ok(LoadOutcome::Kept) => {
                remove(kernel, &pending)?;
                self.drop_replaced(kernel)?;
                Ok(LoadOutcome::Kept)
            }
            // The owner may be using what is marked; the next command looks at it again.
            other if self.is_loaded(kernel) => other,
            // The mark says that the keeper which had to stay is not in force.
            Err(error @ KeepError::OwnerRefused { keeper_left: Some(_), .. }) => Err(error),
            Ok(fall_back) => remove(kernel, &pending).map(|()| fall_back),
            Err(error) => Err(undo(kernel, &pending, error)),
        }
    }

    fn is_loaded(&self, kernel: &dyn Kernel) -> bool {
        !matches!(kernel.init_state(self.owner), Ok(None | Some(InitState::DirectoryOnly)))
    }

    /// Loads the mark, if this load replaces something. Its name, then.
    fn load_mark(&self, kernel: &dyn Kernel) -> Result<Option<String>, KeepError> {
        let Some(image) = &self.images.pending else { return Ok(None) };
        match kernel.init_module(image, c"") {
            Ok(()) => Ok(Some(pending_name(self.owner))),
            Err(errno) => Err(KeepError::CannotBind {
                owner: self.owner.to_owned(),
                obstacle: Obstacle::Refused { errno },
            }),
        }
    }

    /// What was replaced goes when the owner's init has succeeded.
    fn drop_replaced(&self, kernel: &dyn Kernel) -> Result<(), KeepError> {
        match (self.region_use, self.region) {
            (RegionUse::Replace, Some(region)) => remove_all(kernel, region.generations.iter()),
            (RegionUse::Bind, Some(region)) => {
                let generations = region.generations.iter();
                let keeper = |generation: &&Generation| generation.kept_by.keeper().map(str::to_owned);
                let is_spent = |generation: &&Generation| {
                    keeper(generation).is_some_and(|keeper| self.images.spent.contains(&keeper))
                };
                // A module that converts by hand may still look at it.
                remove_unused(kernel, generations.filter(is_spent))
            }
            _ => Ok(()),
        }
    }

    fn load(
        &self,
        kernel: &dyn Kernel,
        params: &CStr,
        before: &dyn Fn(LoadStep<'_>),
    ) -> Result<LoadOutcome, KeepError> {
        if let Some(NewKeeper { name, image }) = &self.images.keeper {
            // A later generation stays if this process is killed: kept data may point into it by then.
            before(LoadStep::Keeper { name, is_first: self.region_use == RegionUse::Create });
            if let Err(errno) = kernel.init_module(image, c"") {
                return keeper_refused::at_load(name, errno, self.may_fall_back);
            }
            match verify::keeper_shows_header(kernel, name) {
                Ok(true) => {}
                Ok(false) => return keeper_refused::without_header(kernel, name, self.may_fall_back),
                Err(error) => return Err(undo(kernel, name, error)),
            }
        }
        self.load_owner(kernel, params, before)?;
        // From here on the new keeper stays: the owner may be using it.
        for keeper in self.used_keepers() {
            verify::owner_uses_keeper(kernel, self.owner, keeper)?;
        }
        Ok(LoadOutcome::Kept)
    }

    /// The keepers that the owner refers to.
    fn used_keepers(&self) -> impl Iterator<Item = &str> {
        let kept = self.region.filter(|_| self.region_use == RegionUse::Bind);
        let new = self.images.keeper.as_ref().map(|keeper| keeper.name.as_str());
        let is_used = |keeper: &&str| !self.images.spent.iter().any(|spent| spent == keeper);
        kept.into_iter().flat_map(Region::keepers).filter(is_used).chain(new)
    }

    fn load_owner(
        &self,
        kernel: &dyn Kernel,
        params: &CStr,
        before: &dyn Fn(LoadStep<'_>),
    ) -> Result<(), KeepError> {
        before(LoadStep::Owner);
        let Err(errno) = kernel.init_module(&self.images.owner, params) else { return Ok(()) };
        let refused = |keeper_left| KeepError::OwnerRefused { errno, keeper_left };
        let Some(NewKeeper { name, .. }) = &self.images.keeper else { return Err(refused(None)) };
        // Other generations may have been changed by an init that ran and failed.
        let bound = self.region.filter(|_| self.region_use == RegionUse::Bind);
        let left = bound.and_then(|region| {
            pointers::into_keeper(kernel, region, name).or_else(|| grown_room::used(kernel, region, name))
        });
        match left {
            None => Err(undo(kernel, name, refused(None))),
            Some(left) => Err(refused(Some(left))),
        }
    }
}
