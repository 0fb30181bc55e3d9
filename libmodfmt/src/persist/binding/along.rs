// SPDX-License-Identifier: MIT OR Apache-2.0
//! Variables that could stay where they are, but point to one that has to move: they are converted as well,
//! and so is what points to them.
//!
//! Only pointers that are known by their types count, since only those can be moved along. Whether anything
//! else points to what moves is found out later, by who knows all kept data.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::account::{Account, Fate, LeftBehind};
use super::change::{Changes, KeptVariable};
use super::values::Values;
use crate::convert::Plan;
use crate::persist::Header;
use crate::pointers::{AddressRanges, Searched, may_hold_pointers, search};

/// Changes the fates of such variables. `kept` has the kept variable of each variable of the account.
pub(super) fn variables<'a>(
    account: &mut Account,
    file: &Header,
    kept: &[Option<&KeptVariable<'a>>],
    changes: &Changes<'a>,
    values: &Values<'_>,
) {
    let moves = |fate: &Fate| matches!(fate, Fate::Converted { .. });
    let numbers = account.variables.iter().enumerate();
    let mut moving: Vec<usize> =
        numbers.filter(|(_, own)| moves(&own.fate)).map(|(number, _)| number).collect();
    if moving.is_empty() {
        return;
    }
    let along = Along { file, kept, changes, values };
    let pointers = along.pointers(account);
    let mut tried = HashSet::new();
    while let Some(target) = moving.pop() {
        let name = account
            .variables
            .get(target)
            .map_or_else(String::new, |own| own.variable.plain_name().to_owned());
        for pointer in pointers.get(&target).into_iter().flatten() {
            let Some(unit) = account.variables.get(pointer.from).map(|own| own.unit) else { continue };
            if !tried.insert(unit) {
                continue;
            }
            for (number, mut plan) in along.plans(account, unit).into_iter().flatten() {
                let (Some(own), Some(Some(kept))) = (account.variables.get_mut(number), kept.get(number))
                else {
                    continue;
                };
                if number == pointer.from {
                    plan.because(&pointer.path, format!("is moved: points to {name}"));
                }
                own.fate = Fate::Converted { at: kept.place, plan: Box::new(plan) };
                let (place, variable) = (kept.place, kept.sought.clone());
                account.left.push(LeftBehind { place, variable, number, by_hand: false });
                moving.push(number);
            }
        }
    }
}

/// A pointer in a kept variable.
struct Pointer {
    /// The number of the variable that it is in.
    from: usize,
    /// As C writes it.
    path: String,
}

struct Along<'d, 'a> {
    file: &'d Header,
    kept: &'d [Option<&'d KeptVariable<'a>>],
    changes: &'d Changes<'a>,
    values: &'d Values<'d>,
}

impl Along<'_, '_> {
    /// By the number of the variable pointed to: the pointers in variables that could stay.
    fn pointers(&self, account: &Account) -> HashMap<usize, Vec<Pointer>> {
        let places: Vec<(usize, Range<u64>)> =
            (0..).zip(self.kept).filter_map(|(number, kept)| Some((number, self.range((*kept)?)?))).collect();
        let starts: HashSet<u64> = places.iter().map(|(_, range)| range.start).collect();
        let range = |(number, Range { start, end }): &(usize, Range<u64>)| {
            // A pointer to the end means the variable, unless another one begins there.
            let end = if starts.contains(end) { *end } else { end.saturating_add(1) };
            (*start..end, number.to_string())
        };
        let ranges = AddressRanges::new(places.iter().map(range).collect());
        let mut pointers: HashMap<usize, Vec<Pointer>> = HashMap::new();
        for (from, (own, kept)) in account.variables.iter().zip(self.kept).enumerate() {
            let Some(kept) = kept.filter(|_| own.fate.place().is_some()) else { continue };
            let Some(id) = kept.sought.type_id else { continue };
            if !may_hold_pointers(&kept.types.types, id) {
                continue;
            }
            let bytes = match self.values.memory.read(kept.place, kept.sought.size) {
                Ok(bytes) => bytes,
                Err(why) => {
                    *self.changes.unread.borrow_mut() = Some(why);
                    continue;
                }
            };
            let (name, ty) = (own.variable.plain_name(), Some((&kept.types.types as _, id)));
            let searched = Searched { name, is_behind_pointer: false, bytes: &bytes, ty };
            let found = search(searched, &ranges, self.values.order, self.values.class).found;
            for found in found.into_iter().filter(|found| !found.is_guess) {
                if let Ok(target) = found.label.parse() {
                    pointers.entry(target).or_default().push(Pointer { from, path: found.path });
                }
            }
        }
        pointers
    }

    fn range(&self, kept: &KeptVariable<'_>) -> Option<Range<u64>> {
        let base = self.values.memory.address(kept.place.generation, kept.place.ordinal)?;
        let start = base.checked_add(kept.place.offset)?;
        Some(start..start.saturating_add(kept.sought.size))
    }

    /// How the variables of a unit of the file move, all of them; `None` if one cannot.
    fn plans(&self, account: &Account, unit: usize) -> Option<Vec<(usize, Plan)>> {
        let is_alone = self.file.units.get(unit)?.variables.len() < 2;
        let start = account.variables.partition_point(|own| own.unit < unit);
        let own = account.variables.iter().enumerate().skip(start).take_while(|(_, own)| own.unit == unit);
        let mut plans = Vec::new();
        for (number, own) in own {
            let is_by_hand = self.values.by_hand.contains(&(unit, own.variable.offset));
            if own.fate.place().is_none() || is_by_hand {
                return None;
            }
            let kept = self.kept.get(number).copied().flatten()?;
            plans.push((number, self.changes.plan_to_move(kept, (unit, is_alone), &own.variable)?));
        }
        Some(plans)
    }
}
