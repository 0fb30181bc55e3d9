// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kept data that points into a module that was removed, in words: `meter.c:ops.run -> work [gone]`.
//!
//! Only what the kernel or the next init overwrites is harmless. A list that still has a static node of the
//! removed module, or a timer that is still pending, brings the kernel down later.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use libmodfmt::proc;
use libmodsys::Kernel;
use modkeep::{KeepError, PointerInto, pointers_into};

use crate::owner_sections::OwnerSections;
use crate::paths::Paths;

/// What is needed to find the pointers into a module after it is gone. It is made while the module is loaded.
#[derive(Debug)]
pub struct Departure {
    owner: String,
    sections: OwnerSections,
}

impl Departure {
    /// `None` if nothing is recorded of this load.
    ///
    /// What kept data points to now is named, as the kernel knows no symbol of a module that is gone.
    #[must_use]
    pub fn begin(kernel: &dyn Kernel, owner: &str, paths: &Paths) -> Option<Self> {
        let mut sections = OwnerSections::read(kernel, owner, paths)?;
        if !sections.is_loaded(kernel, owner) {
            return None;
        }
        // An error is the same after the removal, and is said then.
        let pointers = pointers_into(kernel, &sections.ranges()).unwrap_or_default();
        if !pointers.is_empty() {
            for (address, name) in symbols(kernel, owner, &pointers) {
                sections.add_name(address, name);
            }
        }
        Some(Self { owner: owner.to_owned(), sections })
    }

    /// After the removal: each pointer that is left.
    ///
    /// # Errors
    /// [`KeepError::CannotSearch`] if kept data cannot be read.
    pub fn end(self, kernel: &dyn Kernel, paths: &Paths) -> Result<Vec<String>, KeepError> {
        // Without the file the next load says nothing; that is no reason to say nothing now.
        let _ = self.sections.write(&self.owner, paths);
        let pointers = pointers_into(kernel, &self.sections.ranges())?;
        Ok(texts(&pointers, &self.sections, &[], &self.owner))
    }
}

/// Kept data that points into a module as it was loaded last; nothing if that is how it is loaded now, or if
/// nothing is recorded of it.
///
/// # Errors
/// [`KeepError::CannotSearch`] if kept data cannot be read.
pub fn into_removed(kernel: &dyn Kernel, owner: &str, paths: &Paths) -> Result<Vec<String>, KeepError> {
    let Some(sections) = OwnerSections::read(kernel, owner, paths) else { return Ok(Vec::new()) };
    if sections.is_loaded(kernel, owner) {
        return Ok(Vec::new());
    }
    let pointers = pointers_into(kernel, &sections.ranges())?;
    let modules = kernel.modules_text().unwrap_or_default();
    let modules: Vec<_> = proc::modules(&modules).flatten().collect();
    Ok(texts(&pointers, &sections, &modules, owner))
}

/// Kept data that points into a module as it is loaded now: what its exit function has to clear.
///
/// # Errors
/// [`KeepError::CannotSearch`] if kept data cannot be read.
pub fn into_loaded(
    kernel: &dyn Kernel,
    owner: &str,
    paths: &Paths,
) -> Result<Option<Vec<String>>, KeepError> {
    let Some(mut sections) = OwnerSections::read(kernel, owner, paths) else { return Ok(None) };
    if !sections.is_loaded(kernel, owner) {
        return Ok(None);
    }
    let pointers = pointers_into(kernel, &sections.ranges())?;
    for (address, name) in symbols(kernel, owner, &pointers) {
        sections.add_name(address, name);
    }
    let line = |pointer: &PointerInto| arrow(pointer, &sections, owner);
    Ok(Some(pointers.iter().map(line).collect()))
}

/// One line for each pointer. `modules` are those that may use the memory again.
fn texts(
    pointers: &[PointerInto],
    sections: &OwnerSections,
    modules: &[proc::LoadedModule<'_>],
    owner: &str,
) -> Vec<String> {
    let user = |address: u64| {
        let has = |module: &&proc::LoadedModule<'_>| {
            module.address != 0
                && (module.address..module.address.saturating_add(module.size)).contains(&address)
        };
        modules.iter().find(has).map(|module| String::from_utf8_lossy(module.name).into_owned())
    };
    let line = |pointer: &PointerInto| {
        let state = match user(pointer.address) {
            Some(user) => format!("gone, or new: {user} is there now"),
            None => "gone".to_owned(),
        };
        format!("{} [{state}]", arrow(pointer, sections, owner))
    };
    pointers.iter().map(line).collect()
}

/// `meter.c:ops.run -> work`; the owner is named if it is another one.
fn arrow(pointer: &PointerInto, sections: &OwnerSections, owner: &str) -> String {
    let target = match (sections.name(pointer.address), pointer.offset) {
        (Some(name), _) => name.to_owned(),
        (None, 0) => pointer.section.clone(),
        (None, offset) => format!("{}+{offset:#x}", pointer.section),
    };
    let of = if pointer.owner == owner { String::new() } else { format!("{} ", pointer.owner) };
    let leads = if pointer.is_guess { "may point to" } else { "->" };
    format!("{of}{} {leads} {target}", pointer.path)
}

/// The module's symbols at these addresses, or before them in the same section.
fn symbols(kernel: &dyn Kernel, owner: &str, pointers: &[PointerInto]) -> HashMap<u64, String> {
    let mut known: BTreeMap<u64, String> = BTreeMap::new();
    // An error means fewer names.
    let _ = kernel.kallsyms_lines(&mut |line| {
        if let Some(Ok(symbol)) = proc::kallsyms(line).next()
            && symbol.module == Some(owner.as_bytes())
            && !symbol.name.starts_with(b"__pfx_")
        {
            known.entry(symbol.address).or_insert_with(|| String::from_utf8_lossy(symbol.name).into_owned());
        }
        ControlFlow::Continue(())
    });
    let name = |pointer: &PointerInto| {
        let start = pointer.address.checked_sub(pointer.offset)?;
        let (address, name) = known.range(start..=pointer.address).next_back()?;
        let distance = pointer.address.checked_sub(*address)?;
        let name = if distance == 0 { name.clone() } else { format!("{name}+{distance:#x}") };
        Some((pointer.address, name))
    };
    pointers.iter().filter_map(name).collect()
}
