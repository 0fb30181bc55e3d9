// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which module a run-time address is in, and where in the module's file that is.

use super::Sources;
use super::image::Image;
use libmodfmt::proc::modules;

/// A loaded module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Placed {
    /// With underscores.
    pub(super) name: String,
    /// Start and size, as of `/proc/modules`.
    range: Option<(u64, u64)>,
    /// Where its sections are, as of the journal.
    sections: Vec<(String, u64)>,
}

/// Every loaded module whose place is known.
pub(super) fn placed(sources: &Sources) -> Vec<Placed> {
    let mut all: Vec<Placed> = Vec::new();
    let name = |name: &str| name.replace('-', "_");
    for loaded in sources.loaded.iter().filter(|loaded| !loaded.sections.is_empty()) {
        all.push(Placed { name: name(&loaded.name), range: None, sections: loaded.sections.clone() });
    }
    for line in modules(sources.modules_text.as_deref().unwrap_or_default()).filter_map(Result::ok) {
        // The address is 0 for those who may not know.
        if line.address == 0 {
            continue;
        }
        let range = Some((line.address, line.size));
        let module = name(&String::from_utf8_lossy(line.name));
        match all.iter_mut().find(|placed| placed.name == module) {
            Some(placed) => placed.range = range,
            None => all.push(Placed { name: module, range, sections: Vec::new() }),
        }
    }
    all
}

impl Placed {
    /// Can the address be in this module? To be asked before its file is opened.
    pub(super) fn may_hold(&self, address: u64) -> bool {
        // Sections have no sizes in the journal; they are not spread further than modules may be.
        const FAR: u64 = 64 << 20;
        let near = |&(_, start): &(String, u64)| address.checked_sub(start).is_some_and(|at| at < FAR);
        self.in_range(address) || self.sections.iter().any(near)
    }

    /// From the last of its sections that starts before an address; 0 in a range that is known.
    pub(super) fn distance(&self, address: u64) -> Option<u64> {
        if self.in_range(address) {
            return Some(0);
        }
        self.sections.iter().filter_map(|(_, start)| address.checked_sub(*start)).min()
    }

    /// So many bytes at most are behind an address before the module ends, as of `/proc/modules`.
    pub(super) fn room(&self, address: u64) -> Option<u64> {
        let (start, size) = self.range?;
        // Since 6.4 the address is that of the code, data are elsewhere, and the size is that of all.
        Some(size.saturating_sub(address.checked_sub(start).filter(|&at| at < size).unwrap_or(0)))
    }

    fn in_range(&self, address: u64) -> bool {
        self.range.is_some_and(|(start, size)| address.checked_sub(start).is_some_and(|at| at < size))
    }

    /// The address in the image of what is at a run-time address.
    pub(super) fn in_image(&self, image: &Image, address: u64) -> Option<u64> {
        for (name, start) in &self.sections {
            let section = image.find(name).and_then(|index| image.sections.get(index));
            let Some(section) = section else { continue };
            let offset = address.checked_sub(*start).filter(|&offset| offset < section.size);
            if let Some(offset) = offset {
                return section.address.checked_add(offset);
            }
        }
        // The kernel puts code first: one such section behind the other, in the file's order.
        let (start, _) = self.range.filter(|_| self.sections.is_empty() && self.in_range(address))?;
        let mut at = start;
        let code =
            image.sections.iter().filter(|section| section.is_code() && !section.name.starts_with(".init"));
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

    /// The run-time address of what is at an address of the image, where the journal tells.
    pub(super) fn at_run_time(&self, image: &Image, address: u64) -> Option<u64> {
        let section = image.sections.iter().find(|section| section.holds(address))?;
        let (_, start) = self.sections.iter().find(|(name, _)| *name == section.name)?;
        start.checked_add(address.wrapping_sub(section.address))
    }
}
