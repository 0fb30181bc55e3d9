// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names of addresses: `<symbol+offset/size>`.

use std::collections::HashMap;
use std::rc::Rc;

use libksym::merged::{MapAddress, MergedMap};
use libksym::{Query, Resolver};
use liboops::report::Place;

/// Further past the last symbol than this there is no code.
const MAX_LAST_SYMBOL_BYTES: u64 = 32768;

/// What an address is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressName {
    /// There are no symbols.
    NoSymbols,
    /// No symbol is before it.
    BeforeFirst,
    /// It is in a symbol.
    Symbol {
        /// The module.
        module: Option<String>,
        /// The symbol.
        symbol: String,
        /// Bytes from the symbol.
        offset: u64,
        /// Bytes from the symbol to the next one; `None` if it is the last.
        size: Option<u64>,
    },
}

impl AddressName {
    /// Whether it names something: a register that does not is not printed.
    pub(super) fn is_found(&self) -> bool {
        match self {
            Self::Symbol { size: None, offset, .. } => *offset <= MAX_LAST_SYMBOL_BYTES,
            Self::Symbol { .. } => true,
            _ => false,
        }
    }

    /// The text, with numbers in hexadecimal or decimal.
    #[must_use]
    pub fn text(&self, decimal: bool) -> String {
        let number = |value: u64| if decimal { value.to_string() } else { format!("{value:x}") };
        match self {
            Self::NoSymbols => "No symbols available".to_owned(),
            Self::BeforeFirst => "Before first symbol".to_owned(),
            Self::Symbol { offset, size: None, .. } if *offset > MAX_LAST_SYMBOL_BYTES => {
                format!("<END_OF_CODE+{}/????>", number(*offset))
            }
            Self::Symbol { symbol, offset, size: None, .. } => format!("<{symbol}+{}/????>", number(*offset)),
            Self::Symbol { module, symbol, offset, size: Some(size) } => {
                let module = module.as_ref().map(|module| format!("[{module}]")).unwrap_or_default();
                format!("<{module}{symbol}+{}/{}>", number(*offset), number(*size))
            }
        }
    }
}

/// Names addresses.
pub trait AddressNames {
    /// The name of an address.
    fn name(&self, address: u64) -> AddressName;

    /// The address of a place of which a log has the symbol only.
    fn address_of(&self, place: &Place) -> Option<u64>;
}

/// Names addresses by a merged map.
#[derive(Debug, Default)]
pub struct MapNames {
    map: MergedMap,
    /// Symbols that have their name for themselves.
    by_name: HashMap<String, Option<u64>>,
}

impl MapNames {
    /// Indexes a map.
    #[must_use]
    pub fn new(map: MergedMap) -> Self {
        let mut by_name: HashMap<String, Option<u64>> = HashMap::new();
        for symbol in map.symbols() {
            by_name
                .entry(symbol.name.clone())
                .and_modify(|address| *address = None)
                .or_insert(Some(symbol.address));
        }
        Self { map, by_name }
    }
}

impl AddressNames for MapNames {
    fn name(&self, address: u64) -> AddressName {
        match self.map.find(address) {
            MapAddress::NoSymbols => AddressName::NoSymbols,
            MapAddress::In { symbol, offset, size } => AddressName::Symbol {
                module: symbol.module.as_deref().map(str::to_owned),
                symbol: symbol.name.clone(),
                offset,
                size: Some(size),
            },
            MapAddress::AfterLast { symbol, offset } => AddressName::Symbol {
                module: symbol.module.as_deref().map(str::to_owned),
                symbol: symbol.name.clone(),
                offset,
                size: None,
            },
            _ => AddressName::BeforeFirst,
        }
    }

    fn address_of(&self, place: &Place) -> Option<u64> {
        let start = self.by_name.get(place.symbol.as_deref()?).copied().flatten()?;
        start.checked_add(place.offset)
    }
}

/// Names addresses by what is known about a report's kernel.
#[derive(Debug)]
pub struct ResolverNames {
    /// The resolver for the kernel.
    pub resolver: Rc<Resolver>,
}

impl AddressNames for ResolverNames {
    fn name(&self, address: u64) -> AddressName {
        let answer = self.resolver.symbolize(&Query::address(address));
        let Some(found) = answer.candidates.into_iter().next() else { return AddressName::NoSymbols };
        AddressName::Symbol {
            module: found.module,
            symbol: found.symbol,
            offset: found.offset,
            size: found.size,
        }
    }

    fn address_of(&self, place: &Place) -> Option<u64> {
        let module = place.module.as_deref();
        let query = Query::symbol(module, place.symbol.as_deref()?, place.offset, place.size);
        match self.resolver.symbolize(&query).candidates.as_slice() {
            [only] => only.address,
            _ => None,
        }
    }
}
