// SPDX-License-Identifier: MIT OR Apache-2.0
//! Entries for what the kernel shows and the journal lacks.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use libmodfmt::elf::ByteOrder;
use libmodfmt::journal::{Boot, Discard, Entry, LoadedModule, Recorded, Stage, Tokens, Unload};
use libmodfmt::persist::{Header, NOTE_SECTION, PersistentSection, is_keeper_name, keeper_of_generation};
use libmodfmt::proc::{NameToken, State};
use libmodfmt::{note, proc};
use libmodsys::Kernel;
use modkeep::Region;

use super::error::JournalError;
use super::module_details::ModuleDetails;
use super::sections::is_recorded;

/// The section with the build id, and the name and type of its note.
const BUILD_ID_SECTION: &str = ".note.gnu.build-id";
const BUILD_ID_NAME: &[u8] = b"GNU";
const BUILD_ID_TYPE: u32 = 3;

/// The start of the kernel's code is within so many lines of kallsyms: only per-CPU variables come before it.
const MAX_KALLSYMS_LINES: usize = 20_000;

/// What the command does or has done.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// It is about to load the module of the details.
    pub about_to_load: bool,
    /// The modules that it has removed.
    pub removed: HashSet<String>,
}

/// Entries for what is new at this time.
pub(super) fn new_entries(
    kernel: &dyn Kernel,
    recorded: &Recorded,
    boot: &str,
    at: u64,
    details: Option<ModuleDetails<'_>>,
    change: &Change,
) -> Result<Vec<Entry>, JournalError> {
    let mut entries = Vec::new();
    if !recorded.has_boot_entry() {
        let identity = kernel.boot()?;
        entries.push(Entry::Boot(Boot {
            id: boot.to_owned(),
            banner: identity.banner,
            build_id: build_id(&identity.notes),
            text: start_of_text(kernel),
            at,
        }));
    }
    let text = kernel.modules_text()?;
    let mut loaded = HashSet::new();
    for module in proc::modules(&text).flatten() {
        let name = String::from_utf8_lossy(module.name).into_owned();
        // The kernel shows 0 to readers who may not see addresses.
        let base = Some(module.address).filter(|&base| base != 0);
        // It may have been removed by another tool and loaded again where it was.
        let is_new = !change.about_to_load && details.is_some_and(|details| details.name == name);
        if is_new || recorded.base(&name) != Some(base) {
            let mut entry = loaded_module(kernel, boot, at, &name, base, details)?;
            entry.memory = Some(module.size);
            // The kernel frees the memory of init when that has returned.
            entry.init_freed = module.state == State::Live;
            entries.push(Entry::Module(entry));
        }
        loaded.insert(name);
    }
    let mut gone: Vec<&str> = recorded.loaded().filter(|name| !loaded.contains(*name)).collect();
    gone.sort_unstable();
    entries.extend(gone.into_iter().map(|name| Entry::Unload(unload(boot, name, change, at))));
    let unloaded: Vec<&str> = recorded.own_data().filter(|owner| !loaded.contains(*owner)).collect();
    // If the list cannot be read, nothing is known to be gone.
    if !unloaded.is_empty()
        && let Ok(regions) = Region::list_extended(kernel)
    {
        let kept: HashSet<&str> = regions.iter().map(|region| region.owner.as_str()).collect();
        let dropped = unloaded.into_iter().filter(|owner| !kept.contains(owner));
        entries.extend(
            dropped
                .map(|owner| Entry::Discard(Discard { boot: boot.to_owned(), name: owner.to_owned(), at })),
        );
    }
    entries.extend(tokens(kernel, recorded, boot, at));
    Ok(entries)
}

/// The tokens that modules have left under names, unless they are recorded. If the list cannot be read,
/// nothing is known to be gone.
fn tokens(kernel: &dyn Kernel, recorded: &Recorded, boot: &str, at: u64) -> Option<Entry> {
    let text = kernel.name_tokens().ok()?.unwrap_or_default();
    let tokens: Vec<_> = proc::name_tokens(&text).flatten().filter(NameToken::is_set).collect();
    let is_new = !recorded.has_tokens(&tokens);
    is_new.then(|| Entry::Tokens(Tokens { boot: boot.to_owned(), tokens, at }))
}

