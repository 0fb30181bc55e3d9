// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where each unit of a file is in the kernel.

use std::collections::{HashMap, HashSet};

use super::Base;
use crate::persist::{Account, Header, UnitPlace, Wishes};

/// Where each unit of a file is, as base symbols.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bindings {
    /// For each unit of the file, in the order of its header.
    pub units: Vec<UnitBase>,
    /// One base symbol of each other keeper of the owner: the owner imports it, so that the kernel counts a
    /// reference on keepers of which no variable is used now.
    pub others: Vec<Base>,
    /// The header of the keeper that is to be made, if something is new.
    pub generation: Option<Header>,
    /// The file's unit for each unit of that keeper.
    pub new_units: Vec<usize>,
}

/// Where one unit is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnitBase {
    /// The base symbol of the unit that holds it.
    pub base: Base,
    /// Where it begins there, in bytes.
    pub offset: i64,
}

impl Bindings {
    /// By an account of a file with the header `file`, whose owner has the generations `kept`. `None` if the
    /// account does not allow the load.
    #[must_use]
    pub fn of(account: &Account, file: &Header, kept: &[&Header]) -> Option<Self> {
        if !account.is_allowed() {
            return None;
        }
        let (generation, new_units) = account.new_generation(file).unzip();
        let by_generation: HashMap<u32, &Header> =
            kept.iter().copied().chain(&generation).map(|header| (header.generation, header)).collect();
        let mut used = HashSet::new();
        let mut units = Vec::new();
        for place in &account.units {
            let (number, ordinal, offset) = match *place {
                UnitPlace::Kept { generation, ordinal, offset } => (generation, ordinal, offset),
                UnitPlace::New { ordinal } => (account.generation, ordinal, 0),
                UnitPlace::Refused => return None,
            };
            let header = by_generation.get(&number)?;
            used.insert(number);
            units.push(UnitBase { base: Base::of(header, ordinal, header.unit(ordinal)?), offset });
        }
        // What is dropped in the end must not be pinned.
        let others = kept.iter().filter(|header| !account.fresh && !used.contains(&header.generation));
        let others = others.filter_map(|header| Base::all(header).into_iter().next()).collect();
        Some(Self { units, others, generation, new_units: new_units.unwrap_or_default() })
    }

    /// Of an owner of which nothing is kept: all units are new.
    #[must_use]
    pub fn first(file: &Header) -> Self {
        Self::of(&Account::of(&[], file, &Wishes::default()), file, &[]).unwrap_or_else(|| Self {
            units: Vec::new(),
            others: Vec::new(),
            generation: None,
            new_units: Vec::new(),
        })
    }

    /// Every base symbol that the owner imports, each once.
    #[must_use]
    pub fn bases(&self) -> Vec<&Base> {
        let mut seen = HashSet::new();
        let all = self.units.iter().map(|unit| &unit.base).chain(&self.others);
        all.filter(|base| seen.insert(base.symbol.as_str())).collect()
    }
}
