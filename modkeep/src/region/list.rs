// SPDX-License-Identifier: MIT OR Apache-2.0
//! Listing and finding regions, whatever keeps them.

use std::collections::{HashMap, HashSet};

use libmodfmt::module_name::is_module_name;
use libmodfmt::persist::{
    Header, generation_in_name, keeper_name, keeper_of_generation, pending_name, spent_generations,
};
use libmodfmt::proc;
use libmodsys::{InitState, Kernel};

use super::generation::Generation;
use super::kept_by::KeptBy;
use super::owner_state::OwnerState;
use super::{extended, keeper, pending};
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

    /// As [`Region::list`], but what cannot be read does not hide the rest.
    ///
    /// # Errors
    /// The kernel does not list its modules.
    pub fn entries(kernel: &dyn Kernel) -> Result<Vec<Result<Self, UnreadableRegion>>, KeepError> {
        let mut owners: Vec<(String, Vec<Generation>)> = Vec::new();
        let mut by_owner: HashMap<String, usize> = HashMap::new();
        let mut entries = Vec::new();
        for name in module_names(kernel)? {
            match keeper::read(kernel, &name) {
                Ok(Some(generation)) => {
                    let owner = generation.header.owner.clone();
                    let index = *by_owner.entry(owner.clone()).or_insert_with(|| {
                        owners.push((owner, Vec::new()));
                        owners.len().saturating_sub(1)
                    });
                    if let Some((_, generations)) = owners.get_mut(index) {
                        generations.push(generation);
                    }
                }
                Ok(None) => {}
                Err(error) => entries.push(Err(UnreadableRegion { kept_by: KeptBy::Keeper(name), error })),
            }
        }
        let assembled = owners.into_iter().filter_map(|(owner, generations)| {
            let kept_by = generations.first().map(|generation| generation.kept_by.clone())?;
            let region = assemble(kernel, &owner, generations).transpose()?;
            Some(region.map_err(|error| UnreadableRegion { kept_by, error }))
        });
        let mut entries: Vec<_> = assembled.chain(entries).collect();
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

    /// The region of `owner` that an extended kernel keeps itself, without the types of its variables.
    pub(crate) fn find_extended(kernel: &dyn Kernel, owner: &str) -> Result<Option<Self>, KeepError> {
        extended::find_untyped(kernel, owner)
    }

    /// The region that a file with this header would use. What an extended kernel cannot know about its
    /// region is taken from the file.
    pub(crate) fn find_for(kernel: &dyn Kernel, file: &Header) -> Result<Option<Self>, KeepError> {
        let extended = extended::find_for(kernel, file)?;
        Self::only_one(kernel, &file.owner, extended)
    }

    /// The keepers' region or the extended kernel's. Two copies are an error, never a silent choice.
    fn only_one(kernel: &dyn Kernel, owner: &str, extended: Option<Self>) -> Result<Option<Self>, KeepError> {
        match (kept_by_keepers(kernel, owner)?, extended) {
            (Some(_), Some(_)) => {
                Err(KeepError::KeptTwice { owner: owner.to_owned(), keeper: keeper_name(owner) })
            }
            (Some(region), None) => Ok(Some(region)),
            (None, extended) => Ok(extended),
        }
    }

    /// Whether to look closer for a region of `owner`: a cheap question that opens at most the list of
    /// modules.
    #[must_use]
    pub fn may_exist(kernel: &dyn Kernel, owner: &str) -> bool {
        is_module_name(owner)
            && (matches!(kernel.init_state(&keeper_name(owner)), Ok(Some(InitState::Live)))
                || keeper_names(kernel, owner).is_ok_and(|names| !names.is_empty())
                || matches!(extended::is_listed(kernel, owner), Ok(true)))
    }

    /// Whether something is kept for `owner`, in whatever state. What cannot be read counts as yes.
    #[must_use]
    pub fn exists(kernel: &dyn Kernel, owner: &str) -> bool {
        is_module_name(owner)
            && (matches!(kernel.init_state(&keeper_name(owner)), Ok(Some(_)))
                || keeper_names(kernel, owner).map_or(true, |names| !names.is_empty())
                || !matches!(extended::is_listed(kernel, owner), Ok(false)))
    }

    /// The generation that the module `keeper` holds; `None` if it is not loaded or is not a keeper.
    ///
    /// # Errors
    /// As [`Region::list`].
    pub fn of_keeper(kernel: &dyn Kernel, keeper: &str) -> Result<Option<Generation>, KeepError> {
        if is_module_name(keeper) { keeper::read(kernel, keeper) } else { Ok(None) }
    }

    /// Whether a module is the keeper of an owner that is not loaded, and nothing uses it.
    #[must_use]
    pub fn is_unused_keeper(kernel: &dyn Kernel, module: &str) -> bool {
        let is_unused = |generation: &Generation| {
            let state = kernel.init_state(&generation.header.owner);
            generation.users.is_empty() && matches!(state, Ok(None | Some(InitState::DirectoryOnly)))
        };
        Self::of_keeper(kernel, module).is_ok_and(|generation| generation.as_ref().is_some_and(is_unused))
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

/// The region that keepers hold.
fn kept_by_keepers(kernel: &dyn Kernel, owner: &str) -> Result<Option<Region>, KeepError> {
    let mut generations = Vec::new();
    for keeper in keeper_names(kernel, owner)? {
        let found = keeper::find(kernel, &keeper)?;
        // Two long names may be cut to one; or the module of that name is not ours.
        if let Some(other) = found.owner().filter(|other| *other != owner) {
            let other = other.to_owned();
            return Err(KeepError::OtherOwner { keeper, owner: owner.to_owned(), other });
        }
        if let Found::Keeper(generation) = found {
            generations.push(*generation);
        }
    }
    assemble(kernel, owner, generations)
}

/// The generations of one owner as its region; `None` if there is nothing at all.
fn assemble(
    kernel: &dyn Kernel,
    owner: &str,
    mut generations: Vec<Generation>,
) -> Result<Option<Region>, KeepError> {
    let pending = pending::find(kernel, owner)?;
    if generations.is_empty() && pending.is_none() {
        return Ok(None);
    }
    generations.sort_by_key(|generation| generation.header.generation);
    let mut users: Vec<String> = Vec::new();
    for user in generations.iter().flat_map(|generation| &generation.users) {
        // A keeper may use an older one.
        let is_own_keeper = generations.iter().any(|own| own.kept_by.keeper() == Some(user.as_str()));
        if !is_own_keeper && !users.contains(user) {
            users.push(user.clone());
        }
    }
    let uses_region = users.iter().any(|user| user == owner);
    let owner_state = OwnerState::new(kernel.init_state(owner)?, uses_region);
    let is_begun = |generation: &Generation| {
        let number = generation.header.generation;
        pending.as_ref().is_some_and(|pending| pending.generations.contains(&number))
    };
    // Once the owner's init has succeeded, what it uses is in force, whatever the mark still says.
    let is_committed = |generation: &Generation| {
        !is_begun(generation)
            || (owner_state == OwnerState::Bound && generation.users.iter().any(|user| user == owner))
    };
    let fresh = generations
        .iter()
        .filter(|generation| generation.header.fresh && is_committed(generation))
        .map(|generation| generation.header.generation)
        .max();
    let committed = generations.iter().filter(|generation| is_committed(generation));
    let spent = spent_generations(&committed.map(|generation| &generation.header).collect::<Vec<_>>());
    let (mut stale, mut in_force): (Vec<_>, Vec<_>) = generations.into_iter().partition(|generation| {
        let is_replaced = fresh.is_some_and(|fresh| generation.header.generation < fresh);
        let is_abandoned = is_begun(generation) && owner_state == OwnerState::Unloaded;
        is_replaced || is_abandoned || spent.contains(&generation.header.generation)
    });
    if owner_state == OwnerState::Unloaded && users.is_empty() && is_rest_of_discard(&in_force) {
        stale.append(&mut in_force);
    }
    stale.sort_by_key(|generation| generation.header.generation);
    Ok(Some(Region {
        owner: owner.to_owned(),
        generations: in_force,
        stale,
        pending: pending.map(|_| pending_name(owner)),
        owner_state,
        users,
    }))
}

/// Whether generations that later ones build on are gone: a discard, which removes the oldest first, was
/// killed, or another tool has removed a keeper. What is left may point into what is gone.
///
/// The newest generation names all that were in force beside it. One made by an older program does not;
/// there, earlier generations may rightly be gone where variables were replaced.
fn is_rest_of_discard(in_force: &[Generation]) -> bool {
    let headers = || in_force.iter().map(|generation| &generation.header);
    let newest = headers().max_by_key(|header| header.generation);
    if let Some(newest) = newest.filter(|newest| !newest.predecessors.is_empty()) {
        let there: HashSet<u32> = headers().map(|header| header.generation).collect();
        return newest.predecessors.iter().any(|number| !there.contains(number));
    }
    let oldest = headers().min_by_key(|header| header.generation);
    oldest.is_some_and(|oldest| oldest.generation > 1 && !oldest.fresh)
        && headers().all(|header| header.replaced.is_empty())
}

/// The loaded modules that have the names of `owner`'s keepers.
fn keeper_names(kernel: &dyn Kernel, owner: &str) -> Result<Vec<String>, KeepError> {
    let is_own = |name: &String| {
        generation_in_name(name).is_some_and(|number| *name == keeper_of_generation(owner, number))
    };
    Ok(module_names(kernel)?.into_iter().filter(is_own).collect())
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
