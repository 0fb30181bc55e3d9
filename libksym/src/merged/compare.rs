// SPDX-License-Identifier: MIT OR Apache-2.0
//! Compares two sources of the kernel's symbols.

use std::collections::{HashMap, HashSet};

use super::map::MapSymbol;
use super::warning::{MapSource, MapWarning};

/// Removes from `other` what `believed`, the better source, says otherwise or does not have.
pub(super) fn compare(
    (believed_source, believed): (MapSource, &[MapSymbol]),
    (other_source, other): (MapSource, &mut Vec<MapSymbol>),
    warnings: &mut Vec<MapWarning>,
) {
    if believed.is_empty() {
        return;
    }
    let mut first_addresses: HashMap<&str, u64> = HashMap::new();
    let mut pairs: HashSet<(&str, u64)> = HashSet::new();
    for symbol in believed {
        first_addresses.entry(&symbol.name).or_insert(symbol.address);
        pairs.insert((&symbol.name, symbol.address));
    }
    let mut mismatch: Option<(usize, String, u64, u64)> = None;
    let mut not_found: Option<(usize, String)> = None;
    other.retain(|symbol| match first_addresses.get(symbol.name.as_str()) {
        Some(_) if pairs.contains(&(symbol.name.as_str(), symbol.address)) => true,
        Some(first) => {
            if !is_moved(symbol) {
                let entry = mismatch.get_or_insert((0, symbol.name.clone(), *first, symbol.address));
                entry.0 = entry.0.saturating_add(1);
            }
            false
        }
        // Local symbols and constants are in one source only, as the tools that made them choose.
        None if matches!(symbol.kind, b'a' | b'A' | b't' | b'g' | b'G') => true,
        None => {
            let entry = not_found.get_or_insert((0, symbol.name.clone()));
            entry.0 = entry.0.saturating_add(1);
            false
        }
    });
    warnings.extend(mismatch.map(|(count, symbol, believed_address, other_address)| MapWarning::Mismatch {
        believed: believed_source,
        other: other_source,
        count,
        symbol,
        believed_address,
        other_address,
    }));
    warnings.extend(not_found.map(|(count, symbol)| MapWarning::NotFound {
        believed: believed_source,
        other: other_source,
        count,
        symbol,
    }));
}

/// Common symbols have no address before the link, and sparc moves `___f_...` and its like at boot.
fn is_moved(symbol: &MapSymbol) -> bool {
    let at_boot = symbol.name.strip_prefix("___").is_some_and(|rest| {
        let mut letters = rest.chars();
        letters.next().is_some_and(|letter| "fbsahi".contains(letter)) && letters.next() == Some('_')
    });
    symbol.kind == b'C' || at_boot
}
