// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tables of symbols, by address and by name.
//!
//! The size that the kernel prints behind a symbol is the distance to the next one, whatever the
//! compiler says of the function's own size: [`Table::size`] counts in the same way.

mod elf;
mod names;
mod text;

pub(crate) use text::TextTables;

use names::NameIndex;
use std::cell::OnceCell;
use std::rc::Rc;

/// One symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Symbol {
    pub(crate) address: u64,
    /// Offset in the names.
    name: u32,
    /// Order among the symbols at one address: the kernel names the first.
    rank: u32,
    /// Index of its section, 0 where the source does not tell.
    pub(crate) section: u32,
    /// The size in the ELF table, 0 where there is none.
    own_size: u64,
}

/// Symbols of the kernel or of a module.
#[derive(Debug)]
pub(crate) struct Table {
    /// By address, and then by rank.
    symbols: Vec<Symbol>,
    /// Names that end at a NUL or at white space.
    names: Rc<Vec<u8>>,
    by_name: OnceCell<NameIndex>,
    /// Where each section ends, by its index.
    section_ends: Vec<u64>,
    /// Where there are addresses, as far as the symbols themselves tell.
    extent: Extent,
}

/// The memory that a text's symbols are in.
#[derive(Clone, Copy, Debug)]
struct Extent {
    start: u64,
    /// Behind the last byte.
    end: u64,
    /// No symbol is larger than that: what is further behind one is in no symbol.
    most: u64,
}

impl Extent {
    const ALL: Self = Self { start: 0, end: u64::MAX, most: u64::MAX };
}

/// Distance from a symbol to what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// To the next symbol, or to the end of the section.
    pub(crate) gap: Option<u64>,
    /// The symbol is the last of its section, so that the kernel's idea may be larger.
    pub(crate) is_last: bool,
    /// The size in the ELF table.
    own: u64,
}

impl Size {
    /// Can the kernel have printed this size?
    pub(crate) fn fits(self, printed: u64) -> bool {
        // The next section starts at the next page, or at most a huge one, from there.
        const PAGES: u64 = 2 << 20;
        match self.gap {
            None => true,
            Some(gap) if self.is_last => printed >= gap && printed - gap <= PAGES,
            Some(gap) => printed == gap || (self.own != 0 && printed == self.own),
        }
    }
}

impl Table {
    fn new(mut symbols: Vec<Symbol>, names: Rc<Vec<u8>>, section_ends: Vec<u64>) -> Self {
        symbols.sort_unstable_by_key(|symbol| (symbol.address, symbol.rank));
        Self { symbols, names, by_name: OnceCell::new(), section_ends, extent: Extent::ALL }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.symbols.is_empty()
    }

    pub(crate) fn name(&self, symbol: &Symbol) -> &[u8] {
        names::name(&self.names, symbol.name)
    }

    /// The symbols of that name.
    pub(crate) fn by_name<'t>(&'t self, name: &'t [u8]) -> impl Iterator<Item = &'t Symbol> {
        let index = self.by_name.get_or_init(|| NameIndex::new(&self.symbols, &self.names));
        index
            .find(name)
            .filter_map(|index| self.symbols.get(index))
            .filter(move |symbol| self.name(symbol) == name)
    }

    /// Whether an address can be in one of the symbols.
    pub(crate) fn may_hold(&self, address: u64) -> bool {
        (self.extent.start..self.extent.end).contains(&address)
    }

    /// A symbol's bytes that are really its own, of those before the next one.
    pub(crate) fn reach(&self, symbol: &Symbol) -> Option<u64> {
        let to_end = self.extent.end.saturating_sub(symbol.address);
        Some(self.size(symbol).gap?.min(to_end).min(self.extent.most))
    }

    /// The last symbol at or before an address, and of several there the one that the kernel names.
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
        Size { gap: end.and_then(|end| end.checked_sub(symbol.address)), is_last, own: symbol.own_size }
    }
}
