// SPDX-License-Identifier: MIT OR Apache-2.0
//! Initial values that point into other modules: the keeper pins those modules.

use libmodfmt::persist::Import;
use libmodfmt::proc;
use libmodsys::Kernel;

use crate::error::KeepError;

/// One line for the user for each import that a module provides rather than the kernel.
pub(super) fn notes(kernel: &dyn Kernel, imports: &[Import]) -> Result<Vec<String>, KeepError> {
    if imports.is_empty() {
        return Ok(Vec::new());
    }
    let text = kernel.kallsyms()?;
    let mut notes = Vec::new();
    for symbol in proc::kallsyms(&text).filter_map(Result::ok) {
        let Some(module) = symbol.module else { continue };
        // A module may have a static of that name: only an exported symbol resolves an import.
        let name = match symbol.name.strip_prefix(b"__ksymtab_") {
            Some(exported) => exported,
            None if symbol.kind.is_ascii_uppercase() => symbol.name,
            None => continue,
        };
        for import in imports.iter().filter(|import| import.symbol.as_bytes() == name) {
            notes.push(format!(
                "{} points to {} of module {module}, which cannot be removed while the data is kept",
                import.variable,
                import.symbol,
                module = String::from_utf8_lossy(module),
            ));
        }
    }
    notes.sort();
    notes.dedup();
    Ok(notes)
}
