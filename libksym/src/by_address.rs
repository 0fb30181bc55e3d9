// SPDX-License-Identifier: MIT OR Apache-2.0
//! Run-time addresses: of a loaded module, of what the saved `/proc/kallsyms` lists, or of the
//! kernel, whose slide must be known.

use super::answer::{Answer, Location, Unknown};
use super::symbols::Table;
use super::{Resolver, by_symbol};
use libmodfmt::persist::keeper_name;
use std::path::Path;

impl Resolver {
    pub(super) fn address(&self, address: u64, exact: bool) -> Answer {
        let looked_up = if exact { address } else { address.wrapping_sub(1) };
        let unknown = |unknown| Answer { candidates: Vec::new(), unknown: Some(unknown) };
        for placed in self.placed().iter().filter(|placed| placed.may_hold(looked_up)) {
            let Some(binary) = self.module(&placed.name) else { continue };
            if let Some(found) = placed.in_image(&binary.image, looked_up) {
                let at = found.wrapping_add(address.wrapping_sub(looked_up));
                return by_symbol::of_address(&binary, at, found, exact, address);
            }
        }
        if let Some(answer) = self.by_kallsyms(address, exact) {
            return answer;
        }
        if let Some(module) = self.missing_module(looked_up) {
            return unknown(Unknown::NoModule { module });
        }
        let text = || self.system_map().map(|(path, tables)| (path, &tables.kernel));
        if self.kernel().is_none() && text().is_none() {
            // What has no symbol in a table of the time is in nothing that had one.
            let is_told = self.kallsyms().is_some_and(|(_, tables)| !tables.kernel.is_empty());
            return unknown(if is_told { Unknown::Outside { address } } else { Unknown::NoKernel });
        }
        let Some(slide) = self.slide() else { return unknown(Unknown::NoSlide) };
        let (at, found) = (address.wrapping_sub(slide.offset), looked_up.wrapping_sub(slide.offset));
        if let Some(kernel) = self.kernel() {
            return match kernel.section(found) {
                // Per-cpu variables are linked at 0: no address at run time is there.
                Some(section) if section.address != 0 => {
                    by_symbol::of_address(kernel, at, found, exact, address)
                }
                _ => unknown(Unknown::Outside { address }),
            };
        }
        match text().and_then(|(path, table)| self.in_text(None, table, path, at, found)) {
            Some(mut place) => {
                place.address = Some(address);
                by_symbol::without_lines(place)
            }
            None => unknown(Unknown::Outside { address }),
        }
    }

    /// The module that an address is in by all that is known, if there is no file of it.
    fn missing_module(&self, address: u64) -> Option<String> {
        let near = self.placed().iter().filter(|placed| placed.may_hold(address));
        let nearest = near.min_by_key(|placed| placed.distance(address))?;
        // A keeper has no file, and nothing but persistent data.
        let is_keeper = nearest.name.ends_with(&keeper_name(""));
        (!is_keeper && self.module(&nearest.name).is_none()).then(|| nearest.name.clone())
    }

    /// The symbol of an address by the saved table, and then its lines by the symbol.
    fn by_kallsyms(&self, address: u64, exact: bool) -> Option<Answer> {
        let (path, tables) = self.kallsyms()?;
        let looked_up = if exact { address } else { address.wrapping_sub(1) };
        let modules = tables.modules.iter().map(|(name, table)| (Some(name.as_str()), table));
        let all = modules.chain(std::iter::once((None, &tables.kernel)));
        let (place, size) = all
            .filter_map(|(module, table)| {
                let place = self.in_text(module, table, path, address, looked_up)?;
                Some((place, table.by_address(looked_up).and_then(|symbol| table.size(symbol).gap)))
            })
            .min_by_key(|(place, _)| place.offset)?;
        let wanted = by_symbol::Wanted { name: &place.symbol, offset: place.offset, size, exact };
        let mut answer = match &place.module {
            Some(module) => self.module_symbol(module, wanted),
            None => self.kernel_symbol(wanted),
        };
        if answer.candidates.is_empty() {
            return Some(Answer { candidates: vec![place], unknown: answer.unknown });
        }
        for found in &mut answer.candidates {
            found.address = Some(address);
            if found.symbol_source == *path {
                found.size = place.size;
            }
        }
        Some(answer)
    }

    /// The symbol of an address in a text, unless it is the last: where that ends is not known.
    fn in_text(
        &self,
        module: Option<&str>,
        table: &Table,
        path: &Path,
        address: u64,
        looked_up: u64,
    ) -> Option<Location> {
        let symbol = table.by_address(looked_up).filter(|_| table.may_hold(looked_up))?;
        let mut size = table.reach(symbol)?;
        let placed = module.and_then(|module| self.placed().iter().find(|placed| placed.name == module));
        if let Some(room) = placed.and_then(|placed| placed.room(symbol.address)) {
            size = size.min(room);
        }
        let offset = address.wrapping_sub(symbol.address);
        (looked_up.wrapping_sub(symbol.address) < size).then(|| {
            let place = by_symbol::text_location(module, table, path, symbol, offset);
            Location { size: Some(size), ..place }
        })
    }
}
