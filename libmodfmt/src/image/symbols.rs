// SPDX-License-Identifier: MIT OR Apache-2.0
//! The symbol table of a keeper: the variables' own symbols, so that the kernel's kallsyms and `%pS`
//! name them, and the imports that initial values need.

use std::collections::{HashMap, HashSet};

use super::{Base, Bindings, UnitBase};
use crate::elf::{Binding, Object, Place, Relocation, Symbol, SymbolKind};
use crate::persist::Inventory;

/// Old and new index of each section that the keeper copies.
pub(super) type SectionMap = HashMap<usize, usize>;

/// The keeper's symbols, and how the owner's relate to them.
pub(super) struct KeeperSymbols<'d> {
    pub(super) table: Vec<Symbol<'d>>,
    section_symbols: HashMap<usize, usize>,
    kept: HashMap<usize, usize>,
    /// By persistent section of the file that another keeper holds: the base symbol, and where it begins.
    elsewhere: HashMap<usize, (usize, i64)>,
}

impl<'d> KeeperSymbols<'d> {
    /// `sections` maps the persistent sections, `own` are sections of the keeper that need a symbol,
    /// `used` are the relocations of the persistent sections.
    pub(super) fn of(owner: &Object<'d>, sections: &SectionMap, own: &[usize], used: &[Relocation]) -> Self {
        let mut symbols = Self {
            table: vec![Symbol::null()],
            section_symbols: HashMap::new(),
            kept: HashMap::new(),
            elsewhere: HashMap::new(),
        };
        let mut wanted: Vec<usize> = sections.values().copied().collect();
        wanted.extend_from_slice(own);
        wanted.sort_unstable();
        for section in wanted {
            symbols.section_symbols.insert(section, symbols.table.len());
            symbols.table.push(Symbol::of_section(section));
        }
        symbols.add_variables(owner, sections, true);
        symbols.add_imports(owner, used, true);
        symbols.add_variables(owner, sections, false);
        symbols.add_imports(owner, used, false);
        symbols
    }

    /// Adds the base symbols of units in other keepers to which initial values point. Returns them, each
    /// once.
    pub(super) fn add_bases(
        &mut self,
        owner: &Object<'_>,
        inventory: &Inventory,
        bindings: &Bindings,
        used: &[Relocation],
    ) -> Vec<Base> {
        let own: HashSet<usize> = bindings.new_units.iter().copied().collect();
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let mut bases = Vec::new();
        for relocation in used {
            let Some(Place::Section(section)) =
                owner.symbols.get(relocation.symbol).map(|symbol| symbol.place)
            else {
                continue;
            };
            let Some(unit) = inventory.unit_of(section).filter(|unit| !own.contains(unit)) else { continue };
            let Some(UnitBase { base, offset }) = bindings.units.get(unit) else { continue };
            let number = *numbers.entry(&base.symbol).or_insert_with(|| {
                bases.push(base.clone());
                self.table.push(Symbol::undefined(&base.symbol));
                self.table.len().saturating_sub(1)
            });
            self.elsewhere.insert(section, (number, *offset));
        }
        bases
    }

    /// The symbol that stands for the start of `section` of the keeper.
    pub(super) fn of_section(&self, section: usize) -> Option<usize> {
        self.section_symbols.get(&section).copied()
    }

    /// A relocation of the owner's persistent data as one of the keeper's.
    pub(super) fn translate(
        &self,
        owner: &Object<'_>,
        sections: &SectionMap,
        relocation: &Relocation,
    ) -> Option<Relocation> {
        let symbol = owner.symbols.get(relocation.symbol)?;
        let (index, addend) = match symbol.place {
            Place::Section(section) => {
                let value = i64::try_from(symbol.value).ok()?;
                let addend = relocation.addend.checked_add(value)?;
                match (sections.get(&section), self.elsewhere.get(&section)) {
                    (Some(own), _) => (self.of_section(*own)?, addend),
                    (None, Some((base, start))) => (*base, addend.checked_add(*start)?),
                    (None, None) => return None,
                }
            }
            _ => (*self.kept.get(&relocation.symbol)?, relocation.addend),
        };
        Some(Relocation { symbol: index, addend, ..*relocation })
    }

    fn add_variables(&mut self, owner: &Object<'d>, sections: &SectionMap, local: bool) {
        let mut file: Option<&Symbol<'d>> = None;
        for symbol in &owner.symbols {
            if symbol.kind == SymbolKind::FILE {
                file = Some(symbol);
            }
            let Place::Section(section) = symbol.place else { continue };
            let Some(section) = sections.get(&section) else { continue };
            let is_local = symbol.binding == Binding::Local;
            if is_local != local || symbol.kind == SymbolKind::SECTION || symbol.name.is_empty() {
                continue;
            }
            if let Some(file) = file.take_if(|_| local) {
                self.table.push(file.clone());
            }
            self.table.push(Symbol { place: Place::Section(*section), ..symbol.clone() });
        }
    }

    fn add_imports(&mut self, owner: &Object<'d>, used: &[Relocation], local: bool) {
        for relocation in used {
            let Some(symbol) = owner.symbols.get(relocation.symbol) else { continue };
            let wanted = matches!(symbol.place, Place::Undefined | Place::Absolute);
            let is_local = symbol.binding == Binding::Local;
            if wanted && is_local == local && !self.kept.contains_key(&relocation.symbol) {
                self.kept.insert(relocation.symbol, self.table.len());
                self.table.push(symbol.clone());
            }
        }
    }
}
