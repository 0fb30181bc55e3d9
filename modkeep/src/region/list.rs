// SPDX-License-Identifier: MIT OR Apache-2.0
//! Listing and finding regions, whatever keeps them.

use libmodfmt::module_name::is_module_name;
use libmodfmt::persist::{Header, keeper_name};
use libmodfmt::proc;
use libmodsys::{InitState, Kernel};

use super::kept_by::KeptBy;
use super::owner_state::OwnerState;
use super::{extended, keeper};
use crate::error::KeepError;
use crate::region::Region;
use crate::region::keeper::Found;

/// Kept data that could not be read.
#[derive(Debug)]
pub struct UnreadableRegion {
    /// What keeps it.
    pub kept_by: KeptBy,
    /// Why it could not be read.
    pub error: KeepError,
}

impl Region {
    /// Every region in the kernel: first those of keepers in the order of `/proc/modules` (newest first),
    /// then those that an extended kernel keeps itself.
    ///
    /// # Errors
    /// The kernel cannot be asked, or this version cannot read a header that the kernel shows.
    pub fn list(kernel: &dyn Kernel) -> Result<Vec<Self>, KeepError> {
        Self::entries(kernel)?.into_iter().map(|entry| entry.map_err(|unreadable| unreadable.error)).collect()
    }

    /// As [`Region::list`], but a region that cannot be read does not hide the others.
    ///
    /// # Errors
    /// The kernel does not list its modules.
    pub fn entries(kernel: &dyn Kernel) -> Result<Vec<Result<Self, UnreadableRegion>>, KeepError> {
        let mut entries = Vec::new();
        for name in module_names(kernel)? {
            match keeper::read(kernel, &name) {
                Ok(Some(region)) => entries.push(Ok(region)),
                Ok(None) => {}
                Err(error) => entries.push(Err(UnreadableRegion { kept_by: KeptBy::Keeper(name), error })),
            }
        }
        match extended::list(kernel) {
            Ok(regions) => entries.extend(regions.into_iter().map(Ok)),
            Err(error) => entries.push(Err(UnreadableRegion { kept_by: KeptBy::ExtendedKernel, error })),
        }
        Ok(entries)
    }

    /// The regions that an extended kernel keeps itself.
    ///
    /// # Errors
    /// The kernel's list cannot be read.
    pub fn list_extended(kernel: &dyn Kernel) -> Result<Vec<Self>, KeepError> {
        extended::list(kernel)
    }

    /// The region of `owner`, if there is one; none for what cannot be a module's name.
    ///
    /// # Errors
    /// As [`Region::list`], or there are two.
    pub fn find(kernel: &dyn Kernel, owner: &str) -> Result<Option<Self>, KeepError> {
        if !is_module_name(owner) {
            return Ok(None);
        }
        let extended = extended::find(kernel, owner)?;
        Self::only_one(kernel, owner, extended)
    }

    /// The region of `owner` that an extended kernel keeps itself.
    pub(crate) fn find_extended(kernel: &dyn Kernel, owner: &str) -> Result<Option<Self>, KeepError> {
        extended::find(kernel, owner)
    }

    /// The region that a file with this header would use. What an extended kernel cannot know about its
    /// region is taken from the file.
    pub(crate) fn find_for(kernel: &dyn Kernel, file: &Header) -> Result<Option<Self>, KeepError> {
        let extended = extended::find_for(kernel, file)?;
        Self::only_one(kernel, &file.owner, extended)
    }

    /// The keeper's region or the extended kernel's. Two copies are an error, never a silent choice.
    fn only_one(kernel: &dyn Kernel, owner: &str, extended: Option<Self>) -> Result<Option<Self>, KeepError> {
        let name = keeper_name(owner);
        match (keeper::find(kernel, &name)?, extended) {
            // Two long names may be cut to one; or the module of that name is not ours.
            (
                Found::Keeper(Self { header: Header { owner: other, .. }, .. })
                | Found::Foreign { owner: other },
                _,
            ) if other != owner => {
                Err(KeepError::OtherOwner { keeper: name, owner: owner.to_owned(), other })
            }
            (Found::Keeper(_), Some(_)) => {
                Err(KeepError::KeptTwice { owner: owner.to_owned(), keeper: name })
            }
            (Found::Keeper(region), None) => Ok(Some(region)),
            (Found::Foreign { .. } | Found::Nothing, extended) => Ok(extended),
        }
    }

    /// Whether to look closer for a region of `owner`: one cheap question that opens nothing.
    #[must_use]
    pub fn may_exist(kernel: &dyn Kernel, owner: &str) -> bool {
        is_module_name(owner)
            && (matches!(kernel.init_state(&keeper_name(owner)), Ok(Some(InitState::Live)))
                || matches!(extended::find(kernel, owner), Ok(Some(_))))
    }

    /// Whether something is kept for `owner`, in whatever state. A kernel's list that cannot be read counts
    /// as yes.
    #[must_use]
    pub fn exists(kernel: &dyn Kernel, owner: &str) -> bool {
        is_module_name(owner)
            && (matches!(kernel.init_state(&keeper_name(owner)), Ok(Some(_)))
                || !matches!(extended::find(kernel, owner), Ok(None)))
    }

    /// The region that the module `keeper` holds; `None` if it is not loaded or is not a keeper.
    ///
    /// # Errors
    /// As [`Region::list`].
    pub fn of_keeper(kernel: &dyn Kernel, keeper: &str) -> Result<Option<Self>, KeepError> {
        if is_module_name(keeper) { keeper::read(kernel, keeper) } else { Ok(None) }
    }

    /// Whether a module is the keeper of an owner that is not loaded, and nothing uses it.
    #[must_use]
    pub fn is_unused_keeper(kernel: &dyn Kernel, module: &str) -> bool {
        Self::of_keeper(kernel, module).is_ok_and(|region| {
            region.is_some_and(|region| region.owner_state == OwnerState::Unloaded && region.users.is_empty())
        })
    }

    /// The owner in the header that a loaded module carries although it is not the keeper of that owner's
    /// data: somebody has copied the note. `None` for keepers, and for modules without such a note.
    ///
    /// # Errors
    /// The kernel cannot be asked.
    pub fn foreign_header(kernel: &dyn Kernel, module: &str) -> Result<Option<String>, KeepError> {
        if !is_module_name(module) {
            return Ok(None);
        }
        Ok(match keeper::find(kernel, module)? {
            Found::Foreign { owner } => Some(owner),
            Found::Keeper(_) | Found::Nothing => None,
        })
    }
}

fn module_names(kernel: &dyn Kernel) -> Result<Vec<String>, KeepError> {
    let text = kernel.modules_text()?;
    let mut names = Vec::new();
    for module in proc::modules(&text) {
        let module = module.map_err(|source| KeepError::UnreadableModuleList { what: source.to_string() })?;
        names.push(String::from_utf8_lossy(module.name).into_owned());
    }
    Ok(names)
}
