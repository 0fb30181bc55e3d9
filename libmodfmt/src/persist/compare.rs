// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether a new version of a module may use the region of an old one, with an account per variable.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

use super::{Header, Role, SectionHeader, Variable};

/// The outcome of [`compare`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreement {
    /// The layouts agree, and so do the types as far as both are known.
    Layout,
    /// One side does not name all variables, but both were made from one build.
    Build,
    /// They differ. The data must not be used by the new version.
    Differs(Vec<Difference>),
}

/// One thing in which the new layout differs from what is kept. Numbers are bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// A section that the kept data do not have.
    SectionAdded(Role),
    /// A section that the new file does not have.
    SectionRemoved(Role),
    /// Another size of a section.
    SectionSize(Role, u64, u64),
    /// Another alignment of a section.
    SectionAlign(Role, u64, u64),
    /// A variable that is not kept.
    Added(Role, Variable),
    /// A kept variable that the new file does not have.
    Removed(Role, Variable),
    /// A variable changed place, size or alignment.
    Changed(Role, Variable, Variable),
    /// A variable has another type of the same size.
    Type(Role, Variable, Variable),
    /// Several variables of one file have this name, and the functions that tell them apart are not
    /// known on both sides.
    NoFunctions(String),
    /// Names are missing in one of the two and the build ids do not settle it.
    NoNames {
        /// The new file is the one without names; otherwise the kept data are.
        in_file: bool,
        /// Both have a build id.
        build_ids_known: bool,
    },
}

/// Compares what is kept (`kept`) with what a file asks for (`file`).
#[must_use]
pub fn compare(kept: &Header, file: &Header) -> Agreement {
    let same_build = !kept.build_id.is_empty() && kept.build_id == file.build_id;
    let mut found = Vec::new();
    let names = Names::of([kept, file]);
    let unnamed = !kept.named || !file.named;
    if unnamed && !same_build {
        let build_ids_known = !kept.build_id.is_empty() && !file.build_id.is_empty();
        found.push(Difference::NoNames { in_file: !file.named, build_ids_known });
    }
    if !unnamed && !same_build {
        let alike: BTreeSet<String> = [kept, file].into_iter().flat_map(of_unknown_functions).collect();
        found.extend(alike.into_iter().map(Difference::NoFunctions));
    }
    for role in Role::ALL {
        match (kept.section(role), file.section(role)) {
            (Some(kept), Some(file)) => sections(kept, file, (!unnamed).then_some(&names), &mut found),
            (None, Some(_)) => found.push(Difference::SectionAdded(role)),
            (Some(_), None) => found.push(Difference::SectionRemoved(role)),
            (None, None) => {}
        }
    }
    match (found.is_empty(), unnamed) {
        (false, _) => Agreement::Differs(found),
        (true, true) => Agreement::Build,
        (true, false) => Agreement::Layout,
    }
}

/// Files and names that several variables share of which one has no known function: gcc numbers those in
/// an order that changes with the code.
fn of_unknown_functions(header: &Header) -> Vec<String> {
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

fn sections(
    kept: &SectionHeader,
    file: &SectionHeader,
    names: Option<&Names<'_>>,
    found: &mut Vec<Difference>,
) {
    let role = kept.role;
    if kept.size != file.size {
        found.push(Difference::SectionSize(role, kept.size, file.size));
    }
    if kept.align != file.align {
        found.push(Difference::SectionAlign(role, kept.align, file.align));
    }
    let Some(names) = names else { return };
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
            None => found.push(Difference::Removed(role, old.clone())),
            Some(new) if (new.offset, new.size, new.align) != (old.offset, old.size, old.align) => {
                found.push(Difference::Changed(role, old.clone(), new.clone()));
            }
            Some(new) => {
                let types = old.type_hash.zip(new.type_hash);
                if types.is_some_and(|(old, new)| old != new) {
                    found.push(Difference::Type(role, old.clone(), new.clone()));
                }
            }
        }
    }
    let mut added: Vec<&Variable> = by_name.into_values().flatten().collect();
    added.sort_by_key(|new| new.offset);
    found.extend(added.into_iter().map(|new| Difference::Added(role, new.clone())));
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SectionAdded(role) => write!(f, "{}: new, nothing of it is kept", role.section_name()),
            Self::SectionRemoved(role) => write!(f, "{}: kept, but not in the file", role.section_name()),
            Self::SectionSize(role, kept, file) => {
                write!(f, "{}: {kept} bytes are kept, the file has {file}", role.section_name())
            }
            Self::SectionAlign(role, kept, file) => {
                write!(
                    f,
                    "{}: kept with an alignment of {kept}, the file asks for {file}",
                    role.section_name()
                )
            }
            Self::Added(_, new) => {
                write!(f, "{new}: new ({} bytes at offset {:#x})", new.size, new.offset)
            }
            Self::Removed(_, old) => {
                write!(f, "{old}: removed (kept: {} bytes at offset {:#x})", old.size, old.offset)
            }
            Self::Changed(_, old, new) => changed(f, old, new),
            Self::Type(_, old, new) => {
                let name = |variable: &Variable| variable.type_name.clone().unwrap_or_else(|| "?".into());
                if old.type_name == new.type_name {
                    write!(f, "{old}: {} is built differently inside", name(old))
                } else {
                    write!(f, "{old}: type changed from {} to {}", name(old), name(new))
                }
            }
            Self::NoFunctions(name) => write!(
                f,
                "{name}: several variables have this name, and not both sides tell their functions: only a \
                 file of the same build can use them"
            ),
            Self::NoNames { in_file, build_ids_known } => {
                let side = if *in_file { "the file does" } else { "what is kept does" };
                let why = if *build_ids_known {
                    "and comes from another build"
                } else {
                    "and a build id is missing"
                };
                write!(
                    f,
                    "{side} not name every variable (stripped), {why}: nothing shows that the layouts agree"
                )
            }
        }
    }
}

fn changed(f: &mut fmt::Formatter<'_>, old: &Variable, new: &Variable) -> fmt::Result {
    write!(f, "{old}: ")?;
    let mut first = true;
    let mut part = |f: &mut fmt::Formatter<'_>, text: String| {
        let lead = if first { "" } else { ", " };
        first = false;
        write!(f, "{lead}{text}")
    };
    if old.size != new.size {
        let verb = if new.size > old.size { "grew" } else { "shrank" };
        part(f, format!("{verb} from {} to {} bytes", old.size, new.size))?;
    }
    if old.offset != new.offset {
        part(f, format!("moved from offset {:#x} to {:#x}", old.offset, new.offset))?;
    }
    if old.align != new.align && old.offset == new.offset {
        part(f, format!("alignment changed from {} to {}", old.align, new.align))?;
    }
    Ok(())
}
