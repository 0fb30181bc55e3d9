// SPDX-License-Identifier: MIT OR Apache-2.0
//! A variable that is new, and one that is kept and that the file no longer has, may be one variable under
//! another name, or in another file. Nothing is lost in silence: such a pair is refused until somebody says
//! what it is.

use std::collections::{HashMap, HashSet};

use super::super::source_name::base_name;
use super::account::{Account, Fate, UnitPlace};
use super::change::{Changes, KeptVariable};
use crate::persist::{Difference, Header, KeptPlace, Variable};

/// Looks for such pairs. `may_be_new` says of each variable of the account whether nothing is known about it.
pub(super) fn suspect<'a>(
    account: &mut Account,
    may_be_new: impl Iterator<Item = bool>,
    left: &[&KeptVariable<'a>],
    kept: &[&Header],
    changes: &Changes<'a>,
) {
    // What an earlier version left behind has been looked at then.
    let known: HashSet<KeptPlace> = kept.iter().flat_map(|header| header.unused.iter().copied()).collect();
    let mut by_name: HashMap<&str, Vec<&KeptVariable<'a>>> = HashMap::new();
    let mut by_shape: HashMap<(String, u64), Vec<&KeptVariable<'a>>> = HashMap::new();
    for kept in left {
        by_name.entry(kept.variable.plain_name()).or_default().push(kept);
        if !known.contains(&kept.place) {
            by_shape.entry(shape(&kept.sought)).or_default().push(kept);
        }
    }
    let Account { variables, units, .. } = account;
    for (own, _) in variables.iter_mut().zip(may_be_new).filter(|(_, may_be_new)| *may_be_new) {
        if own.fate != Fate::New {
            continue;
        }
        let same_name = by_name.get(own.variable.plain_name()).and_then(|left| left.first());
        let same_type = || {
            let left = by_shape.get(&shape(&own.variable))?;
            left.iter().find(|kept| changes.types(kept, own.variable.type_id).is_ok())
        };
        let Some(kept) = same_name.or_else(same_type) else { continue };
        let (kept, file) = (kept.variable.clone(), own.variable.clone());
        own.fate = Fate::Differs(Box::new(Difference::MayBeRenamed { kept, file }));
        if let Some(place) = units.get_mut(own.unit) {
            *place = UnitPlace::Refused;
        }
    }
}

/// What a variable under another name has in common with the old one, apart from its type.
fn shape(variable: &Variable) -> (String, u64) {
    let file = variable.file.as_deref().map(|file| base_name(file).into_owned());
    (file.unwrap_or_default(), variable.size)
}
