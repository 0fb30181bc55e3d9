// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether a new version of a module may use the region of an old one, with an account per variable.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

use super::{Header, PersistentSection, SectionHeader, Variable};

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

/// One difference between the file's layout and what is kept. Sizes and alignments are in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The file has a section of which nothing is kept.
    SectionAdded {
        /// The section.
        section: PersistentSection,
    },
    /// A section is kept that the file does not have.
    SectionRemoved {
        /// The section.
        section: PersistentSection,
    },
    /// The size of a section.
    SectionSize {
        /// The section.
        section: PersistentSection,
        /// Its size as kept.
        kept: u64,
        /// Its size in the file.
        file: u64,
    },
    /// The alignment of a section.
    SectionAlign {
        /// The section.
        section: PersistentSection,
        /// Its alignment as kept.
        kept: u64,
        /// Its alignment in the file.
        file: u64,
    },
    /// The file has a variable that is not kept.
    Added {
        /// Its section.
        section: PersistentSection,
        /// The variable.
        variable: Variable,
    },
    /// A variable is kept that the file does not have.
    Removed {
        /// Its section.
        section: PersistentSection,
        /// The variable.
        variable: Variable,
    },
    /// The place, size or alignment of a variable.
    Changed {
        /// Its section.
        section: PersistentSection,
        /// The variable as kept.
        kept: Variable,
        /// The variable in the file.
        file: Variable,
    },
    /// The type of a variable, of the same size.
    Type {
        /// Its section.
        section: PersistentSection,
        /// The variable as kept.
        kept: Variable,
        /// The variable in the file.
        file: Variable,
    },
    /// Several variables of one file have this name, and the functions that tell them apart are not
    /// known on both sides.
    NoFunctions {
        /// File and name.
        name: String,
    },
    /// Names are missing on one side, and the build ids do not settle it.
    NoNames {
        /// The new file is the one without names; otherwise the kept data is.
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
        found.extend(alike.into_iter().map(|name| Difference::NoFunctions { name }));
    }
    for section in PersistentSection::ALL {
        match (kept.section(section), file.section(section)) {
            (Some(kept), Some(file)) => sections(kept, file, (!unnamed).then_some(&names), &mut found),
            (None, Some(_)) => found.push(Difference::SectionAdded { section }),
            (Some(_), None) => found.push(Difference::SectionRemoved { section }),
            (None, None) => {}
        }
    }
    match (found.is_empty(), unnamed) {
        (false, _) => Agreement::Differs(found),
        (true, true) => Agreement::Build,
        (true, false) => Agreement::Layout,
    }
}

/// Names that several variables of one file share, one of them without a known function: gcc numbers
/// those in an order that changes with the code.
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
    let section = kept.role;
    if kept.size != file.size {
        found.push(Difference::SectionSize { section, kept: kept.size, file: file.size });
    }
    if kept.align != file.align {
        found.push(Difference::SectionAlign { section, kept: kept.align, file: file.align });
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
            None => found.push(Difference::Removed { section, variable: old.clone() }),
            Some(new) if (new.offset, new.size, new.align) != (old.offset, old.size, old.align) => {
                found.push(Difference::Changed { section, kept: old.clone(), file: new.clone() });
            }
            Some(new) => {
                let types = old.type_hash.zip(new.type_hash);
                if types.is_some_and(|(old, new)| old != new) {
                    found.push(Difference::Type { section, kept: old.clone(), file: new.clone() });
                }
            }
        }
    }
    let mut added: Vec<&Variable> = by_name.into_values().flatten().collect();
    added.sort_by_key(|new| new.offset);
    found.extend(added.into_iter().map(|new| Difference::Added { section, variable: new.clone() }));
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SectionAdded { section } => {
                write!(f, "{}: new, nothing of it is kept", section.section_name())
            }
            Self::SectionRemoved { section } => {
                write!(f, "{}: kept, but not in the file", section.section_name())
            }
            Self::SectionSize { section, kept, file } => {
                write!(f, "{}: {kept} bytes are kept, the file has {file}", section.section_name())
            }
            Self::SectionAlign { section, kept, file } => {
                let section = section.section_name();
                write!(f, "{section}: kept with an alignment of {kept}, the file asks for {file}")
            }
            Self::Added { variable, .. } => {
                write!(f, "{variable}: new ({} bytes at offset {:#x})", variable.size, variable.offset)
            }
            Self::Removed { variable, .. } => {
                let Variable { size, offset, .. } = variable;
                write!(f, "{variable}: removed (kept: {size} bytes at offset {offset:#x})")
            }
            Self::Changed { kept, file, .. } => changed(f, kept, file),
            Self::Type { kept, file, .. } => {
                let name = |variable: &Variable| variable.type_name.clone().unwrap_or_else(|| "?".into());
                if kept.type_name == file.type_name {
                    write!(f, "{kept}: {} is built differently inside", name(kept))
                } else {
                    write!(f, "{kept}: type changed from {} to {}", name(kept), name(file))
                }
            }
            Self::NoFunctions { name } => write!(
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
