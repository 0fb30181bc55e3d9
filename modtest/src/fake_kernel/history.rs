// SPDX-License-Identifier: MIT OR Apache-2.0
//! What happened to a fake kernel, in a form that tests compare.

use libmodfmt::file::ModuleFile;

use super::{Call, FakeKernel};

impl FakeKernel {
    /// What was loaded and removed so far: `+foo` from memory, `+file foo` from a file, `-foo` removed,
    /// `~foo` a region of an extended kernel released, `=1` a note left with the block of that number.
    #[must_use]
    pub fn history(&self) -> Vec<String> {
        let name = |image: &[u8]| {
            let file = ModuleFile::new(image, 0);
            file.module().map_or_else(|_| "?".to_owned(), |module| module.name.clone())
        };
        let word = |call: &Call| match call {
            Call::Finit { image, .. } => format!("+file {}", name(image)),
            Call::Init { image, .. } => format!("+{}", name(image)),
            Call::Delete { name, .. } => format!("-{}", name.to_string_lossy()),
            Call::Read { .. } => String::new(),
            Call::Release { owner } => format!("~{owner}"),
            Call::SetNote { serial, .. } => format!("={serial}"),
        };
        self.syscalls().iter().map(word).collect()
    }

    /// Address of the first section of `__persistent` data in a loaded module, a keeper.
    #[must_use]
    pub fn data_address(&self, keeper: &str) -> Option<u64> {
        let module = self.module(keeper)?;
        let data = module.sections.iter().find(|section| section.name.starts_with(".data..persistent"))?;
        data.address.known()
    }
}
