// SPDX-License-Identifier: MIT OR Apache-2.0
//! Makes initial values from kept bytes, for the variables that are converted, and looks at the values of
//! those that stay with another type.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::account::{Account, Fate, UnitPlace};
use super::change::KeptVariable;
use super::values::{UnitPointer, UnitValue, Values};
use crate::convert::{ConversionRefusal, Converted, InPlace, Move, Moves, Plan};
use crate::persist::{Difference, Header, KeptPlace};

/// Fills [`Account::values`]. What the kept bytes do not allow is refused.
pub(super) fn values(account: &mut Account, file: &Header, live: &[KeptVariable<'_>], values: &Values<'_>) {
    let is_changed = |fate: &Fate| matches!(fate, Fate::Converted { .. } | Fate::InPlace { .. });
    if !account.variables.iter().any(|own| is_changed(&own.fate)) {
        return;
    }
    let sizes: HashMap<KeptPlace, u64> = live.iter().map(|kept| (kept.place, kept.sought.size)).collect();
    let carry = Carry { file, values, sizes };
    match carry.all(account) {
        Ok((made, refusals)) => {
            account.values = made.into();
            for (number, refusal) in refusals {
                refuse(account, number, refusal, values);
            }
        }
        Err(why) => account.unread = Some(why),
    }
}

/// Whether the value of a variable forbids that it stays in place with its new type. Bytes that cannot be
/// read say nothing.
pub(super) fn refuses(
    kept: &KeptVariable<'_>,
    how: &InPlace,
    live: &[KeptVariable<'_>],
    values: &Values<'_>,
) -> bool {
    let range = |kept: &KeptVariable<'_>| {
        let KeptPlace { generation, ordinal, offset, .. } = kept.place;
        let start = values.memory.address(generation, ordinal)?.checked_add(offset)?;
        Some(start..start.saturating_add(kept.sought.size))
    };
    let Some(Range { start, .. }) = range(kept) else { return false };
    let Ok(bytes) = values.memory.read(kept.place, kept.sought.size) else { return false };
    let moves = Moves::new(Vec::new(), live.iter().filter_map(range).collect());
    how.check(kept.sought.plain_name(), &bytes, start, &moves).is_err()
}

/// A variable that cannot be used; unless the module converts it itself.
fn refuse(account: &mut Account, number: usize, refusal: ConversionRefusal, values: &Values<'_>) {
    let Some(own) = account.variables.get_mut(number) else { return };
    if let Fate::Converted { at, .. } = own.fate
        && values.by_hand.contains(&(own.unit, own.variable.offset))
    {
        own.fate = Fate::ByHand { at };
        return;
    }
    let variable = own.variable.clone();
    own.fate = Fate::Differs(Box::new(Difference::Conversion { variable, refusal }));
    if let Some(place) = account.units.get_mut(own.unit) {
        *place = UnitPlace::Refused;
    }
}

type Refusals = Vec<(usize, ConversionRefusal)>;

struct Carry<'a> {
    file: &'a Header,
    values: &'a Values<'a>,
    /// Of the kept variables, after growth.
    sizes: HashMap<KeptPlace, u64>,
}

