// SPDX-License-Identifier: MIT OR Apache-2.0
//! Carrying out a plan. Every step can be killed and tried again: what the kernel shows is the only
//! record, and a step that fails takes back what this call has made.

use std::ffi::{CStr, CString};

use libmodfmt::persist::{NOTE_SECTION, keeper_name, trial_name};
use libmodsys::{InitState, Kernel, RemoveFlags};
use nix::errno::Errno;

use crate::decision::nothing_kept;
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
    /// Bytes that are kept for it now.
    pub kept: u64,
}

/// A step of [`Action::carry_out`] that is about to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// A keeper of this name is loaded. Until the next step but one has succeeded, it is to go if this process does.
    Keeper(&'a str),
    /// The owner is loaded: an oops in its init ends this process.
    Owner,
}

impl Action<'_> {
    /// Loads the images.
    ///
    /// # Errors
    /// The kernel refuses one of them, or does not show afterwards what it should. A keeper that
    /// this call made is removed again; one that lived before is not touched unless the plan was to
    /// replace it and its successor was accepted in a trial.
    ///
    /// `before` is called before each [`Step`].
    pub fn carry_out(
        &self,
        kernel: &dyn Kernel,
        params: &CStr,
        before: &dyn Fn(Step<'_>),
    ) -> Result<Done, KeepError> {
        let keeper = keeper_name(self.owner);
        if let Some(trial) = &self.images.trial {
            self.try_out(kernel, trial)?;
            remove(kernel, &keeper)?;
            let dropped = |error| KeepError::Dropped {
                owner: self.owner.to_owned(),
                size: self.kept,
                error: Box::new(error),
            };
            return self.load(kernel, &keeper, params, before).map_err(dropped);
        }
        self.load(kernel, &keeper, params, before)
    }

    fn load(
        &self,
        kernel: &dyn Kernel,
        keeper: &str,
        params: &CStr,
        before: &dyn Fn(Step<'_>),
    ) -> Result<Done, KeepError> {
        let Some(image) = &self.images.keeper else {
            self.load_owner(kernel, params, before)?;
            return self.bound(kernel, keeper);
        };
        before(Step::Keeper(keeper));
        if let Err(errno) = kernel.init_module(image, c"") {
            return self.keeper_refused(keeper, errno);
        }
        match shows_header(kernel, keeper) {
            Ok(true) => {}
            Ok(false) => return self.hidden(kernel, keeper),
            Err(error) => return Err(take_back(kernel, keeper, error)),
        }
        match self.load_owner(kernel, params, before) {
            Ok(()) => self.bound(kernel, keeper),
            Err(error) => Err(take_back(kernel, keeper, error)),
        }
    }

    /// A kernel that does not show notes (no sysfs, no KALLSYMS) would forget whose data these are.
    fn hidden(&self, kernel: &dyn Kernel, keeper: &str) -> Result<Done, KeepError> {
        let what = format!("the kernel took {keeper}, but does not show its header");
        let warning = format!("its persistent data will not be kept: {what}");
        match take_back(kernel, keeper, KeepError::Verify { what: what.clone() }) {
            // Only after a clean removal, which leaves the error as it was.
            KeepError::Verify { what: said } if said == what && self.may_fall_back => {
                Ok(Done::FallBack { warning })
            }
            error => Err(error),
        }
    }

    /// Loads the new keeper under another name beside the living one, and removes it again.
    fn try_out(&self, kernel: &dyn Kernel, trial: &[u8]) -> Result<(), KeepError> {
        let name = trial_name(self.owner);
        // What a call that was killed between these two steps has left.
        if kernel.init_state(&name)?.is_some() && kernel.notes(&name)?.contains_key(NOTE_SECTION) {
            remove(kernel, &name)?;
        }
        if let Err(errno) = kernel.init_module(trial, c"") {
            let obstacle = Obstacle::Refused { errno };
            return Err(KeepError::CannotBind { owner: self.owner.to_owned(), obstacle });
        }
        remove(kernel, &name)
    }

    fn keeper_refused(&self, keeper: &str, errno: Errno) -> Result<Done, KeepError> {
        let obstacle = Obstacle::Refused { errno };
        match errno {
            // Not a word on our keeper: there is another one, and it may have data.
            Errno::EEXIST => Err(KeepError::Appeared { keeper: keeper.to_owned() }),
            _ if self.may_fall_back => Ok(Done::FallBack { warning: nothing_kept(&obstacle) }),
            _ => Err(KeepError::Impossible { obstacle }),
        }
    }

    fn load_owner(
        &self,
        kernel: &dyn Kernel,
        params: &CStr,
        before: &dyn Fn(Step<'_>),
    ) -> Result<(), KeepError> {
        before(Step::Owner);
        let loaded = kernel.init_module(&self.images.owner, params);
        loaded.map_err(|errno| KeepError::Owner { errno, keeper_left: None })
    }

    /// The kernel's own reference is the proof that the module uses the kept data.
    fn bound(&self, kernel: &dyn Kernel, keeper: &str) -> Result<Done, KeepError> {
        let users = kernel.holders(keeper).map_err(|error| KeepError::Verify {
            what: format!(
                "{} is loaded, but whether it uses the kept data cannot be seen: {error}",
                self.owner
            ),
        })?;
        if users.iter().any(|user| user == self.owner) {
            return Ok(Done::Kept);
        }
        let what =
            format!("{} is loaded, but the kernel does not count it as a user of {keeper}", self.owner);
        Err(KeepError::Verify { what })
    }
}

/// Whether the keeper that was loaded just now is live and shows its note.
fn shows_header(kernel: &dyn Kernel, keeper: &str) -> Result<bool, KeepError> {
    let live = kernel.init_state(keeper)? == Some(InitState::Live);
    Ok(live && kernel.notes(keeper)?.contains_key(NOTE_SECTION))
}

/// Removes the keeper that this call made; the error says so where that fails, too.
fn take_back(kernel: &dyn Kernel, keeper: &str, error: KeepError) -> KeepError {
    match (remove(kernel, keeper), error) {
        (Ok(()), error) => error,
        (Err(KeepError::Remove { errno: left, .. }), KeepError::Owner { errno, .. }) => {
            KeepError::Owner { errno, keeper_left: Some(left) }
        }
        (Err(left), error) => KeepError::Verify { what: format!("{error}; {left}") },
    }
}

/// Removes a keeper.
pub(crate) fn remove(kernel: &dyn Kernel, keeper: &str) -> Result<(), KeepError> {
    let failed = |errno| KeepError::Remove { keeper: keeper.to_owned(), errno };
    let name = CString::new(keeper).map_err(|_| failed(Errno::EINVAL))?;
    kernel.delete_module(&name, RemoveFlags::default()).map_err(failed)
}
