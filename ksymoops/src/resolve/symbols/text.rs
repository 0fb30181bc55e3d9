// SPDX-License-Identifier: MIT OR Apache-2.0
//! `System.map` and a saved `/proc/kallsyms`.

use super::{Symbol, Table};
use libmodfmt::proc::kallsyms;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::rc::Rc;

/// Largest text that is read: a kernel with all its modules has 10 MB.
const LIMIT: u64 = 256 << 20;

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
        let table = |symbols| Table::new(symbols, Rc::clone(&names), Vec::new());
        let kernel = table(all.remove(&None).unwrap_or_default());
        let modules =
            all.into_iter().filter_map(|(module, symbols)| Some((module?, table(symbols)))).collect();
        Self { kernel, modules }
    }
}
