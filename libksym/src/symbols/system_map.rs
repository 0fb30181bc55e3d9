// SPDX-License-Identifier: MIT OR Apache-2.0
//! Symbols from text: `System.map` and a saved `/proc/kallsyms`.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::rc::Rc;

use libmodfmt::proc::kallsyms;

use super::symbol::{Symbol, hash};
use super::table::{Bounds, SymbolTable};
use crate::files::open_regular;

/// The rest of a larger text is not read: a kernel with all its modules has 10 MB.
const MAX_TEXT_BYTES: u64 = 256 << 20;

/// More than any symbol of the kernel has.
const MAX_KERNEL_SYMBOL_BYTES: u64 = 256 << 20;
/// More than most symbols of modules have. Other modules lie between the sections of one.
const MAX_MODULE_SYMBOL_BYTES: u64 = 256 << 10;

/// Where the kernel may begin: the lowest of them, as their order depends on the architecture.
const STARTS: [&[u8]; 6] = [b"_text", b"_stext", b"stext", b"_start", b"__init_begin", b"_sinittext"];

/// The symbol tables of one text.
#[derive(Debug)]
pub(crate) struct TextTables {
    /// The kernel's symbols.
    pub(crate) kernel: SymbolTable,
    /// Each module's, by its name with underscores.
    pub(crate) modules: BTreeMap<String, SymbolTable>,
}

impl TextTables {
    pub(crate) fn read(path: &Path) -> std::io::Result<Self> {
        let mut text = Vec::new();
        open_regular(path)?.take(MAX_TEXT_BYTES).read_to_end(&mut text)?;
        Ok(Self::parse(text))
    }

    /// Lines that are not symbols are skipped, and so are addresses of 0, which is what the kernel shows
    /// to unprivileged readers.
    fn parse(text: Vec<u8>) -> Self {
        let start = text.as_ptr().addr();
        let mut all: BTreeMap<Option<String>, Vec<Symbol>> = BTreeMap::new();
        for (rank, symbol) in (0_u32..).zip(kallsyms(&text).filter_map(Result::ok)) {
            let absolute = matches!(symbol.kind, b'a' | b'A' | b'U' | b'w');
            let name = symbol.name.as_ptr().addr().checked_sub(start).and_then(|at| u32::try_from(at).ok());
            let Some(name) = name.filter(|_| symbol.address != 0 && !absolute) else { continue };
            let module = symbol.module.map(|module| String::from_utf8_lossy(module).replace('-', "_"));
            let hash = hash(symbol.name);
            let made = Symbol { address: symbol.address, name, rank, section: 0, elf_size: 0, hash };
            all.entry(module).or_default().push(made);
        }
        let names = Rc::new(text);
        let table = |symbols| SymbolTable::new(symbols, Rc::clone(&names), Vec::new());
        let kernel = table(all.remove(&None).unwrap_or_default());
        let bounds = kernel_bounds(&kernel);
        let of_module = Bounds { max_symbol_bytes: MAX_MODULE_SYMBOL_BYTES, ..Bounds::ALL };
        let modules = all
            .into_iter()
            .filter_map(|(module, symbols)| Some((module?, table(symbols).with_bounds(of_module))));
        Self { kernel: kernel.with_bounds(bounds), modules: modules.collect() }
    }
}

/// x86-64 lists per-CPU variables from address 0 on, where nothing is at run time. Without a bound the
/// last of them would take up half of the address space.
fn kernel_bounds(kernel: &SymbolTable) -> Bounds {
    let addresses = |name: &'static [u8]| kernel.by_name(name).map(|symbol| symbol.address);
    let start = if kernel.by_name(b"_text").next().is_some() {
        STARTS.into_iter().filter_map(|name| addresses(name).min()).min()
    } else {
        addresses(b"_stext").min()
    };
    let end = addresses(b"_end").max().filter(|&end| start.is_none_or(|start| start < end));
    Bounds {
        start: start.unwrap_or(0),
        end: end.unwrap_or(u64::MAX),
        max_symbol_bytes: MAX_KERNEL_SYMBOL_BYTES,
    }
}
