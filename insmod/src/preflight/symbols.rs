// SPDX-License-Identifier: MIT OR Apache-2.0
//! Symbols that a module needs and the kernel does not have, and who exports them.

use std::collections::{BTreeMap, BTreeSet};

use libmodfmt::elf::{Binding, Place, Symbol};
use libmodfmt::module::Module;
use libmodfmt::proc;
use libmodsys::Kernel;

/// Symbols that the module imports and that the kernel does not have now; weak ones do not count. Empty if
/// the kernel does not show its symbols. If it shows none of data, only those that an installed module
/// exports which is not loaded.
pub(super) fn unresolved(module: &Module<'_>, kernel: &dyn Kernel) -> Vec<String> {
    let is_imported = |symbol: &&Symbol<'_>| {
        symbol.binding == Binding::Global && symbol.place == Place::Undefined && !symbol.name.is_empty()
    };
    let mut missing: BTreeSet<&[u8]> =
        module.object.symbols.iter().skip(1).filter(is_imported).map(|symbol| &*symbol.name).collect();
    let Ok(text) = kernel.kallsyms() else { return Vec::new() };
    if text.is_empty() {
        return Vec::new();
    }
    let mut has_data = false;
    for symbol in proc::kallsyms(&text).filter_map(Result::ok) {
        missing.remove(symbol.name);
        has_data |= symbol.is_variable_of_every_kernel();
    }
    let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    let mut missing: Vec<String> = missing.into_iter().map(text).collect();
    if !has_data {
        let exporters = exporters(&missing, kernel);
        let is_absent = |name: &String| matches!(kernel.init_state(&name.replace('-', "_")), Ok(None));
        missing.retain(|symbol| exporters.get(symbol).is_some_and(is_absent));
    }
    missing
}

/// Which installed module exports each of these symbols, by the running release's `modules.symbols`.
pub(super) fn exporters(symbols: &[String], kernel: &dyn Kernel) -> BTreeMap<String, String> {
    let Ok(Some(index)) = kernel.symbol_index() else { return BTreeMap::new() };
    let index = String::from_utf8_lossy(&index).into_owned();
    let exporter = |line: &str| {
        let (symbol, module) = line.strip_prefix("alias symbol:")?.split_once(' ')?;
        symbols.iter().any(|wanted| wanted == symbol).then(|| (symbol.to_owned(), module.trim().to_owned()))
    };
    index.lines().filter_map(exporter).collect()
}
