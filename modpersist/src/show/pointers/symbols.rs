// SPDX-License-Identifier: MIT OR Apache-2.0
//! Symbols of the running kernel and its modules, from `/proc/kallsyms` and `/proc/modules`.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::ops::Range;

use libmodfmt::persist::is_keeper_name;
use libmodfmt::proc;
use libmodsys::Kernel;

/// More symbols are not read; a kernel has some hundred thousand.
const MAX_SYMBOLS: usize = 1 << 21;
/// How far behind the last symbol of a module, whose end is not known, an address counts as part of it.
const MAX_LAST_SYMBOL_BYTES: u64 = 4096;
/// Symbols by which other files find their way; several may be at one address.
const WANTED: &[&[u8]] = &[
    b"_text",
    b"_stext",
    b"_end",
    b"_etext",
    b"_einittext",
    b"__per_cpu_start",
    b"__per_cpu_end",
    b"__per_cpu_offset",
    b"__cpu_possible_mask",
    b"nr_cpu_ids",
    b"pcpu_unit_size",
    b"page_offset_base",
    b"vmemmap_base",
    b"vmalloc_base",
    b"max_pfn",
];

struct Symbol {
    address: u64,
    name: Box<str>,
    /// Index in [`Symbols::modules`].
    module: Option<u32>,
}

/// All symbols that have an address.
#[derive(Default)]
pub(super) struct Symbols {
    /// By address.
    symbols: Vec<Symbol>,
    modules: Vec<String>,
    /// Where the loaded modules are, as far as `/proc/modules` tells.
    ranges: Vec<(Range<u64>, String)>,
    wanted: HashMap<Box<str>, u64>,
}

