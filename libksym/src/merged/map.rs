// SPDX-License-Identifier: MIT OR Apache-2.0
//! The merged symbols, by address.

use std::io::{self, Write};
use std::rc::Rc;

/// Nothing of Linux is below this address: what a map has there are constants.
const MIN_ADDRESS: u64 = 4096;

/// One symbol.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct MapSymbol {
    /// Its run-time address.
    pub address: u64,
    /// Its type, a letter of `nm`; a blank for an exported symbol from `/proc/ksyms`, `g` for the first and
    /// the last byte of a module's section.
    pub kind: u8,
    /// Its name.
    pub name: String,
    /// Its module; `None` for the kernel proper.
    pub module: Option<Rc<str>>,
}

/// All symbols that are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MergedMap {
    /// By address, type and name.
    symbols: Vec<MapSymbol>,
}

/// What is at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MapAddress<'m> {
    /// The map is empty.
    NoSymbols,
    /// The address is before every symbol.
    BeforeFirst,
    /// It is between this symbol and the next.
    In {
        /// The symbol.
        symbol: &'m MapSymbol,
        /// Bytes from the symbol.
        offset: u64,
        /// Bytes from the symbol to the next one.
        size: u64,
    },
    /// It is past the last symbol, and nobody knows where that ends.
    AfterLast {
        /// The last symbol.
        symbol: &'m MapSymbol,
        /// Bytes from the symbol.
        offset: u64,
    },
}

impl MergedMap {
    pub(super) fn new(mut symbols: Vec<MapSymbol>) -> Self {
        symbols.retain(|symbol| {
            symbol.address >= MIN_ADDRESS
                && !matches!(symbol.kind, b'a' | b'U' | b'u' | b'w' | b'G')
                && symbol.name != "gcc2_compiled."
        });
        // Of two of one name, the one that says its type is worth more; a blank sorts before every letter.
        let key = |one: &MapSymbol| (one.address, one.name.clone(), one.module.clone(), u8::MAX - one.kind);
        symbols.sort_by_cached_key(key);
        symbols.dedup_by(|one, kept| {
            one.address == kept.address && one.name == kept.name && one.module == kept.module
        });
        symbols.sort();
        Self { symbols }
    }

    /// The symbols, by address.
    #[must_use]
    pub fn symbols(&self) -> &[MapSymbol] {
        &self.symbols
    }

    /// The same map with only the low bits of each address, for a log of which other tools kept no more.
    #[must_use]
    pub fn truncated(self, mask: u64) -> Self {
        let mut symbols = self.symbols;
        for symbol in &mut symbols {
            symbol.address &= mask;
        }
        Self::new(symbols)
    }

    /// What is at an address. Of several symbols there, the first by type and name; before the next one, the
    /// last of them.
    #[must_use]
    pub fn find(&self, address: u64) -> MapAddress<'_> {
        let first = self.symbols.partition_point(|symbol| symbol.address < address);
        let end = self.symbols.partition_point(|symbol| symbol.address <= address);
        // The first byte of a section (`g`) says less than another symbol there.
        let is_section = self.symbols.get(first).is_some_and(|one| first < end && one.kind == b'g');
        let after = self.symbols.partition_point(|one| (one.address, one.kind) <= (address, b'g'));
        let exact = if is_section { after.min(end.saturating_sub(1)) } else { first };
        let Some(at) = (first < end).then_some(exact).or_else(|| first.checked_sub(1)) else {
            return if self.symbols.is_empty() { MapAddress::NoSymbols } else { MapAddress::BeforeFirst };
        };
        let Some(symbol) = self.symbols.get(at) else { return MapAddress::NoSymbols };
        let offset = address.wrapping_sub(symbol.address);
        match self.symbols.get(at.saturating_add(1)) {
            Some(next) => MapAddress::In { symbol, offset, size: next.address.wrapping_sub(symbol.address) },
            None => MapAddress::AfterLast { symbol, offset },
        }
    }

    /// Writes the map as `nm` prints symbols, with `[module]` behind those of modules. Addresses have at
    /// least `digits` digits.
    ///
    /// # Errors
    /// Those of the output.
    pub fn write(&self, out: &mut dyn Write, digits: usize) -> io::Result<()> {
        for symbol in &self.symbols {
            write!(out, "{:0digits$x} {} {}", symbol.address, char::from(symbol.kind), symbol.name)?;
            match &symbol.module {
                Some(module) => writeln!(out, "\t[{module}]")?,
                None => writeln!(out)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol(address: u64, kind: u8, name: &str) -> MapSymbol {
        MapSymbol { address, kind, name: name.to_owned(), module: None }
    }

    #[test]
    fn several_symbols_at_one_address() {
        let map = MergedMap::new(vec![
            symbol(0xc010_5000, b'T', "_stext"),
            symbol(0xc010_5000, b't', "rest_init"),
            symbol(0xc010_5040, b' ', "kernel_thread"),
            symbol(0xc010_5040, b'T', "kernel_thread"),
            symbol(0x84c, b'A', "Using_Versions"),
            symbol(0xc010_5044, b'a', "register"),
        ]);
        let names: Vec<_> = map.symbols().iter().map(|one| (one.kind, one.name.as_str())).collect();
        assert_eq!(names, [(b'T', "_stext"), (b't', "rest_init"), (b'T', "kernel_thread")]);
        let found = |address| match map.find(address) {
            MapAddress::In { symbol, offset, size } => (symbol.name.as_str(), offset, Some(size)),
            MapAddress::AfterLast { symbol, offset } => (symbol.name.as_str(), offset, None),
            _ => ("", 0, None),
        };
        assert_eq!(found(0xc010_5000), ("_stext", 0, Some(0)));
        assert_eq!(found(0xc010_5004), ("rest_init", 4, Some(0x40)));
        assert_eq!(found(0xc010_5050), ("kernel_thread", 0x10, None));
        assert_eq!(map.find(0xc010_4fff), MapAddress::BeforeFirst);
        assert_eq!(MergedMap::default().find(0), MapAddress::NoSymbols);
    }

    #[test]
    fn a_written_map_has_modules_behind_their_symbols() {
        let mut of_module = symbol(0xd083_6060, b'g', ".text.start");
        of_module.module = Some("mousedev".into());
        let map = MergedMap::new(vec![of_module, symbol(0xc010_5000, b'T', "_stext")]);
        let mut out = Vec::new();
        map.write(&mut out, 8).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "c0105000 T _stext\nd0836060 g .text.start\t[mousedev]\n"
        );
    }

    #[test]
    fn addresses_cut_to_32_bits() {
        let map = MergedMap::new(vec![symbol(0xffff_ffff_8001_5000, b'T', "schedule")]);
        assert_eq!(map.truncated(0xffff_ffff).symbols()[0].address, 0x8001_5000);
    }
}
