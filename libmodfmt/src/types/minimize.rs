// SPDX-License-Identifier: MIT OR Apache-2.0
//! One entry a type: each compilation unit describes `struct list_head` for itself, and a table needs it
//! once.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::{Type, TypeId, TypeTable};

/// Types are looked at so many times in all, to find out which are equal. Each round looks at all of them,
/// and types that differ behind N pointers need N rounds: real ones some tens, a chain of 65,536 pointers as
/// many.
const MAX_LOOKS: usize = 1 << 22;

impl TypeTable {
    /// The same types with each distinct one once, and only those that `roots` lead to, in the order in which
    /// they are met. Returns the roots' new numbers.
    #[must_use]
    pub fn minimized(&self, roots: &[TypeId]) -> (Self, Vec<TypeId>) {
        let class = self.classes();
        let class_of = |id: TypeId| usize::try_from(id.0).ok().and_then(|index| class.get(index)).copied();
        // The first type of each class stands for it.
        let mut first: HashMap<u64, usize> = HashMap::new();
        for (index, class) in class.iter().enumerate() {
            first.entry(*class).or_insert(index);
        }
        let mut table = Self::default();
        let mut numbers: HashMap<u64, TypeId> = HashMap::new();
        let mut order = Vec::new();
        let mut number = |id: TypeId, table: &mut Self, order: &mut Vec<(TypeId, usize)>| {
            let Some(index) = class_of(id).and_then(|class| first.get(&class).copied()) else {
                return table.push(Type::Unknown);
            };
            let class = class_of(id).unwrap_or_default();
            *numbers.entry(class).or_insert_with(|| {
                let new = table.push(Type::Unknown);
                order.push((new, index));
                new
            })
        };
        let roots = roots.iter().map(|root| number(*root, &mut table, &mut order)).collect();
        let held = self.held.iter().map(|held| number(*held, &mut table, &mut order)).collect();
        let mut next = 0;
        while let Some((new, index)) = order.get(next).copied() {
            let ty = self.types.get(index).map_or(Type::Unknown, |ty| Type::clone(ty));
            let ty = ty.with_references(|id| number(id, &mut table, &mut order));
            table.replace(new, ty);
            next = next.saturating_add(1);
        }
        table.held = held;
        (table, roots)
    }

    /// A number for each type, the same for two that cannot be told apart. Refined until nothing changes:
    /// types that differ only far behind pointers are told apart by then. If that would take too long, each
    /// type gets a number of its own: the table is larger than it need be, and as right.
    fn classes(&self) -> Vec<u64> {
        let own = |ty: &Arc<Type>| hash_of(&Type::clone(ty).with_references(|_| TypeId(0)));
        let mut classes: Vec<u64> = self.types.iter().map(own).collect();
        let mut distinct = count(&classes);
        let rounds = MAX_LOOKS.checked_div(self.types.len()).unwrap_or_default();
        for _ in 0..rounds {
            let class_of =
                |id: &TypeId| usize::try_from(id.0).ok().and_then(|index| classes.get(index)).copied();
            let refined: Vec<u64> = self
                .types
                .iter()
                .zip(&classes)
                .map(|(ty, class)| {
                    hash_of(&(class, ty.references().iter().map(class_of).collect::<Vec<Option<u64>>>()))
                })
                .collect();
            let now = count(&refined);
            classes = refined;
            if now == distinct {
                return classes;
            }
            distinct = now;
        }
        (0..self.types.len() as u64).collect()
    }
}

fn count(classes: &[u64]) -> usize {
    classes.iter().collect::<std::collections::HashSet<_>>().len()
}

fn hash_of(value: &impl Hash) -> u64 {
    // Only within this table: not stable, and need not be.
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
