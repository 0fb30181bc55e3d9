// SPDX-License-Identifier: MIT OR Apache-2.0
//! `__persistent` must mean nothing in code that is built into the kernel.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use libmodfmt::elf::{Object, Place};
use libmodfmt::persist::PersistentSection;

/// Looks at the objects that kbuild compiled as for `obj-y`: they have no persistent section, and the
/// variables are where ordinary ones would be.
pub fn check(fixtures: &Path) -> Result<bool> {
    let directory = fixtures.join("builtin");
    let mut seen = 0;
    for entry in fs::read_dir(&directory).with_context(|| format!("cannot read {}", directory.display()))? {
        let path = entry?.path();
        let bytes = fs::read(&path)?;
        let object = Object::parse(&bytes).with_context(|| path.display().to_string())?;
        let persistent =
            object.sections.iter().find(|section| PersistentSection::from_name(&section.name).is_some());
        ensure!(persistent.is_none(), "{}: has {persistent:?}", path.display());
        for (variable, section) in [("torture_exported", ".data"), ("big", ".bss")] {
            let Some(symbol) = object.symbols.iter().find(|symbol| &*symbol.name == variable.as_bytes())
            else {
                continue;
            };
            let Place::Section(index) = symbol.place else { continue };
            let found = object.section_name(index);
            ensure!(found == section, "{}: {variable} is in {found}", path.display());
            seen += 1;
        }
    }
    ensure!(seen >= 2, "the built-in objects in {} lack the variables", directory.display());
    Ok(true)
}
