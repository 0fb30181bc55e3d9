// SPDX-License-Identifier: MIT OR Apache-2.0
//! Symbols that a module needs and the kernel does not have, and who exports them.

use std::collections::{BTreeMap, BTreeSet};

use libmodfmt::elf::{Binding, Place, Symbol};
use libmodfmt::module::Module;
use libmodfmt::proc;
use libmodsys::Kernel;

/// Symbols that the module imports and that the kernel does not have now; weak ones do not count. Empty if
/// the kernel does not show its symbols.
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
    for symbol in proc::kallsyms(&text).filter_map(Result::ok) {
        missing.remove(symbol.name);
    }
    missing.into_iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
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
