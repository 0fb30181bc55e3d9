// SPDX-License-Identifier: MIT OR Apache-2.0
//! What points to variables that would get another place, or would start afresh elsewhere.
//!
//! All kept data is searched, of every owner, and the objects one pointer away from it. Other memory is not
//! seen, and a number may look like an address: a heuristic, as its messages say.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use libmodfmt::elf::{ByteOrder, Class};
use libmodfmt::persist::{Account, Difference, Fate, KeptPlace};
use libmodfmt::pointers::{AddressRanges, Searched, leads, may_hold_pointers, search_for};
use libmodsys::Kernel;

use crate::region::{KeptVariable, MAX_SEARCHED_BYTES, Region, variables_in_force};

/// Most objects one pointer away that are looked at.
const MAX_OBJECTS: usize = 1 << 16;
/// Most places that are reported of one variable.
const MAX_REPORTED: usize = 3;

const ORDER: ByteOrder = ByteOrder::NATIVE;
const CLASS: Class = Class::NATIVE;

/// Looks for such pointers. One entry for each place found, a few for each variable.
///
/// # Errors
/// Why kept data cannot be searched.
pub(super) fn find(
    kernel: &dyn Kernel,
    account: &Account,
    region: &Region,
) -> Result<Vec<Difference>, String> {
    let mut kept = Vec::new();
    let others = Region::entries(kernel).map_err(|error| error.to_string())?;
    let others: Vec<Region> =
        others.into_iter().flatten().filter(|other| other.owner != region.owner).collect();
    for region in std::iter::once(region).chain(&others) {
        kept.extend(variables_in_force(region)?);
    }
    let ranges = old_places(account, region, &kept)?;
    let mut finder = Finder { kernel, account, ranges, found: Vec::new(), objects: 0, seen: HashSet::new() };
    let units = AddressRanges::new(kept.iter().map(|variable| (variable.range(), String::new())).collect());
    for variable in &kept {
        finder.variable(variable, variable.owner == region.owner, &units)?;
    }
    Ok(finder.found)
}

/// The ranges that nothing may point to, with the index in [`Account::left`] as label.
fn old_places(
    account: &Account,
    region: &Region,
    kept: &[KeptVariable<'_>],
) -> Result<AddressRanges, String> {
    let starts: HashSet<u64> = kept.iter().map(|variable| variable.address).collect();
    let own: HashMap<KeptPlace, &KeptVariable<'_>> = kept
        .iter()
        .filter(|variable| variable.owner == region.owner)
        .map(|variable| (variable.place, variable))
        .collect();
    let mut ranges = Vec::new();
    for (index, left) in account.left.iter().enumerate().filter(|(_, left)| !left.by_hand) {
        let variable = own.get(&left.place).ok_or_else(|| "a kept variable has no address".to_owned())?;
        let Range { start, end } = variable.range();
        // A pointer to the end means the variable, unless another one begins there.
        let end = if starts.contains(&end) { end } else { end.saturating_add(1) };
        ranges.push((start..end, index.to_string()));
    }
    Ok(AddressRanges::new(ranges))
}

struct Finder<'a> {
    kernel: &'a dyn Kernel,
    account: &'a Account,
    ranges: AddressRanges,
    found: Vec<Difference>,
    /// Objects one pointer away that were looked at.
    objects: usize,
    seen: HashSet<u64>,
}

impl Finder<'_> {
    fn variable(
        &mut self,
        variable: &KeptVariable<'_>,
        is_own: bool,
        units: &AddressRanges,
    ) -> Result<(), String> {
        if variable.ty.is_some_and(|(types, id)| !may_hold_pointers(types, id)) {
            return Ok(());
        }
        let mut left = self.account.left.iter();
        let number = left.find(|left| is_own && left.place == variable.place).map(|left| left.number);
        let fate = number.and_then(|number| self.account.variables.get(number)).map(|own| &own.fate);
        // What starts afresh takes no pointer along.
        if matches!(fate, Some(Fate::New)) {
            return Ok(());
        }
        let size = usize::try_from(variable.size).ok().filter(|_| variable.size <= MAX_SEARCHED_BYTES);
        let size = size.ok_or_else(|| format!("{} is too large to be searched", variable.name))?;
        let bytes = self.kernel.read_memory(variable.address, size).map_err(|error| error.to_string())?;
        let searched =
            Searched { name: &variable.name, is_behind_pointer: false, bytes: &bytes, ty: variable.ty };
        self.search(searched, fate.is_some());
        // Kept data is searched anyway.
        for lead in leads(searched, ORDER, CLASS, MAX_OBJECTS, &mut |address| units.find(address).is_none()) {
            let Some(size) = lead.size.filter(|size| (1..=MAX_SEARCHED_BYTES).contains(size)) else {
                continue;
            };
            if self.objects >= MAX_OBJECTS || !self.seen.insert(lead.address) {
                continue;
            }
            self.objects = self.objects.saturating_add(1);
            let Some((types, _)) = variable.ty.filter(|(types, _)| may_hold_pointers(*types, lead.target))
            else {
                continue;
            };
            // It may lead to memory that is gone.
            let Ok(size) = usize::try_from(size) else { continue };
            let Ok(bytes) = self.kernel.read_memory(lead.address, size) else { continue };
            let ty = Some((types, lead.target));
            self.search(Searched { name: &lead.path, is_behind_pointer: true, bytes: &bytes, ty }, false);
        }
        Ok(())
    }

    /// `moves_along`: pointers to variables that are converted as well are no obstacle.
    fn search(&mut self, searched: Searched<'_>, moves_along: bool) {
        let account = self.account;
        let own = |label: &str| {
            let left = label.parse::<usize>().ok().and_then(|index| account.left.get(index));
            let own = left.and_then(|left| account.variables.get(left.number));
            own.filter(|own| !(moves_along && matches!(own.fate, Fate::Converted { .. })))
        };
        let is_wanted = &mut |label: &str| own(label).is_some();
        for found in search_for(searched, &self.ranges, ORDER, CLASS, is_wanted).found {
            let Some(own) = own(&found.label) else { continue };
            let variable = own.variable.clone();
            let is_same = |other: &&Difference| matches!(other, Difference::PointedTo { variable: known, .. } if *known == variable);
            if self.found.iter().filter(is_same).count() < MAX_REPORTED {
                let (from, is_guess) = (found.path, found.is_guess);
                self.found.push(Difference::PointedTo { variable, from, is_guess });
            }
        }
    }
}
