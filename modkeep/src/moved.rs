// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where variables are that got another place.

use libmodfmt::persist::{Account, Fate, UnitPlace, keeper_of_generation};
use libmodsys::Kernel;

use crate::region::Region;

/// A variable that was converted, and where it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedVariable {
    /// The variable, with its file.
    pub variable: String,
    /// Where it was; `None` if the kernel does not show addresses.
    pub old_address: Option<u64>,
    /// Where it is.
    pub new_address: Option<u64>,
    /// The module converts it itself.
    pub by_hand: bool,
}

/// The variables that a load has converted. `region` is what was kept before it.
#[must_use]
pub fn moved_variables(kernel: &dyn Kernel, region: &Region, account: &Account) -> Vec<MovedVariable> {
    let converted = account.left.iter().filter_map(|left| {
        let own = account.variables.get(left.number)?;
        let by_hand = match own.fate {
            Fate::Converted { .. } => false,
            Fate::ByHand { .. } => true,
            _ => return None,
        };
        Some((left, own, by_hand))
    });
    let converted: Vec<_> = converted.collect();
    if converted.is_empty() {
        return Vec::new();
    }
    let keeper = keeper_of_generation(&region.owner, account.generation);
    let new = Region::of_keeper(kernel, &keeper).ok().flatten();
    let index = |ordinal: u32| usize::try_from(ordinal).unwrap_or(usize::MAX);
    converted
        .into_iter()
        .map(|(left, own, by_hand)| {
            let number = left.place.generation;
            let old = region.generations.iter().find(|generation| generation.header.generation == number);
            let old = old.and_then(|generation| generation.address(index(left.place.ordinal)));
            let new = match account.units.get(own.unit) {
                Some(UnitPlace::New { ordinal }) => {
                    new.as_ref().and_then(|generation| generation.address(index(*ordinal)))
                }
                _ => None,
            };
            MovedVariable {
                variable: own.variable.to_string(),
                old_address: old.and_then(|base| base.checked_add(left.place.offset)),
                new_address: new.and_then(|base| base.checked_add(own.variable.offset)),
                by_hand,
            }
        })
        .collect()
}
