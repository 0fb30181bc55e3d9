// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether a new version of a module may use all the data of an old one as it is, as a whole. What is kept is
//! bound variable by variable (see `binding/`).

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::{Difference, Header, Unit, Variable};
use crate::types::{Comparison, Completeness, TypeDifference};

/// The outcome of [`compare`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreement {
    /// The layouts agree, and so do the types as far as they were compared.
    Layout {
        /// Variables whose types were not compared, or not in full: one side does not know them (no debug
        /// information, or stripped), or there were too many types.
        types_not_compared: usize,
    },
    /// One side does not name all variables, but both were made from one build.
    Build,
    /// They differ. The data must not be used by the new version.
    Differs(Vec<Difference>),
}

/// Compares what is kept (`kept`) with what a file asks for (`file`).
#[must_use]
pub fn compare(kept: &Header, file: &Header) -> Agreement {
    let same_build = !kept.build_id.is_empty() && kept.build_id == file.build_id;
    let mut found = Vec::new();
    let names = Names::of([kept, file]);
    let types = Types { comparison: Comparison::new(&kept.types, &file.types), not_compared: Cell::new(0) };
    let unnamed = !kept.named || !file.named;
    if unnamed && !same_build {
        let build_ids_known = !kept.build_id.is_empty() && !file.build_id.is_empty();
        found.push(Difference::NoNames { in_file: !file.named, build_ids_known });
    }
    if !unnamed && !same_build {
        let alike: BTreeSet<String> = [kept, file].into_iter().flat_map(of_unknown_functions).collect();
        found.extend(alike.into_iter().map(|name| Difference::NoFunctions { name }));
    }
    for new in file.units.iter().filter(|unit| kept.section(&unit.section).is_none()) {
        found.push(Difference::SectionAdded { section: new.section.clone() });
    }
    for old in &kept.units {
        match file.section(&old.section) {
            Some(new) => units(old, new, (!unnamed).then_some((&names, &types)), &mut found),
            None => found.push(Difference::SectionRemoved { section: old.section.clone() }),
        }
    }
    match (found.is_empty(), unnamed) {
        (false, _) => Agreement::Differs(found),
        (true, true) => Agreement::Build,
        (true, false) if same_build => Agreement::Layout { types_not_compared: 0 },
        (true, false) => Agreement::Layout { types_not_compared: types.not_compared.get() },
    }
}

/// Names that several variables of one file share, one of them without a known function: gcc numbers
/// those in an order that changes with the code.
pub(super) fn of_unknown_functions(header: &Header) -> Vec<String> {
    let mut groups: HashMap<_, (usize, bool)> = HashMap::new();
    for (_, variable) in header.variables() {
        let (count, unknown) = groups.entry((&variable.file, &variable.name)).or_default();
        *count = count.saturating_add(1);
        *unknown |= variable.scope().is_none();
    }
    let alike = groups.into_iter().filter(|(_, (count, unknown))| *count > 1 && *unknown);
    alike
        .map(|((file, name), _)| file.as_ref().map_or_else(|| name.clone(), |file| format!("{file}:{name}")))
        .collect()
}

/// The types of both versions.
struct Types<'a> {
    comparison: Comparison<'a>,
    /// Variables that could not be compared.
    not_compared: Cell<usize>,
}

impl Types<'_> {
    fn compare(&self, kept: &Variable, file: &Variable) -> Result<(), TypeDifference> {
        let completeness = match (kept.type_id, file.type_id) {
            (Some(kept), Some(file)) => self.comparison.of(kept, file)?,
            _ => Completeness::Partial,
        };
        if completeness == Completeness::Partial {
            self.not_compared.set(self.not_compared.get().saturating_add(1));
        }
        Ok(())
    }
}

/// Which names occur once in every version.
struct Names<'a>(HashMap<&'a str, bool>);

impl<'a> Names<'a> {
    fn of(versions: [&'a Header; 2]) -> Self {
        let mut unique = HashMap::new();
        for version in versions {
            let mut seen = HashSet::new();
            for (_, variable) in version.variables() {
                let first = seen.insert(&*variable.name);
                *unique.entry(&*variable.name).or_insert(true) &= first;
            }
        }
        Self(unique)
    }

    fn match_of(&self, wanted: &Variable, found: &Variable) -> bool {
        wanted.may_be(found, self.0.get(&*wanted.name).copied().unwrap_or(true))
    }
}

fn units(kept: &Unit, file: &Unit, names: Option<(&Names<'_>, &Types<'_>)>, found: &mut Vec<Difference>) {
    let section = || kept.section.clone();
    if kept.size != file.size {
        found.push(Difference::SectionSize { section: section(), kept: kept.size, file: file.size });
    }
    if kept.align != file.align {
        found.push(Difference::SectionAlign { section: section(), kept: kept.align, file: file.align });
    }
    let Some((names, types)) = names else { return };
    let mut by_name: HashMap<&str, Vec<&Variable>> = HashMap::new();
    for new in &file.variables {
        by_name.entry(&new.name).or_default().push(new);
    }
    for old in &kept.variables {
        let others = by_name.get_mut(&*old.name);
        let new = others.and_then(|others| {
            let same_place = |new: &&Variable| names.match_of(old, new) && new.offset == old.offset;
            let place = others.iter().position(same_place);
            let place = place.or_else(|| others.iter().position(|new| names.match_of(old, new)))?;
            Some(others.remove(place))
        });
        match new {
            None => found.push(Difference::Removed { section: section(), variable: old.clone() }),
            Some(new) if (new.offset, new.size, new.align) != (old.offset, old.size, old.align) => {
                found.push(Difference::Changed { section: section(), kept: old.clone(), file: new.clone() });
            }
            Some(new) => {
                if let Err(difference) = types.compare(old, new) {
                    let (kept, file) = (old.clone(), new.clone());
                    found.push(Difference::Type { section: section(), kept, file, difference });
                }
            }
        }
    }
    let mut added: Vec<&Variable> = by_name.into_values().flatten().collect();
    added.sort_by_key(|new| new.offset);
    found
        .extend(added.into_iter().map(|new| Difference::Added { section: section(), variable: new.clone() }));
}
