// SPDX-License-Identifier: MIT OR Apache-2.0
//! Values that were saved before a reboot, as if they were kept: the first keeper of a file gets its initial
//! values from them, by the same rules by which kept values are converted.

use super::account::Account;
use super::values::{KeptMemory, Values};
use super::wishes::Wishes;
use crate::persist::{Header, KeptPlace, Unit, Variable};
use crate::types::{TypeId, Types, value_types};

/// Saved values of one owner's variables. There is nothing in them that needs an address: where a type has a
/// pointer or a lock, the saved type has no field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SavedValues {
    /// The variables, each in a unit of its own at offset 0, and their types.
    pub header: Header,
    /// Of each unit: where it was in memory when it was saved, and its bytes, in the order of the processor
    /// that the file is for.
    pub contents: Vec<(u64, Vec<u8>)>,
}

/// What becomes of saved values in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Restored {
    /// What loading the file does with each variable. Those that get a saved value are `Fate::Converted`.
    pub account: Account,
    /// Saved variables that the file does not have.
    pub missing: Vec<Variable>,
}

impl SavedValues {
    /// No values yet.
    #[must_use]
    pub fn new(owner: &str) -> Self {
        Self { header: Header::new(owner), contents: Vec::new() }
    }

    /// Adds a variable: its address when it was saved, and its bytes.
    pub fn push(&mut self, variable: Variable, address: u64, bytes: Vec<u8>) {
        let mut unit = Unit::new(&format!("saved.{}", self.contents.len()), variable.size, variable.align);
        unit.variables.push(variable);
        self.header.units.push(unit);
        self.contents.push((address, bytes));
    }

    fn content(&self, ordinal: u32) -> Option<&(u64, Vec<u8>)> {
        self.contents.get(usize::try_from(ordinal).ok()?)
    }
}

impl KeptMemory for SavedValues {
    fn address(&self, _generation: u32, ordinal: u32) -> Option<u64> {
        self.content(ordinal).map(|(address, _)| *address)
    }

    fn read(&self, place: KeptPlace, size: u64) -> Result<Vec<u8>, String> {
        let bytes = self.content(place.ordinal).and_then(|(_, bytes)| {
            let start = usize::try_from(place.offset).ok()?;
            bytes.get(start..start.checked_add(usize::try_from(size).ok()?)?)
        });
        bytes.map(<[u8]>::to_vec).ok_or_else(|| "it is not in the saved values".to_owned())
    }

    fn is_saved(&self) -> bool {
        true
    }
}

impl Restored {
    /// `types` are the file's types, complete with those that only the kernel has. What the file does by hand
    /// does not matter: nothing is in memory.
    pub(crate) fn of(
        saved: &SavedValues,
        file: &Header,
        types: &dyn Types,
        wishes: &Wishes,
        values: &Values<'_>,
    ) -> Self {
        let mut typed = file.clone();
        let roots: Vec<TypeId> = file.variables().filter_map(|(_, variable)| variable.type_id).collect();
        let (table, numbers) = value_types(types, &roots);
        let mut numbers = numbers.into_iter();
        for variable in typed.units.iter_mut().flat_map(|unit| &mut unit.variables) {
            variable.type_id = variable.type_id.and_then(|_| numbers.next());
        }
        typed.types = table;
        // A saved value is no writable or read-only memory: it goes where the file has the variable.
        let mut kept = saved.header.clone();
        let is_read_only = |sought: &Variable| {
            let mut own = file.variables().filter(|(unit, _)| !unit.writable);
            own.any(|(_, variable)| variable.may_be(sought, true))
        };
        for unit in &mut kept.units {
            unit.writable = !unit.variables.iter().any(is_read_only);
        }
        let mut account = Account::with_values(&[&kept], &typed, wishes, Some(values));
        for (own, (_, variable)) in account.variables.iter_mut().zip(file.variables()) {
            own.variable = variable.clone();
        }
        // It is a first load: nothing is left behind.
        account.left.clear();
        account.replaced.clear();
        account.generation = 1;
        account.fresh = false;
        let missing = std::mem::take(&mut account.unused).into_iter().map(|(_, variable)| variable);
        Self { missing: missing.collect(), account }
    }
}
