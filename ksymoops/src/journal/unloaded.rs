// SPDX-License-Identifier: MIT OR Apache-2.0
//! Addresses in modules that had been unloaded when the report was written, or in the memory of an init that
//! had been freed.
//!
//! The memory of modules is used again, so an address is taken for one of such a module only if nothing that
//! the journal has was there later, and the journal has every module of the report's list. Sizes of sections
//! are known of modules that insmod loaded; where a later module has none, all of it may be near.

use std::collections::HashSet;

use libmodfmt::journal::{Entry, Journal, LoadedModule, Stage, Unload};
use liboops::report::Report;

use super::module_state::microseconds;

/// The memory of a module is at most this large, if the journal does not tell.
const MAX_MODULE_BYTES: u64 = 64 << 20;

/// A module, or the init of one, that was gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unloaded<'j> {
    /// The load that had the address.
    pub module: &'j LoadedModule,
    /// The section that the address was in.
    pub section: &'j str,
    /// Offset in that section.
    pub offset: u64,
    /// What had become of it.
    pub end: End,
}

/// How memory went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It was unloaded so many microseconds before the report.
    Removed(u64),
    /// It was unloaded and nothing recorded that: by another tool, or by one that was killed. It was noticed
    /// so many microseconds before the report.
    Noticed(u64),
    /// It was unloaded before the report: it is not in the list of modules.
    NotListed,
    /// The memory of its init was freed when that had returned.
    InitFreed,
}

/// Loads of one boot, for many addresses.
#[derive(Debug)]
pub(crate) struct Loads<'j> {
    entries: Vec<&'j Entry>,
    /// Time of the report in microseconds.
    time: u64,
}

impl<'j> Loads<'j> {
    /// The loads of a boot. `None` if the report has no time or no list of modules, or lists some that the
    /// journal does not have: they may be anywhere.
    pub fn of_boot(journal: &'j Journal, boot: &'j str, report: &Report) -> Option<Self> {
        let entries: Vec<_> = journal.of_boot(boot).collect();
        let time = report.time_us?;
        let list = report.context.modules.as_ref().filter(|list| !list.is_empty())?;
        let mut loaded = HashSet::new();
        for entry in entries.iter().filter(|entry| microseconds(entry.at()) <= time) {
            match entry {
                Entry::Module(module) if module.stage == Stage::Loaded => {
                    loaded.insert(module.name.as_str());
                }
                Entry::Module(LoadedModule { name, .. }) | Entry::Unload(Unload { name, .. }) => {
                    loaded.remove(name.as_str());
                }
                _ => {}
            }
        }
        let has_all = list.iter().all(|module| loaded.contains(module.name.as_str()));
        has_all.then_some(Self { entries, time })
    }

    /// What was at an address, if that is gone.
    pub fn find(&self, report: &Report, address: u64) -> Option<Unloaded<'j>> {
        let (at, module, section, offset) =
            self.entries.iter().enumerate().rev().find_map(|(at, entry)| match entry {
                Entry::Module(module) if module.stage == Stage::Loaded => {
                    let (section, offset) = module.section_at(address)?;
                    Some((at, module, section, offset))
                }
                _ => None,
            })?;
        let later = self.entries.get(at.checked_add(1)?..)?;
        let may_hold = later.iter().any(|entry| may_hold(entry, address)) || has_lost_load(later);
        if microseconds(module.at) > self.time || may_hold {
            return None;
        }
        let end = self.end(report, module, section, later)?;
        Some(Unloaded { module, section, offset, end })
    }

    fn end(&self, report: &Report, module: &LoadedModule, section: &str, later: &[&Entry]) -> Option<End> {
        // An unload, or another load: in between there was one.
        let end = later.iter().find_map(|entry| match entry {
            Entry::Unload(unload) if unload.name == module.name => Some((unload.at, unload.removed)),
            Entry::Module(next) if next.name == module.name && next.stage == Stage::Loaded => {
                Some((next.at, false))
            }
            _ => None,
        });
        let end = end.map(|(at, removed)| (microseconds(at), removed));
        match end {
            Some((at, removed)) if at <= self.time => {
                let ago = self.time.checked_sub(at)?;
                Some(if removed { End::Removed(ago) } else { End::Noticed(ago) })
            }
            _ if report.had_module(&module.name) == Some(false) => Some(End::NotListed),
            _ if section.starts_with(".init") && module.init_freed => Some(End::InitFreed),
            _ => None,
        }
    }
}

/// Whether a module that was loaded later may have an address. What was noticed after the report may have
/// been there before it.
fn may_hold(entry: &Entry, address: u64) -> bool {
    let Entry::Module(module) = entry else { return false };
    // An entry with addresses follows, see `has_lost_load`.
    if module.stage == Stage::Loading {
        return false;
    }
    if module.section_at(address).is_some() {
        return true;
    }
    if !module.sizes.is_empty() {
        return false;
    }
    let size = module.memory.unwrap_or(MAX_MODULE_BYTES);
    let starts = module.sections.iter().map(|(_, start)| *start).chain(module.base);
    // Without any address it may be anywhere.
    let mut starts = starts.filter(|start| *start != 0).peekable();
    starts.peek().is_none() || starts.any(|start| address.checked_sub(start).is_some_and(|at| at < size))
}

/// Whether a load did not get far enough to be recorded with its addresses: it may have been anywhere.
fn has_lost_load(entries: &[&Entry]) -> bool {
    let mut open = HashSet::new();
    for entry in entries {
        let Entry::Module(module) = entry else { continue };
        match module.stage {
            Stage::Loading => open.insert(&module.name),
            Stage::Loaded => open.remove(&module.name),
        };
    }
    !open.is_empty()
}
