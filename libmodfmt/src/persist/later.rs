// SPDX-License-Identifier: MIT OR Apache-2.0
//! What later generations say of variables in earlier ones: what they have grown to, and whether they were
//! replaced.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::{Grown, Header, KeptPlace, Variable};
use crate::types::TypeId;

/// What the generations of one owner say of each other's variables.
#[derive(Debug, Clone, Default)]
pub struct LaterChanges<'k> {
    grown: HashMap<KeptPlace, (&'k Header, &'k Grown)>,
    replaced: HashSet<KeptPlace>,
}

impl<'k> LaterChanges<'k> {
    /// Of the generations of one owner that are in force, oldest first.
    #[must_use]
    pub fn of(headers: &[&'k Header]) -> Self {
        let grown = headers.iter().flat_map(|header| {
            let header: &'k Header = header;
            header.grown.iter().map(move |grown| (grown.place, (header, grown)))
        });
        let replaced = headers.iter().flat_map(|header| header.replaced.iter().copied()).collect();
        Self { grown: grown.collect(), replaced }
    }

    /// What the variable at a place has grown to, and the header with its type.
    #[must_use]
    pub fn grown(&self, place: KeptPlace) -> Option<(&'k Header, &'k Grown)> {
        self.grown.get(&place).copied()
    }

    /// Whether the variable at a place was converted or started afresh elsewhere: what it holds is not used
    /// again.
    #[must_use]
    pub fn is_replaced(&self, place: KeptPlace) -> bool {
        self.replaced.contains(&place)
    }

    /// A variable of a generation with the size and the type that it has now. Its type number is that of the
    /// header in [`LaterChanges::grown`].
    #[must_use]
    pub fn now<'v>(&self, place: KeptPlace, variable: &'v Variable) -> Cow<'v, Variable> {
        let Some((_, grown)) = self.grown(place) else { return Cow::Borrowed(variable) };
        let mut now = variable.clone();
        now.size = grown.size;
        now.type_id = grown.type_id;
        now.type_name.clone_from(&grown.type_name);
        Cow::Owned(now)
    }

    /// A generation's header with its variables as they are now. The types that they have grown to are added
    /// to its table.
    #[must_use]
    pub fn header_now(&self, header: &Header) -> Header {
        let mut now = header.clone();
        let generation = header.generation;
        // Where the types of other generations begin in the table.
        let mut added: HashMap<u32, TypeId> = HashMap::new();
        let Header { units, types, .. } = &mut now;
        for (ordinal, unit) in (0..).zip(units) {
            for variable in &mut unit.variables {
                let place = KeptPlace { generation, ordinal, offset: variable.offset };
                let Some((said_by, grown)) = self.grown(place) else { continue };
                let first = match said_by.generation {
                    same if same == generation => TypeId(0),
                    other => *added.entry(other).or_insert_with(|| types.append(&said_by.types)),
                };
                let end = variable.offset.saturating_add(grown.size);
                unit.size = unit.size.max(end).min(unit.room);
                variable.size = grown.size;
                variable.type_id = grown.type_id.map(|id| TypeId(first.0.saturating_add(id.0)));
                variable.type_name.clone_from(&grown.type_name);
            }
        }
        now
    }
}
