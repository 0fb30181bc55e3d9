// SPDX-License-Identifier: MIT OR Apache-2.0
//! Regions: the persistent data that live in the kernel now.
//!
//! The kernel is the only record. A keeper shows its header as a note below
//! `/sys/module/NAME/notes/`, its addresses below `sections/`, and its user below `holders/`. What an
//! extended kernel keeps itself is in its own list.

use std::fmt;

use libmodfmt::elf::ByteOrder;
use libmodfmt::persist::{Header, NOTE_SECTION, NoteError, PersistentSection, keeper_name, trial_name};
use libmodfmt::proc;
use libmodsys::{InitState, Kernel, SectionAddress};

use crate::{KeepError, kernel_region};

/// Where the owner of a region is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnerState {
    /// Not loaded; the data wait.
    Unloaded,
    /// Loaded, and using the region.
    Bound,
    /// Loaded by something that does not know persistent data: it uses a copy of its own.
    Unbound,
    /// Its init has begun and has not ended. Where no load is under way it oopsed, and neither it
    /// nor its keeper can be removed before the next boot.
    Coming,
    /// Being removed.
    Going,
}

/// What holds a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A module of this name.
    Keeper(String),
    /// The kernel itself, an extended one.
    Kernel,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keeper(name) => f.write_str(name),
            Self::Kernel => f.write_str("(kernel)"),
        }
    }
}

/// The persistent data of one owner, in the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// What identifies it.
    pub header: Header,
    /// What holds it.
    pub holder: Holder,
    /// The address of each section, as far as this process may know it.
    pub addresses: Vec<(PersistentSection, SectionAddress)>,
    /// Where its owner is.
    pub owner: OwnerState,
    /// Modules that the kernel says use it; the owner, where it is bound.
    pub users: Vec<String>,
}

/// Something that keeps data which cannot be told.
#[derive(Debug)]
pub struct Unreadable {
    /// What holds them.
    pub holder: Holder,
    /// Why they cannot be told.
    pub error: KeepError,
}

impl Region {
    /// Every region in the kernel: those of keepers in the order of `/proc/modules` (the newest
    /// first), then those that the kernel keeps itself.
    ///
    /// # Errors
    /// The kernel cannot be asked, or a header that it shows cannot be read by this version.
    pub fn list(kernel: &dyn Kernel) -> Result<Vec<Self>, KeepError> {
        Self::entries(kernel)?.into_iter().map(|entry| entry.map_err(|unreadable| unreadable.error)).collect()
    }

    /// As [`Region::list`], but one that cannot be read does not hide the others.
    ///
    /// # Errors
    /// The kernel does not list its modules.
    pub fn entries(kernel: &dyn Kernel) -> Result<Vec<Result<Self, Unreadable>>, KeepError> {
        let mut entries = Vec::new();
        for name in module_names(kernel)? {
            match Self::of_keeper(kernel, &name) {
                Ok(Some(region)) => entries.push(Ok(region)),
                Ok(None) => {}
                Err(error) => entries.push(Err(Unreadable { holder: Holder::Keeper(name), error })),
            }
        }
        match kernel_region::list(kernel) {
            Ok(regions) => entries.extend(regions.into_iter().map(Ok)),
            Err(error) => entries.push(Err(Unreadable { holder: Holder::Kernel, error })),
        }
        Ok(entries)
    }

    /// The regions that the kernel keeps itself, as an extended kernel lists them.
    ///
    /// # Errors
    /// The list cannot be read.
    pub fn of_kernel(kernel: &dyn Kernel) -> Result<Vec<Self>, KeepError> {
        kernel_region::list(kernel)
    }

    /// The region of `owner`, if there is one.
    ///
    /// # Errors
    /// As [`Region::list`], or there are two.
    pub fn find(kernel: &dyn Kernel, owner: &str) -> Result<Option<Self>, KeepError> {
        let own = kernel_region::find(kernel, owner)?;
        Self::only(kernel, owner, own)
    }

    /// The region that a file with this header would use: what a kernel cannot know of a region that
    /// it keeps itself is taken from the file.
    pub(crate) fn find_for(kernel: &dyn Kernel, file: &Header) -> Result<Option<Self>, KeepError> {
        let own = kernel_region::find_for(kernel, file)?;
        Self::only(kernel, &file.owner, own)
    }

