// SPDX-License-Identifier: MIT OR Apache-2.0
//! Entries for what the kernel shows and the journal lacks.

use std::collections::{BTreeMap, BTreeSet};

use libmodfmt::elf::ByteOrder;
use libmodfmt::journal::{Boot, Discard, Entry, Journal, LoadedModule, Stage, Unload};
use libmodfmt::persist::{Header, NOTE_SECTION};
use libmodfmt::{note, proc};
use libmodsys::{BootIdentity, Kernel};
use modkeep::Region;

use super::error::JournalError;
use super::module_details::ModuleDetails;

/// The section with the build id, and the name and type of its note.
const BUILD_ID_SECTION: &str = ".note.gnu.build-id";
const BUILD_ID_NAME: &[u8] = b"GNU";
const BUILD_ID_TYPE: u32 = 3;

/// Entries for what is new.
pub(super) fn new_entries(
    kernel: &dyn Kernel,
    journal: &Journal,
    boot: &BootIdentity,
    details: Option<ModuleDetails<'_>>,
) -> Result<Vec<Entry>, JournalError> {
    let mut entries = Vec::new();
    if !journal.boots().iter().any(|other| other.id == boot.id) {
        entries.push(Entry::Boot(Boot {
            id: boot.id.clone(),
            banner: boot.banner.clone(),
            build_id: build_id(&boot.notes),
            text: kernel.kallsyms().ok().and_then(|text| start_of_text(&text)),
            at: boot.uptime,
        }));
    }
    let recorded = recorded(journal, &boot.id);
    let text = kernel.modules_text()?;
    let mut loaded = Vec::new();
    for module in proc::modules(&text).flatten() {
        let name = String::from_utf8_lossy(module.name).into_owned();
        // The kernel shows 0 to readers who may not see addresses.
        let base = Some(module.address).filter(|&base| base != 0);
        if recorded.get(name.as_str()) != Some(&base) {
            entries.push(Entry::Module(loaded_module(kernel, boot, &name, base, details)?));
        }
        loaded.push(name);
    }
    let gone = recorded.keys().filter(|name| !loaded.iter().any(|other| other == *name));
    entries.extend(gone.map(|name| {
        Entry::Unload(Unload { boot: boot.id.clone(), name: (*name).to_owned(), at: boot.uptime })
    }));
    // If the list cannot be read, nothing is known to be gone.
    if let Ok(regions) = Region::list_extended(kernel) {
        let kept = |owner: &str| {
            loaded.iter().any(|name| name == owner)
                || regions.iter().any(|region| region.header.owner == owner)
        };
        entries.extend(own_data(journal, &boot.id).into_iter().filter(|owner| !kept(owner)).map(|owner| {
            Entry::Discard(Discard { boot: boot.id.clone(), name: owner.to_owned(), at: boot.uptime })
        }));
    }
    Ok(entries)
}

/// The modules that have persistent data outside of keepers according to the journal, loaded or not.
fn own_data<'j>(journal: &'j Journal, boot: &'j str) -> BTreeSet<&'j str> {
    let mut owners = BTreeSet::new();
    for entry in journal.of_boot(boot) {
        match entry {
            Entry::Module(module) if module.own_data().is_some() => {
                owners.insert(module.name.as_str());
            }
            Entry::Discard(discard) => {
                owners.remove(discard.name.as_str());
            }
            Entry::Module(_) | Entry::Unload(_) | Entry::Boot(_) => {}
        }
    }
    owners
}

/// The modules that are loaded according to the journal, with their addresses.
fn recorded<'j>(journal: &'j Journal, boot: &'j str) -> BTreeMap<&'j str, Option<u64>> {
    let mut recorded = BTreeMap::new();
    for entry in journal.of_boot(boot) {
        match entry {
            Entry::Module(module) if module.stage == Stage::Loaded => {
                recorded.insert(module.name.as_str(), module.base);
            }
            Entry::Unload(unload) => {
                recorded.remove(unload.name.as_str());
            }
            Entry::Module(_) | Entry::Discard(_) | Entry::Boot(_) => {}
        }
    }
    recorded
}

fn loaded_module(
    kernel: &dyn Kernel,
    boot: &BootIdentity,
    name: &str,
    base: Option<u64>,
    details: Option<ModuleDetails<'_>>,
) -> Result<LoadedModule, JournalError> {
    let details = details.filter(|details| details.name == name);
    let sections = kernel.sections(name)?;
    let notes = kernel.notes(name)?;
    let kept = notes.get(NOTE_SECTION).and_then(|note| Header::from_note(note, ByteOrder::NATIVE).ok());
    let noted = notes.get(BUILD_ID_SECTION).map(|section| build_id(section)).unwrap_or_default();
    Ok(LoadedModule {
        boot: boot.id.clone(),
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
        persistent: kept.or_else(|| details.and_then(|details| details.header.cloned())),
        at: boot.uptime,
    })
}

/// The build id in a note section; empty if it has none.
fn build_id(section: &[u8]) -> Vec<u8> {
    let found = note::records(section, ByteOrder::NATIVE)
        .map_while(Result::ok)
        .find(|record| record.name == BUILD_ID_NAME && record.kind == BUILD_ID_TYPE);
    found.map(|record| record.description.to_vec()).unwrap_or_default()
}

/// Address of the kernel's `_stext`, else of `_text`; nothing if addresses are hidden.
fn start_of_text(kallsyms: &[u8]) -> Option<(String, u64)> {
    let mut text = None;
    for symbol in proc::kallsyms(kallsyms).flatten().filter(|symbol| symbol.module.is_none()) {
        if symbol.address == 0 {
            continue;
        }
        match symbol.name {
            b"_stext" => return Some(("_stext".to_owned(), symbol.address)),
            b"_text" => text = Some(("_text".to_owned(), symbol.address)),
            _ => {}
        }
    }
    text
}
