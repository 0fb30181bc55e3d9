// SPDX-License-Identifier: MIT OR Apache-2.0
//! The header of the generation that holds what is new.

use std::collections::HashSet;

use super::account::{Account, Fate, Stay, UnitPlace};
use crate::persist::{Grown, Header, Unit, Variable};
use crate::types::{TagKind, Type, TypeId, TypeTable, Types};

impl Account {
    /// The header of the new generation, with the file's unit for each of its units; `None` if nothing is
    /// new. It has no units if there is only to say what variables have grown to.
    #[must_use]
    pub fn new_generation(&self, file: &Header) -> Option<(Header, Vec<usize>)> {
        let mut header = Header {
            build_id: file.build_id.clone(),
            named: file.named,
            generation: self.generation,
            fresh: self.fresh,
            unused: self.unused.iter().map(|(place, _)| *place).collect(),
            replaced: self.replaced.clone(),
            grown: self.variables.iter().filter_map(|own| grown(&own.fate, &own.variable)).collect(),
            ..Header::new(&file.owner)
        };
        let mut indexes = Vec::new();
        let mut names = HashSet::new();
        let places = file.units.iter().zip(&self.units).enumerate();
        for (index, (unit, _)) in places.filter(|(_, (_, place))| matches!(place, UnitPlace::New { .. })) {
            let mut unit = unit.clone();
            // Modules with the old header are kept as they always were.
            if !unit.is_common_section() && is_structure(&unit, &file.types) {
                unit.give_room();
            }
            // The kernel shows sections by name; in a file two may share one.
            unit.section = unit.section.replace('/', "_");
            let section = unit.section.clone();
            let mut number = indexes.len();
            while !names.insert(unit.section.clone()) {
                unit.section = format!("{section}.{number}");
                number = number.saturating_add(file.units.len());
            }
            header.units.push(unit);
            indexes.push(index);
        }
        add_types(&mut header, &file.types);
        (!indexes.is_empty() || !header.grown.is_empty()).then_some((header, indexes))
    }
}

/// What a variable has grown to, by its type in the file. A type that says less than the kept one is not
/// written down: the longer type finds its fields again.
fn grown(fate: &Fate, variable: &Variable) -> Option<Grown> {
    let Fate::InPlace { at, stay, how } = fate else { return None };
    let says_more = match stay {
        Stay::Grows => true,
        Stay::ReadsTheSame => how.has_more_values(),
        Stay::Shrinks => false,
    };
    says_more.then(|| Grown {
        place: *at,
        size: variable.size,
        type_name: variable.type_name.clone(),
        type_id: variable.type_id,
    })
}

/// Whether a unit is one structure, which a later version may extend.
fn is_structure(unit: &Unit, types: &TypeTable) -> bool {
    let [variable] = unit.variables.as_slice() else { return false };
    let is_record = |id| {
        let found = types.get(id);
        matches!(
            &*found,
            Type::Record { kind: TagKind::Struct, .. } | Type::Kernel { kind: TagKind::Struct, .. }
        )
    };
    variable.offset == 0 && variable.size == unit.size && variable.type_id.is_some_and(is_record)
}

/// Gives a header the types of its variables, from the table of the file that these are of.
pub(in crate::persist) fn add_types(header: &mut Header, types: &TypeTable) {
    let of_variables = header.variables().filter_map(|(_, variable)| variable.type_id);
    let roots: Vec<TypeId> =
        of_variables.chain(header.grown.iter().filter_map(|grown| grown.type_id)).collect();
    let (table, new) = types.minimized(&roots);
    let mut new = new.into_iter();
    let variables = header.units.iter_mut().flat_map(|unit| &mut unit.variables);
    let ids = variables.map(|variable| &mut variable.type_id);
    for id in ids.chain(header.grown.iter_mut().map(|grown| &mut grown.type_id)) {
        *id = id.and_then(|_| new.next());
    }
    header.types = table;
}
