// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the sections of modules were that are not loaded any more, by the journal of this boot.
//!
//! The journal has the starts of sections. A section ends where the next one of its module starts; what is
//! far away, and the last one, counts as one page.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use libmodfmt::journal::{Entry, Journal, LoadedModule, Stage, file_name};
use libmodfmt::pointers::AddressRanges;
use libmodfmt::proc;
use libmodsys::{Kernel, files};
use modrecord::Paths;

/// A larger journal is not read, in bytes.
const MAX_JOURNAL_BYTES: u64 = 64 << 20;
/// A next section that is farther away is in another piece of memory.
const MAX_SECTION_BYTES: u64 = 16 << 20;
const PAGE_BYTES: u64 = 4096;

/// Sections that are gone.
pub(super) struct GoneSections(AddressRanges);

impl GoneSections {
    /// As the journal of this boot has it; none, if there is no journal.
    pub(super) fn of_this_boot(kernel: &dyn Kernel) -> Self {
        Self::read(kernel, &Paths::default().logs)
    }

    fn read(kernel: &dyn Kernel, directory: &Path) -> Self {
        let none = || Self(AddressRanges::default());
        let Ok(boot) = kernel.boot_id() else { return none() };
        let path = directory.join(file_name(&boot));
        // Only root's own directory has a journal.
        if !files::is_own_directory(directory) {
            return none();
        }
        let Ok(text) = files::read_regular(&path, MAX_JOURNAL_BYTES) else { return none() };
        let modules = kernel.modules_text().unwrap_or_default();
        let loaded = proc::modules(&modules).flatten();
        let loaded: HashMap<String, u64> = loaded
            .map(|module| (String::from_utf8_lossy(module.name).into_owned(), module.address))
            .collect();
        Self(AddressRanges::new(ranges(&Journal::read(&text), &boot, &loaded)))
    }

    /// `foo .text+0x10`
    pub(super) fn name(&self, address: u64) -> Option<String> {
        let (label, distance) = self.0.find(address)?;
        Some(if distance == 0 { label.to_owned() } else { format!("{label}+{distance:#x}") })
    }
}

fn ranges(
    journal: &Journal,
    boot: &str,
    loaded: &HashMap<String, u64>,
) -> Vec<(std::ops::Range<u64>, String)> {
    let mut ranges = Vec::new();
    let mut seen = HashSet::new();
    // The newest first: where several loads of a module had one address, they are one.
    let entries: Vec<_> = journal.of_boot(boot).collect();
    for entry in entries.into_iter().rev() {
        let Entry::Module(module) = entry else { continue };
        let is_loaded = loaded.get(&module.name).is_some_and(|at| module.base.is_none_or(|base| base == *at));
        if module.stage == Stage::Loaded && !is_loaded && seen.insert((&*module.name, module.base)) {
            sections(module, &mut ranges);
        }
    }
    ranges
}

fn sections(module: &LoadedModule, ranges: &mut Vec<(std::ops::Range<u64>, String)>) {
    let mut sections: Vec<(u64, &str)> = module
        .sections
        .iter()
        .map(|(name, address)| (*address, &**name))
        .filter(|(at, _)| *at != 0)
        .collect();
    sections.sort_unstable();
    let ends = sections.iter().skip(1).map(|(start, _)| Some(*start)).chain([None]);
    for ((start, name), next) in sections.iter().zip(ends) {
        // What has kept data is not gone.
        if name.contains("..persistent") {
            continue;
        }
        let page = start.saturating_add(PAGE_BYTES) & !PAGE_BYTES.saturating_sub(1);
        let end = next.filter(|next| next.saturating_sub(*start) <= MAX_SECTION_BYTES).unwrap_or(page);
        ranges.push((*start..end, format!("{} {name}", module.name)));
    }
}

#[cfg(test)]
mod tests {
    use libmodsys::BootIdentity;
    use modtest::{FakeKernel, FakeModule};

    use super::*;

    #[test]
    fn sections_of_modules_that_went() {
        let module = |name: &str, base: u64, sections: &[(&str, u64)]| {
            Entry::Module(LoadedModule {
                boot: "b-1".into(),
                name: name.into(),
                base: Some(base),
                sections: sections.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect(),
                ..LoadedModule::default()
            })
        };
        let base = 0xffff_ffff_c000_0000;
        let entries = [
            module("foo", base, &[(".text", base), (".data", base + 0x800), (".bss", base + (1 << 25))]),
            module("bar", base + 0x9000, &[(".text", base + 0x9000)]),
        ];
        let folder = tempfile::tempdir().unwrap();
        let kernel = FakeKernel::new();
        kernel.set(|settings| {
            settings.boot = Some(BootIdentity { id: "b-1".into(), ..BootIdentity::default() });
        });
        std::fs::write(folder.path().join(file_name("b-1")), entries.map(|entry| entry.to_line()).concat())
            .unwrap();
        let mut bar = FakeModule::new("bar");
        bar.address = base + 0x9000;
        kernel.add(bar);
        let gone = GoneSections::read(&kernel, folder.path());
        assert_eq!(gone.name(base).as_deref(), Some("foo .text"));
        assert_eq!(gone.name(base + 0x900).as_deref(), Some("foo .data+0x100"));
        assert_eq!(gone.name(base + 0x1000), None);
        assert_eq!(gone.name(base + (1 << 25) + 8).as_deref(), Some("foo .bss+0x8"));
        assert_eq!(gone.name(base + 0x9000), None, "it is loaded");
    }
}
