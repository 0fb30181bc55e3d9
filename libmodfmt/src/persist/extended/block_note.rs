// SPDX-License-Identifier: MIT OR Apache-2.0
//! The note of a block: a header with the types of its variables and the functions around them, which the
//! extended kernel keeps for us and does not look into.

use std::collections::HashSet;

use super::{ExtendedBlock, forget_types};
use crate::persist::binding::add_types;
use crate::persist::{Account, Fate, Header, Unit, Variable};

/// The longest note that the extended kernel takes, in bytes.
pub const MAX_BLOCK_NOTE_BYTES: usize = 256 << 10;

impl ExtendedBlock {
    /// Takes types and functions from a note. `false` if the note is not about this block: nothing is taken
    /// then.
    pub fn take_types(&mut self, note: &Header) -> bool {
        let own = &mut self.header;
        let names = |header: &Header| (header.owner.clone(), header.generation);
        let shape = |unit: &Unit| (unit.size, unit.align, unit.writable);
        let is_same = |one: &Unit, two: &Unit| one.section == two.section && shape(one) == shape(two);
        let same_units = own.units.len() == note.units.len()
            && own.units.iter().zip(&note.units).all(|(one, two)| is_same(one, two));
        if names(own) != names(note) || !same_units {
            return false;
        }
        for (unit, noted) in own.units.iter_mut().zip(&note.units) {
            for variable in &mut unit.variables {
                let same = noted.variables.iter().find(|noted| {
                    (&noted.file, &noted.name) == (&variable.file, &variable.name)
                        && (noted.offset, noted.size) == (variable.offset, variable.size)
                });
                if let Some(function) = same.and_then(|same| same.function.clone()) {
                    variable.function = Some(function);
                }
                variable.type_name = same.and_then(|same| same.type_name.clone());
                variable.type_id = same.and_then(|same| same.type_id);
            }
        }
        own.types.clone_from(&note.types);
        true
    }

    /// A note with the types and functions that the variables bound to this block have in `file`, by its
    /// `account`.
    #[must_use]
    pub fn note(&self, file: &Header, account: &Account) -> Header {
        let mut note = Header { build_id: file.build_id.clone(), ..self.header.clone() };
        forget_types(&mut note);
        for own in &account.variables {
            let Fate::Bound { at, .. } = own.fate else { continue };
            if at.generation != note.generation {
                continue;
            }
            let unit = usize::try_from(at.ordinal).ok().and_then(|index| note.units.get_mut(index));
            let is_there = |variable: &&mut Variable| {
                variable.offset == at.offset && variable.plain_name() == own.variable.plain_name()
            };
            if let Some(variable) = unit.and_then(|unit| unit.variables.iter_mut().find(is_there)) {
                if own.variable.function.is_some() {
                    variable.function.clone_from(&own.variable.function);
                }
                variable.type_name.clone_from(&own.variable.type_name);
                variable.type_id = own.variable.type_id;
            }
        }
        add_types(&mut note, &file.types);
        note
    }
}

impl Header {
    /// Whether the types of more variables are known here than in `other`, a header of the same units: of all
    /// that are known there, and of another one.
    #[must_use]
    pub fn knows_more_types_than(&self, other: &Self) -> bool {
        let (own, others) = (typed(self), typed(other));
        own.len() > others.len() && own.is_superset(&others)
    }

    /// Whether the type of any variable is known.
    #[must_use]
    pub fn knows_types(&self) -> bool {
        self.variables().any(|(_, variable)| variable.type_id.is_some())
    }
}

/// The variables with a known type: unit, offset and name.
fn typed(header: &Header) -> HashSet<(u32, u64, &str)> {
    let units = header.ordinals();
    units
        .flat_map(|(ordinal, unit)| unit.variables.iter().map(move |variable| (ordinal, variable)))
        .filter(|(_, variable)| variable.type_id.is_some())
        .map(|(ordinal, variable)| (ordinal, variable.offset, &*variable.name))
        .collect()
}