impl Carry<'_> {
    /// The units with new values, and which variables of the account the kept bytes refuse.
    fn all(&self, account: &Account) -> Result<(Vec<UnitValue>, Refusals), String> {
        let mut moves = Vec::new();
        // Of each move, its variable's number in the account.
        let mut numbers = Vec::new();
        let mut staying = Vec::new();
        for (number, own) in account.variables.iter().enumerate() {
            match &own.fate {
                Fate::Converted { at, plan } => {
                    let old_address = self.address(*at)?;
                    let variable = own.variable.plain_name();
                    moves.push(Move { variable, old_address, new_address: None, plan });
                    numbers.push((number, *at));
                }
                fate => staying.extend(fate.place().and_then(|at| self.range(at).ok())),
            }
        }
        let moves = Moves::new(moves, staying);
        let mut refusals = Vec::new();
        for (number, own) in account.variables.iter().enumerate() {
            let Fate::InPlace { at, how, .. } = &own.fate else { continue };
            let (bytes, address) = (self.read(*at)?, self.address(*at)?);
            if let Err(refusal) = how.check(own.variable.plain_name(), &bytes, address, &moves) {
                refusals.push((number, refusal));
            }
        }
        let mut units: BTreeMap<usize, UnitValue> = BTreeMap::new();
        for (this, (number, at)) in numbers.iter().enumerate() {
            let own = account.variables.get(*number);
            let Some((own, plan)) = own.and_then(|own| Some((own, converts(&own.fate)?))) else { continue };
            let (initial, _) = match self.values.initial.get(own.unit) {
                Some(unit) => unit.part(own.variable.offset, own.variable.size),
                None => Default::default(),
            };
            match plan.apply(&self.read(*at)?, initial, this, &moves) {
                Ok(converted) => {
                    let unit = units.entry(own.unit).or_insert_with(|| UnitValue::new(own.unit));
                    let place = |target: usize| {
                        let (number, _) = numbers.get(target)?;
                        let target = account.variables.get(*number)?;
                        Some((target.unit, target.variable.offset))
                    };
                    self.put(unit, own.variable.offset, converted, place);
                }
                Err(refusal) => refusals.push((*number, refusal)),
            }
        }
        Ok((units.into_values().collect(), refusals))
    }

    /// The bytes of a unit as they are in the file.
    fn initial(&self, unit: usize, size: usize) -> Vec<u8> {
        let mut bytes = self.values.initial.get(unit).map_or_else(Vec::new, |unit| unit.bytes.to_vec());
        bytes.resize(size, 0);
        bytes
    }

    fn put(
        &self,
        unit: &mut UnitValue,
        offset: u64,
        mut converted: Converted,
        place: impl Fn(usize) -> Option<(usize, u64)>,
    ) {
        let size = self.file.units.get(unit.unit).and_then(|unit| usize::try_from(unit.size).ok());
        let size = size.unwrap_or_default();
        let new = std::mem::take(&mut converted.bytes);
        if offset == 0 && new.len() == size {
            // Nothing else is in the unit.
            unit.bytes = new;
        } else {
            if unit.bytes.is_empty() {
                unit.bytes = self.initial(unit.unit, size);
            }
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            if let Some(bytes) = unit.bytes.get_mut(start..start.saturating_add(new.len())) {
                bytes.copy_from_slice(&new);
            }
        }
        let relocated = self.values.initial.get(unit.unit).map(|unit| &*unit.relocated).unwrap_or_default();
        let kept = |at: &&u64| at.checked_sub(offset).is_some_and(|inside| converted.is_kept(inside));
        unit.without.extend(relocated.iter().filter(kept));
        unit.pointers.extend(converted.pointers.iter().filter_map(|pointer| {
            let (to, start) = place(pointer.target)?;
            let (offset, target) =
                (offset.checked_add(pointer.offset)?, start.checked_add(pointer.target_offset)?);
            Some(UnitPointer { offset, unit: to, target })
        }));
    }

    fn address(&self, at: KeptPlace) -> Result<u64, String> {
        let base = self.values.memory.address(at.generation, at.ordinal);
        let address = base.and_then(|base| base.checked_add(at.offset));
        address.ok_or_else(|| "the kernel does not show addresses".to_owned())
    }

    fn range(&self, at: KeptPlace) -> Result<Range<u64>, String> {
        let address = self.address(at)?;
        Ok(address..address.saturating_add(self.sizes.get(&at).copied().unwrap_or_default()))
    }

    /// The kept bytes of a variable.
    fn read(&self, at: KeptPlace) -> Result<Vec<u8>, String> {
        self.values.memory.read(at, self.sizes.get(&at).copied().unwrap_or_default())
    }
}

const fn converts(fate: &Fate) -> Option<&Plan> {
    match fate {
        Fate::Converted { plan, .. } => Some(plan),
        _ => None,
    }
}
