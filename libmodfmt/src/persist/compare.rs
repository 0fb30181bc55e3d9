// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether a new version of a module may use the region of an old one, with an account per variable.

use std::fmt;

use super::{Header, Role, SectionHeader, Variable};

/// The outcome of [`compare`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreement {
    /// The layouts agree, and so do the types as far as both are known.
    Layout,
    /// One side has no variable names, but both were made from one build.
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
    let unnamed = !kept.named || !file.named;
    if unnamed && !same_build {
        let build_ids_known = !kept.build_id.is_empty() && !file.build_id.is_empty();
        found.push(Difference::NoNames { in_file: !file.named, build_ids_known });
    }
    for role in Role::ALL {
        match (kept.section(role), file.section(role)) {
            (Some(kept), Some(file)) => sections(kept, file, !unnamed, &mut found),
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

fn sections(kept: &SectionHeader, file: &SectionHeader, named: bool, found: &mut Vec<Difference>) {
    let role = kept.role;
    if kept.size != file.size {
        found.push(Difference::SectionSize(role, kept.size, file.size));
    }
    if kept.align != file.align {
        found.push(Difference::SectionAlign(role, kept.align, file.align));
    }
    if !named {
        return;
    }
    let find = |list: &[Variable], wanted: &Variable| {
        list.iter().find(|variable| variable.identity() == wanted.identity()).cloned()
    };
    for old in &kept.variables {
        match find(&file.variables, old) {
            None => found.push(Difference::Removed(role, old.clone())),
            Some(new) if (new.offset, new.size, new.align) != (old.offset, old.size, old.align) => {
                found.push(Difference::Changed(role, old.clone(), new));
            }
            Some(new) => {
                let types = old.type_hash.zip(new.type_hash);
                if types.is_some_and(|(old, new)| old != new) {
                    found.push(Difference::Type(role, old.clone(), new));
                }
            }
        }
    }
    for new in &file.variables {
        if find(&kept.variables, new).is_none() {
            found.push(Difference::Added(role, new.clone()));
        }
    }
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
            Self::NoNames { in_file, build_ids_known } => {
                let side = if *in_file { "the file has" } else { "what is kept has" };
                let why = if *build_ids_known { "and comes from another build" } else { "and no build id" };
                write!(f, "{side} no variable names (stripped), {why}: nothing shows that the layouts agree")
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
