// SPDX-License-Identifier: MIT OR Apache-2.0
//! Carrying out a plan. Every step can be killed and tried again: what the kernel shows is the only
//! record, and a step that fails takes back what this call has made.

use std::ffi::{CStr, CString};

use libmodfmt::persist::{NOTE_SECTION, keeper_name};
use libmodsys::{InitState, Kernel, RemoveFlags};
use nix::errno::Errno;

use crate::plan::nothing_kept;
use crate::{Images, KeepError, Obstacle, Way};

/// How a load ended that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// The module is loaded and uses the region.
    Kept,
    /// The kernel refused the keeper. Nothing is loaded; a plain load is next, with this warning
    /// where it succeeds.
    FallBack {
        /// Why nothing will be kept.
        warning: String,
    },
}

/// One plan on its way.
#[derive(Debug, Clone, Copy)]
pub struct Action<'a> {
    /// How the data will be kept.
    pub way: Way,
    /// The module's name.
    pub owner: &'a str,
    /// The images.
    pub images: &'a Images,
    /// A plain load may take its place where the kernel refuses the keeper.
    pub may_fall_back: bool,
}

impl Action<'_> {
    /// Loads the images.
    ///
    /// # Errors
    /// The kernel refuses one of them, or does not show afterwards what it should. A keeper that
    /// this call made is removed again; one that lived before is not touched unless the plan was to
    /// replace it and its successor was accepted in a trial.
    ///
    /// `before_owner` is called when the keeper is there and the owner is not: an oops in the owner's init ends this process.
    pub fn carry_out(
        &self,
        kernel: &dyn Kernel,
        params: &CStr,
        before_owner: &dyn Fn(),
    ) -> Result<Done, KeepError> {
        let keeper = keeper_name(self.owner);
        if let Some(trial) = &self.images.trial {
            self.try_out(kernel, trial)?;
            remove(kernel, &keeper)?;
        }
        let made = match &self.images.keeper {
            Some(image) => {
                if let Err(errno) = kernel.init_module(image, c"") {
                    return self.keeper_refused(errno);
                }
                true
            }
            None => false,
        };
        let outcome = self.load_owner(kernel, &keeper, params, made, before_owner);
        match outcome {
            Err(KeepError::Owner { errno, .. }) if made => {
                let keeper_left = remove(kernel, &keeper).err().map(|error| match error {
                    KeepError::Remove { errno, .. } => errno,
                    _ => Errno::EIO,
                });
                Err(KeepError::Owner { errno, keeper_left })
            }
            other => other,
        }
    }

    /// Loads the new keeper under another name beside the living one, and removes it again.
    fn try_out(&self, kernel: &dyn Kernel, trial: &[u8]) -> Result<(), KeepError> {
        if let Err(errno) = kernel.init_module(trial, c"") {
            let obstacle = Obstacle::Refused { errno };
            return Err(KeepError::CannotBind { owner: self.owner.to_owned(), obstacle });
        }
        remove(kernel, &libmodfmt::persist::trial_name(self.owner))
    }

    fn keeper_refused(&self, errno: Errno) -> Result<Done, KeepError> {
        let obstacle = Obstacle::Refused { errno };
        if self.may_fall_back {
            Ok(Done::FallBack { warning: nothing_kept(&obstacle) })
        } else {
            Err(KeepError::Impossible { obstacle })
        }
    }

    fn load_owner(
        &self,
        kernel: &dyn Kernel,
        keeper: &str,
        params: &CStr,
        made: bool,
        before_owner: &dyn Fn(),
    ) -> Result<Done, KeepError> {
        if made {
            let live = kernel.init_state(keeper)? == Some(InitState::Live);
            if !live || !kernel.notes(keeper)?.contains_key(NOTE_SECTION) {
                return Err(KeepError::Verify {
                    what: format!("the kernel took {keeper}, but does not show its header"),
                });
            }
        }
        before_owner();
        kernel
            .init_module(&self.images.owner, params)
            .map_err(|errno| KeepError::Owner { errno, keeper_left: None })?;
        // The kernel's own reference is the proof that the module uses the kept data.
        if kernel.holders(keeper)?.iter().any(|user| user == self.owner) {
            Ok(Done::Kept)
        } else {
            Err(KeepError::Verify {
                what: format!(
                    "{} is loaded, but the kernel does not count it as a user of {keeper}",
                    self.owner
                ),
            })
        }
    }
}

/// Removes a keeper.
pub(crate) fn remove(kernel: &dyn Kernel, keeper: &str) -> Result<(), KeepError> {
    let failed = |errno| KeepError::Remove { keeper: keeper.to_owned(), errno };
    let name = CString::new(keeper).map_err(|_| failed(Errno::EINVAL))?;
    kernel.delete_module(&name, RemoveFlags::default()).map_err(failed)
}
