// SPDX-License-Identifier: MIT OR Apache-2.0
//! The symbols of the kernel or of a module, sorted by address and indexed by name.

use std::cell::OnceCell;
use std::rc::Rc;

use super::name_index::NameIndex;
use super::symbol::{Size, Symbol, name};

/// Symbols of the kernel or of a module.
#[derive(Debug)]
pub(crate) struct SymbolTable {
    /// By address, then by rank.
    symbols: Vec<Symbol>,
    /// Names that end at a NUL or at white space.
    names: Rc<Vec<u8>>,
    by_name: OnceCell<NameIndex>,
    /// Where each section ends, by its index.
    section_ends: Vec<u64>,
    bounds: Bounds,
}

/// The memory that the symbols of a text are in. A text has no sections, so the last symbol of each
/// would otherwise reach to the next one, however far that is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) start: u64,
    /// The byte after the last one.
    pub(super) end: u64,
    /// No symbol is larger: an address further past its start is in no symbol.
    pub(super) max_symbol_bytes: u64,
}

impl Bounds {
    pub(super) const ALL: Self = Self { start: 0, end: u64::MAX, max_symbol_bytes: u64::MAX };
}

impl SymbolTable {
    pub(super) fn new(mut symbols: Vec<Symbol>, names: Rc<Vec<u8>>, section_ends: Vec<u64>) -> Self {
        symbols.sort_unstable_by_key(|symbol| (symbol.address, symbol.rank));
        Self { symbols, names, by_name: OnceCell::new(), section_ends, bounds: Bounds::ALL }
    }

    pub(super) fn with_bounds(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.symbols.is_empty()
    }

    pub(crate) fn name(&self, symbol: &Symbol) -> &[u8] {
        name(&self.names, symbol.name)
    }

    /// The symbols of that name.
    pub(crate) fn by_name<'t>(&'t self, name: &'t [u8]) -> impl Iterator<Item = &'t Symbol> {
        let index = self.by_name.get_or_init(|| NameIndex::new(&self.symbols));
        index
            .find(name)
            .filter_map(|index| self.symbols.get(index))
            .filter(move |symbol| self.name(symbol) == name)
    }

    /// Can an address be in one of the symbols?
    pub(crate) fn may_contain(&self, address: u64) -> bool {
        (self.bounds.start..self.bounds.end).contains(&address)
    }

    /// The symbol's size within the bounds.
    pub(crate) fn bounded_size(&self, symbol: &Symbol) -> Option<u64> {
        let to_end = self.bounds.end.saturating_sub(symbol.address);
        Some(self.size(symbol).gap?.min(to_end).min(self.bounds.max_symbol_bytes))
    }

    /// The last symbol at or before an address, and of several there the one that the kernel prints.
    pub(crate) fn by_address(&self, address: u64) -> Option<&Symbol> {
        let past = self.symbols.partition_point(|symbol| symbol.address <= address);
        let found = self.symbols.get(past.checked_sub(1)?)?.address;
        self.symbols.get(self.symbols.partition_point(|symbol| symbol.address < found))
    }

    pub(crate) fn size(&self, symbol: &Symbol) -> Size {
        let next = self.symbols.partition_point(|other| other.address <= symbol.address);
        let next = self.symbols.get(next);
        let end = self.section_ends.get(symbol.section as usize).copied().filter(|_| symbol.section != 0);
        let is_last = match (next, end) {
            (None, _) => true,
            (Some(next), Some(end)) => {
                next.address > end || (next.section != symbol.section && next.address == end)
            }
            (Some(_), None) => false,
        };
        let end = if is_last { end } else { next.map(|next| next.address) };
        let gap = end.and_then(|end| end.checked_sub(symbol.address));
        Size { gap, is_last, elf_size: symbol.elf_size }
    }
}
