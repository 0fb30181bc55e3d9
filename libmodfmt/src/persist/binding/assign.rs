// SPDX-License-Identifier: MIT OR Apache-2.0
//! From variables to units: a unit goes into a kept one, or into the new generation, as a whole.

use super::account::{Account, Fate, UnitPlace, VariableAccount};
use crate::persist::{Difference, Header, KeptPlace, Unit, Variable};

/// Finds the place of each unit of the file.
pub(super) fn units(account: &mut Account, file: &Header, kept: &[&Header]) {
    let mut next = 0_u32;
    let mut rest = account.variables.as_mut_slice();
    for (index, unit) in file.units.iter().enumerate() {
        let end = rest.partition_point(|variable| variable.unit <= index);
        let Some((own, others)) = std::mem::take(&mut rest).split_at_mut_checked(end) else { break };
        rest = others;
        let place = match place(own, unit, kept, &mut account.differences) {
            UnitPlace::New { .. } => {
                let ordinal = next;
                next = next.saturating_add(1);
                UnitPlace::New { ordinal }
            }
            other => other,
        };
        account.units.push(place);
    }
}

/// The place of one unit. Several variables stay together or are refused.
fn place(
    variables: &mut [VariableAccount],
    unit: &Unit,
    kept: &[&Header],
    differences: &mut Vec<Difference>,
) -> UnitPlace {
    let first = variables.iter().find_map(|own| {
        let at = own.fate.place()?;
        Some((at, start(at, own)?))
    });
    let differs = variables.iter().any(|own| matches!(own.fate, Fate::Differs(_)));
    let Some((at, offset)) = first else {
        return if differs { UnitPlace::Refused } else { UnitPlace::New { ordinal: 0 } };
    };
    let together = variables.iter().all(|own| {
        own.fate.place().is_some_and(|other| is_beside(other, at) && start(other, own) == Some(offset))
    });
    if !together && !differs {
        variables.iter_mut().for_each(|own| separate(own, unit, at));
    }
    if !together || differs {
        return UnitPlace::Refused;
    }
    if let Some(difference) = misaligned(unit, at, offset, kept) {
        differences.push(difference);
        return UnitPlace::Refused;
    }
    UnitPlace::Kept { generation: at.generation, ordinal: at.ordinal, offset }
}

/// What keeps a variable from its unit, if the unit's variables cannot stay together: it is new, or it is
/// kept at another offset or in another unit.
fn separate(own: &mut VariableAccount, unit: &Unit, reference: KeptPlace) {
    let section = unit.section.clone();
    let variable = own.variable.clone();
    let difference = match own.fate {
        Fate::New => Difference::Added { section, variable },
        Fate::Converted { .. } | Fate::ByHand { .. } => Difference::Apart { section, variable },
        Fate::Bound { at, .. } | Fate::InPlace { at, .. } if !is_beside(at, reference) => {
            Difference::Apart { section, variable }
        }
        Fate::Bound { at, .. } | Fate::InPlace { at, .. } if at.offset != variable.offset => {
            let kept = Variable { offset: at.offset, ..variable.clone() };
            Difference::Changed { section, kept, file: variable }
        }
        Fate::Bound { .. } | Fate::InPlace { .. } | Fate::Differs(_) => return,
    };
    own.fate = Fate::Differs(Box::new(difference));
}

const fn is_beside(one: KeptPlace, other: KeptPlace) -> bool {
    one.generation == other.generation && one.ordinal == other.ordinal
}

/// Where the file's unit would begin in the kept one.
fn start(at: KeptPlace, own: &VariableAccount) -> Option<i64> {
    i64::try_from(i128::from(at.offset).checked_sub(i128::from(own.variable.offset))?).ok()
}

/// If a unit of several variables does not have the alignment that it asks for. One variable was asked
/// before.
fn misaligned(unit: &Unit, at: KeptPlace, offset: i64, kept: &[&Header]) -> Option<Difference> {
    if unit.variables.len() < 2 {
        return None;
    }
    let header = kept.iter().find(|header| header.generation == at.generation);
    let align = header.and_then(|header| header.unit(at.ordinal)).map_or(0, |unit| unit.align);
    if align < unit.align {
        let section = unit.section.clone();
        return Some(Difference::SectionAlign { section, kept: align, file: unit.align });
    }
    let is_aligned = offset.unsigned_abs().checked_rem(unit.align.max(1)) == Some(0);
    (!is_aligned).then_some(Difference::NoPlace)
}
