// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which symbols of a table `symbol+offset/size` can mean.

use std::path::Path;

use crate::symbols::{Symbol, SymbolTable};
use crate::unresolved::Unresolved;

/// `symbol+offset/size`.
#[derive(Clone, Copy, Debug)]
pub(super) struct SymbolPlace<'q> {
    pub(super) name: &'q str,
    pub(super) offset: u64,
    /// `None`: any size.
    pub(super) size: Option<u64>,
    pub(super) is_return: bool,
}

/// The symbols of that name and size that have the offset, or why there is none.
pub(super) fn matching<'t>(
    table: &'t SymbolTable,
    path: &Path,
    place: SymbolPlace<'t>,
) -> Result<Vec<&'t Symbol>, Unresolved> {
    let SymbolPlace { name, offset, size, is_return } = place;
    let file = || path.to_owned();
    let all: Vec<_> = table.by_name(name.as_bytes()).collect();
    if all.is_empty() {
        return Err(Unresolved::NoSymbol { name: name.to_owned(), file: file() });
    }
    let mut fit = all.clone();
    if let Some(size) = size {
        fit.retain(|symbol| table.size(symbol).fits(size));
        if fit.is_empty() {
            let mut found: Vec<_> = all.iter().filter_map(|symbol| table.size(symbol).gap).collect();
            found.sort_unstable();
            found.dedup();
            return Err(Unresolved::SizeMismatch { name: name.to_owned(), size, found, file: file() });
        }
    }
    // A return address may be the first byte past the symbol.
    let inside = |symbol: &&Symbol| {
        let end = table.size(symbol).gap.unwrap_or(u64::MAX).max(size.unwrap_or(0));
        if is_return { offset <= end } else { offset < end.max(1) }
    };
    fit.retain(inside);
    match (fit.is_empty(), all.first()) {
        (true, Some(symbol)) => {
            let size = table.size(symbol).gap.unwrap_or(0);
            Err(Unresolved::OffsetOutside { name: name.to_owned(), offset, size, file: file() })
        }
        _ => Ok(fit),
    }
}