fn unload(boot: &str, name: &str, change: &Change, at: u64) -> Unload {
    Unload { boot: boot.to_owned(), name: name.to_owned(), removed: change.removed.contains(name), at }
}

fn loaded_module(
    kernel: &dyn Kernel,
    boot: &str,
    at: u64,
    name: &str,
    base: Option<u64>,
    details: Option<ModuleDetails<'_>>,
) -> Result<LoadedModule, JournalError> {
    let details = details.filter(|details| details.name == name);
    let sections = kernel.some_sections(name, &is_recorded)?;
    let noted = kernel.note(name, BUILD_ID_SECTION)?.map(|note| build_id(&note)).unwrap_or_default();
    let has_address = |name: &str| sections.iter().any(|section| section.name == name);
    let sizes = details.map(|details| details.sizes).unwrap_or_default().iter();
    let sizes = sizes.filter(|(name, _)| has_address(name) && has_size_of_file(name)).cloned().collect();
    Ok(LoadedModule {
        boot: boot.to_owned(),
        sizes,
        name: name.to_owned(),
        stage: Stage::Loaded,
        base,
        sections: sections
            .into_iter()
            .filter_map(|section| Some((section.name, section.address.known()?)))
            .collect(),
        build_id: if noted.is_empty() {
            details.map(|details| details.build_id.to_vec()).unwrap_or_default()
        } else {
            noted
        },
        file: details.and_then(|details| details.file).map(|file| file.to_string_lossy().into_owned()),
        persistent: kept_by(kernel, name)?
            .or_else(|| details.and_then(|details| details.header.cloned()))
            .map(Arc::new),
        at,
        ..LoadedModule::default()
    })
}

/// Whether a section is in memory as it is in the file: persistent ones are elsewhere or emptied, and what is
/// recorded of per-CPU data is no address.
fn has_size_of_file(name: &str) -> bool {
    PersistentSection::from_name(name.as_bytes()).is_none() && !name.starts_with(".data..percpu")
}

/// The header of what a keeper keeps. Another module's note may be a copy.
fn kept_by(kernel: &dyn Kernel, name: &str) -> Result<Option<Header>, JournalError> {
    if !is_keeper_name(name) {
        return Ok(None);
    }
    let note = kernel.note(name, NOTE_SECTION)?;
    let header = note.and_then(|note| Header::from_note(&note, ByteOrder::NATIVE).ok());
    Ok(header.filter(|header| keeper_of_generation(&header.owner, header.generation) == name))
}

/// The build id in a note section; empty if it has none.
fn build_id(section: &[u8]) -> Vec<u8> {
    let found = note::records(section, ByteOrder::NATIVE)
        .map_while(Result::ok)
        .find(|record| record.name == BUILD_ID_NAME && record.kind == BUILD_ID_TYPE);
    found.map(|record| record.description.to_vec()).unwrap_or_default()
}

/// Address of the kernel's `_stext`, else of `_text`; nothing if addresses are hidden.
fn start_of_text(kernel: &dyn Kernel) -> Option<(String, u64)> {
    let (mut text, mut count) = (None, 0_usize);
    let asked = kernel.kallsyms_lines(&mut |line| {
        count = count.saturating_add(1);
        let Some(Ok(symbol)) = proc::kallsyms(line).next() else { return ControlFlow::Continue(()) };
        let found = match symbol.name {
            b"_stext" => "_stext",
            b"_text" => "_text",
            _ if count < MAX_KALLSYMS_LINES => return ControlFlow::Continue(()),
            _ => return ControlFlow::Break(()),
        };
        if symbol.address != 0 {
            text = Some((found.to_owned(), symbol.address));
        }
        if found == "_stext" { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    asked.ok().and(text)
}
