// SPDX-License-Identifier: MIT OR Apache-2.0
//! A variable that is new, and one that is kept and that the file no longer has, may be one variable under
//! another name, or in another file. Nothing is lost in silence: such a pair is refused until somebody says
//! what it is.

use std::collections::{HashMap, HashSet};

use super::super::source_name::base_name;
use super::account::{Account, Fate, UnitPlace};
use super::alike::Alike;
use super::change::{Changes, KeptVariable};
use crate::persist::{Difference, Header, KeptPlace, Variable};
use crate::types::TypeId;

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
    let recent = left.iter().copied().filter(|kept| !known.contains(&kept.place));
    let mut look_alikes = LookAlikes::of(recent, changes.file());
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
        let found = same_name.or_else(same_type).copied();
        let Some(kept) = found.or_else(|| look_alikes.find(&own.variable)) else { continue };
        let (kept, file) = (kept.variable.clone(), own.variable.clone());
        own.fate = Fate::Differs(Box::new(Difference::MayBeRenamed { kept, file }));
        if let Some(place) = units.get_mut(own.unit) {
            *place = UnitPlace::Refused;
        }
    }
}

/// The kept variables that are left over, by file, one of each type: a variable may have been renamed
/// together with its structure, or while that changed.
struct LookAlikes<'k, 'a> {
    file: &'a Header,
    left: HashMap<String, Vec<(&'k KeptVariable<'a>, TypeId)>>,
    alike: Alike,
    /// What was found for a type of the file.
    found: HashMap<(String, TypeId), Option<&'k KeptVariable<'a>>>,
}

impl<'k, 'a> LookAlikes<'k, 'a> {
    fn of(left: impl Iterator<Item = &'k KeptVariable<'a>>, file: &'a Header) -> Self {
        let mut seen = HashSet::new();
        let mut by_file: HashMap<String, Vec<_>> = HashMap::new();
        for kept in left {
            let Some(type_id) = kept.sought.type_id else { continue };
            let file = file_name(&kept.sought);
            if seen.insert((file.clone(), kept.types.generation, type_id)) {
                by_file.entry(file).or_default().push((kept, type_id));
            }
        }
        Self { file, left: by_file, alike: Alike::new(), found: HashMap::new() }
    }

    fn find(&mut self, variable: &Variable) -> Option<&'k KeptVariable<'a>> {
        let (file, new) = (file_name(variable), variable.type_id?);
        let left = self.left.get(&file)?;
        let (types, alike) = (&self.file.types, &mut self.alike);
        let find = || {
            let mut left = left.iter();
            left.find(|(kept, old)| alike.types((&kept.types.types, *old), (types, new)))
                .map(|(kept, _)| *kept)
        };
        *self.found.entry((file, new)).or_insert_with(find)
    }
}

/// What a variable under another name has in common with the old one, apart from its type.
fn shape(variable: &Variable) -> (String, u64) {
    (file_name(variable), variable.size)
}

fn file_name(variable: &Variable) -> String {
    variable.file.as_deref().map(|file| base_name(file).into_owned()).unwrap_or_default()
}
