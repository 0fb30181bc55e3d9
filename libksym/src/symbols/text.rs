// SPDX-License-Identifier: MIT OR Apache-2.0
//! `System.map` and a saved `/proc/kallsyms`.

use super::{Extent, Symbol, Table};
use libmodfmt::proc::kallsyms;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::rc::Rc;

/// Largest text that is read: a kernel with all its modules has 10 MB.
const LIMIT: u64 = 256 << 20;

/// More than any symbol of the kernel has.
const MOST_OF_KERNEL: u64 = 256 << 20;
/// More than most symbols of modules have. Between a module's sections there is what others have.
const MOST_OF_MODULE: u64 = 256 << 10;

/// Where the kernel begins: the lowest of them, as the order is another one on each architecture.
const STARTS: [&[u8]; 6] = [b"_text", b"_stext", b"stext", b"_start", b"__init_begin", b"_sinittext"];

/// The tables of one text.
#[derive(Debug)]
pub(crate) struct TextTables {
    /// The kernel's symbols.
    pub(crate) kernel: Table,
    /// Each module's.
    pub(crate) modules: BTreeMap<String, Table>,
}

impl TextTables {
    pub(crate) fn read(path: &Path) -> std::io::Result<Self> {
        let mut text = Vec::new();
        File::open(path)?.take(LIMIT).read_to_end(&mut text)?;
        Ok(Self::parse(text))
    }

    /// Lines that are no symbols are passed over. Addresses of 0 are what the kernel shows to those
    /// who may not know: they are left out.
    pub(crate) fn parse(text: Vec<u8>) -> Self {
        let start = text.as_ptr().addr();
        let mut all: BTreeMap<Option<String>, Vec<Symbol>> = BTreeMap::new();
        for (rank, symbol) in (0_u32..).zip(kallsyms(&text).filter_map(Result::ok)) {
            let absolute = matches!(symbol.kind, b'a' | b'A' | b'U' | b'w');
            let name = symbol.name.as_ptr().addr().checked_sub(start).and_then(|at| u32::try_from(at).ok());
            let Some(name) = name.filter(|_| symbol.address != 0 && !absolute) else { continue };
            let module = symbol.module.map(|module| String::from_utf8_lossy(module).replace('-', "_"));
            let made = Symbol { address: symbol.address, name, rank, section: 0, own_size: 0 };
            all.entry(module).or_default().push(made);
        }
        let names = Rc::new(text);
        let table = |symbols, extent| Table { extent, ..Table::new(symbols, Rc::clone(&names), Vec::new()) };
        let mut kernel = table(all.remove(&None).unwrap_or_default(), Extent::ALL);
        kernel.extent = extent(&kernel);
        let table = |symbols| table(symbols, Extent { most: MOST_OF_MODULE, ..Extent::ALL });
        let modules =
            all.into_iter().filter_map(|(module, symbols)| Some((module?, table(symbols)))).collect();
        Self { kernel, modules }
    }
}

/// Of the kernel. x86-64's per-CPU variables are listed from 0 on, where nothing is at run time: without
/// a bound the last of them would be as large as half of all addresses.
fn extent(kernel: &Table) -> Extent {
    let addresses = |name: &'static [u8]| kernel.by_name(name).map(|symbol| symbol.address);
    let start = if kernel.by_name(b"_text").next().is_some() {
        STARTS.into_iter().filter_map(|name| addresses(name).min()).min()
    } else {
        addresses(b"_stext").min()
    };
    let end = addresses(b"_end").max().filter(|&end| start.is_none_or(|start| start < end));
    Extent { start: start.unwrap_or(0), end: end.unwrap_or(u64::MAX), most: MOST_OF_KERNEL }
}
