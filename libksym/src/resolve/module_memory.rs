// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where loaded modules were in memory: which module a run-time address is in, and where in its file.

use std::collections::HashMap;

use libmodfmt::proc::modules;

use crate::image::Image;
use crate::sources::Sources;

/// The memory of a loaded module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ModuleMemory {
    /// The module's name, with underscores.
    pub(super) module: String,
    /// Start and size as in `/proc/modules`.
    range: Option<(u64, u64)>,
    /// Names and run-time addresses of its sections.
    sections: Vec<(String, u64)>,
}

/// The memory of each loaded module, as far as it is known.
pub(super) fn of_loaded(sources: &Sources) -> Vec<ModuleMemory> {
    let mut all: Vec<ModuleMemory> = Vec::new();
    // Two entries of one name: what the text says is about the first.
    let mut places: HashMap<String, usize> = HashMap::new();
    let name = |name: &str| name.replace('-', "_");
    for loaded in sources.loaded.iter().filter(|loaded| !loaded.sections.is_empty()) {
        let sections = loaded.sections.clone();
        let module = name(&loaded.name);
        places.entry(module.clone()).or_insert(all.len());
        all.push(ModuleMemory { module, range: None, sections });
    }
    for line in modules(sources.modules_text.as_deref().unwrap_or_default()).filter_map(Result::ok) {
        // The kernel shows 0 to unprivileged readers.
        if line.address == 0 {
            continue;
        }
        let range = Some((line.address, line.size));
        let module = name(&String::from_utf8_lossy(line.name));
        match places.get(&module).and_then(|place| all.get_mut(*place)) {
            Some(memory) => memory.range = range,
            None => {
                places.insert(module.clone(), all.len());
                all.push(ModuleMemory { module, range, sections: Vec::new() });
            }
        }
    }
    all
}

impl ModuleMemory {
    /// Can the address be in this module? To be asked before its file is opened.
    pub(super) fn may_contain(&self, address: u64) -> bool {
        // The sizes of sections are not known without the file; no section is larger than this.
        const MAX_SECTION_BYTES: u64 = 64 << 20;
        let near = |&(_, start): &(String, u64)| {
            address.checked_sub(start).is_some_and(|offset| offset < MAX_SECTION_BYTES)
        };
        self.in_range(address) || self.sections.iter().any(near)
    }

    /// Distance from the last of its sections that starts before an address; 0 within the known range.
    pub(super) fn distance(&self, address: u64) -> Option<u64> {
        if self.in_range(address) {
            return Some(0);
        }
        self.sections.iter().filter_map(|(_, start)| address.checked_sub(*start)).min()
    }

    /// The most bytes of the module that can follow an address, by `/proc/modules`.
    pub(super) fn max_bytes_from(&self, address: u64) -> Option<u64> {
        let (start, size) = self.range?;
        // Since 6.4 the address is that of the code, data is elsewhere, and the size is that of all.
        Some(size.saturating_sub(address.checked_sub(start).filter(|&at| at < size).unwrap_or(0)))
    }

    fn in_range(&self, address: u64) -> bool {
        self.range.is_some_and(|(start, size)| address.checked_sub(start).is_some_and(|at| at < size))
    }

    /// From a run-time address to the address in the image.
    pub(super) fn image_address(&self, image: &Image, address: u64) -> Option<u64> {
        for (name, start) in &self.sections {
            let Some(section) = image.section(name) else { continue };
            let offset = address.checked_sub(*start).filter(|&offset| offset < section.size);
            if let Some(offset) = offset {
                return section.address.checked_add(offset);
            }
        }
        // The kernel puts code first: the sections of code one after the other, in the file's order.
        let (start, _) = self.range.filter(|_| self.sections.is_empty() && self.in_range(address))?;
        let mut at = start;
        let code =
            image.sections().iter().filter(|section| section.is_code() && !section.name.starts_with(".init"));
        for section in code {
            at = at.checked_next_multiple_of(section.align.max(1))?;
            let offset = address.checked_sub(at)?;
            if offset < section.size {
                return section.address.checked_add(offset);
            }
            at = at.checked_add(section.size)?;
        }
        None
    }

    /// From an address in the image to the run-time address, if that of its section is known.
    pub(super) fn run_time_address(&self, image: &Image, address: u64) -> Option<u64> {
        let section = image.section_at(address)?;
        let (_, start) = self.sections.iter().find(|(name, _)| *name == section.name)?;
        start.checked_add(address.wrapping_sub(section.address))
    }
}
