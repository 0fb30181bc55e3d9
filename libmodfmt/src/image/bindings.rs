// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where each unit of a file is in the kernel.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Base;
use crate::persist::{Account, Header, KeptPlace, UnitPlace, UnitValue, Wishes, spent_generations};

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
    /// Initial values made from kept bytes, by unit.
    pub values: Arc<[UnitValue]>,
    /// The old places of variables that get another one, by unit of the file and offset in it:
    /// `persistent_old()` finds them.
    pub old_places: HashMap<(usize, u64), UnitBase>,
    /// The generations of which nothing is in force once the module's init has succeeded.
    pub spent: Vec<u32>,
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
        Self::make(account, file, kept, false)
    }

    /// As [`Bindings::of`], for images that are made when the module is built: the new generation has an
    /// identity ([`Header::identify`]), so that no other build's keeper exports the same symbols.
    #[must_use]
    pub fn at_build(account: &Account, file: &Header, kept: &[&Header]) -> Option<Self> {
        Self::make(account, file, kept, true)
    }

    fn make(account: &Account, file: &Header, kept: &[&Header], at_build: bool) -> Option<Self> {
        if !account.is_allowed() {
            return None;
        }
        let (mut generation, new_units) = account.new_generation(file).unzip();
        let all: Vec<&Header> = kept.iter().copied().chain(&generation).collect();
        let spent = if account.fresh { Vec::new() } else { spent_generations(&all) };
        if let Some(generation) = generation.as_mut().filter(|_| !account.fresh) {
            let numbers = kept.iter().map(|header| header.generation);
            generation.predecessors = numbers.filter(|number| !spent.contains(number)).collect();
        }
        if let Some(generation) = generation.as_mut().filter(|_| at_build) {
            generation.identify(kept);
        }
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
        // What is dropped in the end must not be pinned. A keeper without units has no other use.
        let is_other = |header: &&&Header| {
            let number = header.generation;
            !account.fresh && !used.contains(&number) && !spent.contains(&number)
        };
        let record = generation.iter().filter(|header| header.units.is_empty());
        let others = kept.iter().filter(is_other).copied().chain(record);
        let others = others.filter_map(|header| Base::all(header).into_iter().next()).collect();
        let old_place = |place: KeptPlace| {
            let header = by_generation.get(&place.generation)?;
            let base = Base::of(header, place.ordinal, header.unit(place.ordinal)?);
            Some(UnitBase { base, offset: i64::try_from(place.offset).ok()? })
        };
        let old_places = account.left.iter().filter_map(|left| {
            let own = account.variables.get(left.number)?;
            Some(((own.unit, own.variable.offset), old_place(left.place)?))
        });
        let old_places = old_places.collect();
        let new_units = new_units.unwrap_or_default();
        let values = Arc::clone(&account.values);
        Some(Self { units, others, generation, new_units, values, old_places, spent })
    }

    /// Of an owner of which nothing is kept: all units are new.
    #[must_use]
    pub fn first(file: &Header) -> Self {
        Self::of(&Account::of(&[], file, &Wishes::default()), file, &[]).unwrap_or_else(|| Self {
            units: Vec::new(),
            others: Vec::new(),
            generation: None,
            new_units: Vec::new(),
            values: Arc::default(),
            old_places: HashMap::new(),
            spent: Vec::new(),
        })
    }

    /// The value of a unit of the file, if it is made from kept bytes.
    #[must_use]
    pub fn value(&self, unit: usize) -> Option<&UnitValue> {
        let index = self.values.binary_search_by_key(&unit, |value| value.unit).ok()?;
        self.values.get(index)
    }

    /// Every base symbol that the owner imports, each once. `old` are those of old places that it asks for.
    #[must_use]
    pub fn bases<'b>(&'b self, old: &[&'b Base]) -> Vec<&'b Base> {
        let mut seen = HashSet::new();
        let all = self.units.iter().map(|unit| &unit.base).chain(&self.others);
        all.chain(old.iter().copied()).filter(|base| seen.insert(base.symbol.as_str())).collect()
    }
}
