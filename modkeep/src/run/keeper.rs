// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loading with a keeper: the keeper first, unless there is a living one, then the owner.

use std::ffi::CStr;

use libmodfmt::persist::keeper_name;
use libmodsys::Kernel;

use super::outcome::{LoadOutcome, LoadStep};
use super::remove_keeper::{remove, undo};
use super::{keeper_refused, trial, verify};
use crate::error::KeepError;
use crate::plan::{Images, RegionUse};

/// One load with a keeper, as planned.
#[derive(Debug, Clone, Copy)]
pub struct KeeperLoad<'a> {
    /// What happens to the region.
    pub region_use: RegionUse,
    /// The module's name.
    pub owner: &'a str,
    /// The images.
    pub images: &'a Images,
    /// If the kernel refuses the keeper, the file is to be loaded plainly.
    pub may_fall_back: bool,
    /// Size of what is kept for the owner now, in bytes.
    pub kept_bytes: u64,
}

impl KeeperLoad<'_> {
    /// Loads the images. `before` is called before each [`LoadStep`].
    ///
    /// # Errors
    /// The kernel refuses an image, or does not show afterwards what it should. A keeper made by this call is
    /// removed again. One that was there before stays, unless the plan was to replace it and the kernel
    /// accepted its successor in a trial.
    pub fn run(
        &self,
        kernel: &dyn Kernel,
        params: &CStr,
        before: &dyn Fn(LoadStep<'_>),
    ) -> Result<LoadOutcome, KeepError> {
        let keeper = keeper_name(self.owner);
        let Some(image) = &self.images.trial else {
            return self.load(kernel, &keeper, params, before);
        };
        trial::run(kernel, self.owner, image)?;
        remove(kernel, &keeper)?;
        self.load(kernel, &keeper, params, before).map_err(|error| KeepError::FailedAfterDrop {
            owner: self.owner.to_owned(),
            size: self.kept_bytes,
            error: Box::new(error),
        })
    }

    fn load(
        &self,
        kernel: &dyn Kernel,
        keeper: &str,
        params: &CStr,
        before: &dyn Fn(LoadStep<'_>),
    ) -> Result<LoadOutcome, KeepError> {
        let Some(image) = &self.images.keeper else {
            self.load_owner(kernel, params, before)?;
            verify::owner_uses_keeper(kernel, self.owner, keeper)?;
            return Ok(LoadOutcome::Kept);
        };
        before(LoadStep::Keeper(keeper));
        if let Err(errno) = kernel.init_module(image, c"") {
            return keeper_refused::at_load(keeper, errno, self.may_fall_back);
        }
        match verify::keeper_shows_header(kernel, keeper) {
            Ok(true) => {}
            Ok(false) => return keeper_refused::without_header(kernel, keeper, self.may_fall_back),
            Err(error) => return Err(undo(kernel, keeper, error)),
        }
        self.load_owner(kernel, params, before).map_err(|error| undo(kernel, keeper, error))?;
        // From here on the keeper stays: the owner may be using it.
        verify::owner_uses_keeper(kernel, self.owner, keeper)?;
        Ok(LoadOutcome::Kept)
    }

    fn load_owner(
        &self,
        kernel: &dyn Kernel,
        params: &CStr,
        before: &dyn Fn(LoadStep<'_>),
    ) -> Result<(), KeepError> {
        before(LoadStep::Owner);
        let loaded = kernel.init_module(&self.images.owner, params);
        loaded.map_err(|errno| KeepError::OwnerRefused { errno, keeper_left: None })
    }
}