    /// The region of a keeper or the kernel's own: never is there a second copy without a word.
    fn only(kernel: &dyn Kernel, owner: &str, own: Option<Self>) -> Result<Option<Self>, KeepError> {
        let keeper = keeper_name(owner);
        match (Self::of_keeper(kernel, &keeper)?, own) {
            (Some(region), _) if region.header.owner != owner => {
                Err(KeepError::OtherOwner { keeper, owner: owner.to_owned(), other: region.header.owner })
            }
            (Some(_), Some(_)) => Err(KeepError::KeptTwice { owner: owner.to_owned(), keeper }),
            (region, own) => Ok(region.or(own)),
        }
    }

    /// Whether it is worth looking closer for a region of `owner`: one cheap question, without opening anything.
    #[must_use]
    pub fn may_exist(kernel: &dyn Kernel, owner: &str) -> bool {
        matches!(kernel.init_state(&keeper_name(owner)), Ok(Some(InitState::Live)))
            || matches!(kernel_region::find(kernel, owner), Ok(Some(_)))
    }

    /// Whether something is kept for `owner`, in whatever state; `false` where that cannot be seen.
    #[must_use]
    pub fn exists(kernel: &dyn Kernel, owner: &str) -> bool {
        matches!(kernel.init_state(&keeper_name(owner)), Ok(Some(_)))
            || !matches!(kernel_region::find(kernel, owner), Ok(None))
    }

    /// The region that the module `keeper` holds; `None` where it is not loaded or no keeper.
    ///
    /// # Errors
    /// As [`Region::list`].
    pub fn of_keeper(kernel: &dyn Kernel, keeper: &str) -> Result<Option<Self>, KeepError> {
        match Self::of_live_keeper(kernel, keeper) {
            // It went while it was being looked at.
            Err(KeepError::Sys(error)) if error.is_missing() && kernel.init_state(keeper)?.is_none() => {
                Ok(None)
            }
            other => other,
        }
    }

    fn of_live_keeper(kernel: &dyn Kernel, keeper: &str) -> Result<Option<Self>, KeepError> {
        if !matches!(kernel.init_state(keeper)?, Some(InitState::Live)) {
            return Ok(None);
        }
        let notes = kernel.notes(keeper)?;
        let Some(note) = notes.get(NOTE_SECTION) else { return Ok(None) };
        let header = match Header::from_note(note, ByteOrder::NATIVE) {
            Ok(header) => header,
            // A section of that name with notes of somebody else's.
            Err(NoteError::Missing) => return Ok(None),
            Err(source) => return Err(KeepError::Note { keeper: keeper.to_owned(), source }),
        };
        if keeper == trial_name(&header.owner) {
            // Left by a `--fresh` that was killed in its trial: nobody's data are in it.
            return Ok(None);
        }
        let sections = kernel.sections(keeper)?;
        let address = |role: PersistentSection| {
            let found = sections.iter().find(|section| section.name == role.section_name());
            found.map_or(SectionAddress::Denied, |section| section.address)
        };
        let addresses = header.sections.iter().map(|section| (section.role, address(section.role))).collect();
        let users = kernel.holders(keeper)?;
        let owner = match kernel.init_state(&header.owner)? {
            None | Some(InitState::DirectoryOnly) => OwnerState::Unloaded,
            Some(InitState::Coming) => OwnerState::Coming,
            Some(InitState::Going) => OwnerState::Going,
            Some(InitState::Live) if users.contains(&header.owner) => OwnerState::Bound,
            Some(InitState::Live) => OwnerState::Unbound,
        };
        Ok(Some(Self { header, holder: Holder::Keeper(keeper.to_owned()), addresses, owner, users }))
    }

    /// The address of one section, where it is known.
    #[must_use]
    pub fn address(&self, role: PersistentSection) -> Option<u64> {
        self.addresses.iter().find(|(own, _)| *own == role).and_then(|(_, address)| address.known())
    }
}

fn module_names(kernel: &dyn Kernel) -> Result<Vec<String>, KeepError> {
    let text = kernel.modules_text()?;
    let mut names = Vec::new();
    for module in proc::modules(&text) {
        let module = module.map_err(|source| KeepError::Modules { what: source.to_string() })?;
        names.push(String::from_utf8_lossy(module.name).into_owned());
    }
    Ok(names)
}
