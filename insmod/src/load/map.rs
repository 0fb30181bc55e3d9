// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--map`: the addresses of a module's sections and symbols in the kernel.

use libmodfmt::elf::flags;
use libmodfmt::proc;
use libmodsys::{Kernel, SectionAddress};
use modcli::{Output, escape};

use crate::ModuleInput;

/// Prints the map. For a module that is not loaded: the sections of the file, without addresses.
pub(crate) fn print(input: &ModuleInput, kernel: &dyn Kernel, output: &mut Output) {
    let Ok(module) = input.module() else { return };
    let addresses = kernel.sections(&module.name).unwrap_or_default();
    output.print(format_args!("{:<28} {:>8}  {:<16}  Align\n", "Sections:", "Size", "Address"));
    for section in module.object.sections.iter().skip(1).filter(|section| section.flags & flags::ALLOC != 0) {
        let name = section.name_text();
        let found = addresses.iter().find(|known| known.name == name).map(|known| known.address);
        let address = match found {
            Some(SectionAddress::Known(address)) => format!("{address:016x}"),
            Some(_) => "(hidden)".to_owned(),
            None => "-".to_owned(),
        };
        let align = section.align.max(1).ilog2();
        let shown = escape::line(&name);
        output.print(format_args!("{shown:<28} {:08x}  {address:<16}  2**{align}\n", section.size));
    }
    let Ok(text) = kernel.kallsyms() else { return };
    let of_module = |symbol: &proc::Symbol<'_>| symbol.module == Some(module.name.as_bytes());
    let mut symbols: Vec<_> = proc::kallsyms(&text).filter_map(Result::ok).filter(of_module).collect();
    if symbols.is_empty() {
        return;
    }
    symbols.sort_by(|one, other| (one.address, one.name).cmp(&(other.address, other.name)));
    output.print("\nSymbols:\n");
    for symbol in symbols {
        let (kind, name) = (char::from(symbol.kind), String::from_utf8_lossy(symbol.name));
        let line = format!("{:016x} {kind} {name}", symbol.address);
        output.print(format_args!("{}\n", escape::line(&line)));
    }
}