impl Symbols {
    /// What the kernel shows; nothing, if it shows no addresses.
    pub(super) fn read(kernel: &dyn Kernel) -> Self {
        let mut symbols = Self::default();
        let mut by_name: HashMap<Vec<u8>, u32> = HashMap::new();
        // An error means fewer names.
        let _ = kernel.kallsyms_lines(&mut |line| {
            symbols.add(line, &mut by_name);
            if symbols.symbols.len() < MAX_SYMBOLS {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        // Stable, so that of several at one address the first stays the first.
        symbols.symbols.sort_by_key(|symbol| symbol.address);
        let text = kernel.modules_text().unwrap_or_default();
        for module in proc::modules(&text).flatten().filter(|module| module.address != 0) {
            let name = String::from_utf8_lossy(module.name).into_owned();
            symbols.ranges.push((module.address..module.address.saturating_add(module.size), name));
        }
        symbols
    }

    fn add(&mut self, line: &[u8], by_name: &mut HashMap<Vec<u8>, u32>) {
        let Some(Ok(symbol)) = proc::kallsyms(line).next() else { return };
        let text = || String::from_utf8_lossy(symbol.name).into_owned().into_boxed_str();
        if symbol.module.is_none() && WANTED.contains(&symbol.name) {
            self.wanted.entry(text()).or_insert(symbol.address);
        }
        if !symbol.is_of_source() {
            return;
        }
        let module = symbol.module.map(|module| {
            *by_name.entry(module.to_vec()).or_insert_with(|| {
                self.modules.push(String::from_utf8_lossy(module).into_owned());
                u32::try_from(self.modules.len()).unwrap_or(u32::MAX).saturating_sub(1)
            })
        });
        self.symbols.push(Symbol { address: symbol.address, name: text(), module });
    }

    /// The address of one of the kernel's own symbols that other files need.
    pub(super) fn address(&self, name: &str) -> Option<u64> {
        self.wanted.get(name).copied()
    }

    /// `symbol+0x10 [module]` for an address in the kernel's image or a module.
    pub(super) fn name(&self, address: u64) -> Option<String> {
        let after = self.symbols.partition_point(|symbol| symbol.address <= address);
        let last = self.symbols.get(after.checked_sub(1)?)?;
        let first = self.symbols.partition_point(|symbol| symbol.address < last.address);
        let here = self.symbols.get(first..after)?;
        // What is exported or global is listed no differently, so the first one is as good as any. A keeper's
        // symbols are those of its owner.
        let symbol =
            here.iter().find(|symbol| self.module_of(symbol).is_none_or(|name| !is_keeper_name(name)));
        let symbol = symbol.unwrap_or(last);
        let offset = address.saturating_sub(symbol.address);
        match self.module_of(symbol) {
            None => {
                let start = self.address("_text").or_else(|| self.address("_stext"))?;
                // A kernel without symbols of data has only the ends of its code.
                let code = self.address("_etext").max(self.address("_einittext"));
                let end = self.address("_end").or(code)?;
                (start..end).contains(&address).then(|| with_offset(&symbol.name, offset))
            }
            Some(module) => {
                let next = self.symbols.get(after);
                let ends_here = next.is_none_or(|next| next.module != symbol.module);
                let in_range = self.range_of(address).is_some_and(|(_, name)| name == module);
                let near = offset < MAX_LAST_SYMBOL_BYTES;
                (in_range || near || !ends_here)
                    .then(|| format!("{} [{module}]", with_offset(&symbol.name, offset)))
            }
        }
    }

    /// `module+0x10` for an address in a loaded module.
    pub(super) fn module(&self, address: u64) -> Option<String> {
        let (range, name) = self.range_of(address)?;
        Some(format!("[{}]", with_offset(name, address.saturating_sub(range.start))))
    }

    /// The name of static per-CPU data.
    pub(super) fn per_cpu_name(&self, address: u64) -> Option<String> {
        let (start, end) = (self.address("__per_cpu_start")?, self.address("__per_cpu_end")?);
        if !(start..end).contains(&address) {
            return None;
        }
        let after = self.symbols.partition_point(|symbol| symbol.address <= address);
        let symbol = self.symbols.get(after.checked_sub(1)?)?;
        Some(with_offset(&symbol.name, address.saturating_sub(symbol.address)))
    }

    fn module_of(&self, symbol: &Symbol) -> Option<&str> {
        self.modules.get(usize::try_from(symbol.module?).ok()?).map(String::as_str)
    }

    fn range_of(&self, address: u64) -> Option<&(Range<u64>, String)> {
        self.ranges.iter().find(|(range, _)| range.contains(&address))
    }
}

fn with_offset(name: &str, offset: u64) -> String {
    if offset == 0 { name.to_owned() } else { format!("{name}+{offset:#x}") }
}

#[cfg(test)]
mod tests {
    use modtest::{FakeKernel, FakeModule};

    use super::Symbols;

    #[test]
    fn nearest_symbols() {
        let kernel = FakeKernel::new();
        kernel.set(|settings| {
            settings.kallsyms = b"0000000000000000 A __per_cpu_start\n\
                0000000000001000 A runqueues\n\
                0000000000002000 A __per_cpu_end\n\
                ffffffff81000000 T _text\n\
                ffffffff81000000 T startup_64\n\
                ffffffff81001000 T __pfx_vprintk\n\
                ffffffff81001010 T vprintk\n\
                ffffffff82000000 B _end\n\
                ffffffffc0001000 t foo_init\t[foo]\n\
                ffffffffc0001040 t foo_exit\t[foo]\n\
                ffffffffc0009000 d meter\t[meter__persist]\n"
                .to_vec();
        });
        let mut foo = FakeModule::new("foo");
        (foo.address, foo.size) = (0xffff_ffff_c000_0000, 0x8000);
        kernel.add(foo);
        let symbols = Symbols::read(&kernel);
        let name = |address| symbols.name(address);
        assert_eq!(name(0xffff_ffff_8100_1014).as_deref(), Some("vprintk+0x4"));
        assert_eq!(name(0xffff_ffff_8100_0000).as_deref(), Some("_text"));
        assert_eq!(name(0xffff_ffff_8300_0000), None, "behind the image");
        assert_eq!(name(0xffff_ffff_c000_1020).as_deref(), Some("foo_init+0x20 [foo]"));
        assert_eq!(name(0xffff_ffff_c000_1040).as_deref(), Some("foo_exit [foo]"));
        assert_eq!(name(0xffff_ffff_c000_7000).as_deref(), Some("foo_exit+0x5fc0 [foo]"), "in its range");
        assert_eq!(name(0xffff_ffff_c000_8800), None, "behind its range");
        assert_eq!(symbols.module(0xffff_ffff_c000_0010).as_deref(), Some("[foo+0x10]"));
        assert_eq!(symbols.per_cpu_name(0x1008).as_deref(), Some("runqueues+0x8"));
        assert_eq!(symbols.address("_end"), Some(0xffff_ffff_8200_0000));
    }

    #[test]
    fn a_kernel_without_symbols_of_data() {
        let kernel = FakeKernel::new();
        kernel.set(|settings| {
            settings.kallsyms = b"ffff800008000000 T _text\n\
                ffff800008001000 T kfree\n\
                ffff800008002000 T _etext\n"
                .to_vec();
        });
        let symbols = Symbols::read(&kernel);
        assert_eq!(symbols.name(0xffff_8000_0800_1008).as_deref(), Some("kfree+0x8"));
        assert_eq!(symbols.name(0xffff_8000_0800_3000), None, "behind the code");
    }
}
