// SPDX-License-Identifier: MIT OR Apache-2.0
//! A difference between what is kept and what a file has, and its message.

use std::fmt;

use super::Variable;
use crate::convert::ConversionRefusal;
use crate::types::TypeDifference;

/// One difference between the file's layout and what is kept. Sizes and alignments are in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The file has a section of which nothing is kept.
    SectionAdded {
        /// The section.
        section: String,
    },
    /// A section is kept that the file does not have.
    SectionRemoved {
        /// The section.
        section: String,
    },
    /// The size of a section.
    SectionSize {
        /// The section.
        section: String,
        /// Its size as kept.
        kept: u64,
        /// Its size in the file.
        file: u64,
    },
    /// The alignment of a section.
    SectionAlign {
        /// The section.
        section: String,
        /// Its alignment as kept.
        kept: u64,
        /// Its alignment in the file.
        file: u64,
    },
    /// The file has a variable that is not kept.
    Added {
        /// Its section.
        section: String,
        /// The variable.
        variable: Variable,
    },
    /// A variable is kept that the file does not have.
    Removed {
        /// Its section.
        section: String,
        /// The variable.
        variable: Variable,
    },
    /// The place, size or alignment of a variable.
    Changed {
        /// Its section.
        section: String,
        /// The variable as kept.
        kept: Variable,
        /// The variable in the file.
        file: Variable,
    },
    /// The type of a variable, or one that it leads to.
    Type {
        /// Its section.
        section: String,
        /// The variable as kept.
        kept: Variable,
        /// The variable in the file.
        file: Variable,
        /// Where the types differ, and how.
        difference: TypeDifference,
    },
    /// The variable can neither stay where it is nor be converted.
    Conversion {
        /// The variable in the file.
        variable: Variable,
        /// The field, and why.
        refusal: ConversionRefusal,
    },
    /// The variable would get another place, and something points to where it is.
    PointedTo {
        /// The variable in the file.
        variable: Variable,
        /// What points there, as C writes it.
        from: String,
        /// It need not be a pointer, by what is known of it.
        is_guess: bool,
    },
    /// What the module holds in memory that no variable leads to by its type (`PERSISTENT_HOLDS()`).
    Held {
        /// The difference.
        refusal: ConversionRefusal,
    },
    /// A variable is kept apart from the others of its section in the file.
    Apart {
        /// The section in the file.
        section: String,
        /// The variable.
        variable: Variable,
    },
    /// Whether a unit may be written to: `const` was added or dropped.
    Writable {
        /// The variable as kept.
        kept: Variable,
        /// Whether it may be written to where it is kept.
        is_writable: bool,
    },
    /// The variable looks like one under another name that is kept and that the file does not have.
    MayBeRenamed {
        /// The variable as kept.
        kept: Variable,
        /// The variable in the file.
        file: Variable,
    },
    /// The variables of a section cannot be placed together: its alignment is more than what they have where
    /// they are kept.
    NoPlace,
    /// A hint names a variable that is there neither in the file nor among what is kept.
    NoSuchVariable {
        /// The name in the hint.
        name: String,
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

impl Difference {
    /// Whether it would be there with any other variables in the file: a type, `const`, a name.
    #[must_use]
    pub const fn is_of_one_variable(&self) -> bool {
        matches!(
            self,
            Self::Type { .. }
                | Self::Writable { .. }
                | Self::MayBeRenamed { .. }
                | Self::Conversion { .. }
                | Self::PointedTo { .. }
                | Self::Held { .. }
        )
    }

    /// Whether the module may deal with it itself, with `persistent_old()`.
    pub(super) const fn may_be_by_hand(&self) -> bool {
        matches!(self, Self::Type { .. } | Self::Changed { .. } | Self::Conversion { .. })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SectionAdded { section } => {
                write!(f, "{}: new, nothing of it is kept", section)
            }
            Self::SectionRemoved { section } => {
                write!(f, "{}: kept, but not in the file", section)
            }
            Self::SectionSize { section, kept, file } => {
                write!(f, "{}: {kept} bytes are kept, the file has {file}", section)
            }
            Self::SectionAlign { section, kept, file } => {
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
            Self::Type { kept, file, difference, .. } => match (&kept.type_name, &file.type_name) {
                (Some(old), Some(new)) if old != new => {
                    write!(f, "{kept}: type changed from {old} to {new}: ")?;
                    f.write_str(&difference.in_variable(&kept.name))
                }
                _ => write!(f, "{kept}: {}", difference.in_variable(&kept.name)),
            },
            Self::Conversion { variable, refusal } => {
                write!(f, "{}{refusal}", variable.qualifiers())
            }
            Self::PointedTo { variable, from, is_guess } => {
                let sure = if *is_guess { "may point" } else { "points" };
                write!(f, "{variable}: would get another place, and {from} {sure} to where it is")
            }
            Self::Held { refusal } => write!(f, "{refusal}"),
            Self::Apart { section, variable } => {
                write!(f, "{variable}: kept apart from others that the file has in {section}")
            }
            Self::Writable { kept, is_writable } => {
                let (before, now) = if *is_writable { ("writable", "const") } else { ("const", "writable") };
                write!(f, "{kept}: kept as {before}, {now} in the file")
            }
            Self::MayBeRenamed { kept, file } => {
                write!(f, "{file}: new, but it may be {kept}, which is kept and not in the file")
            }
            Self::NoPlace => f.write_str("a section asks for a larger alignment than its variables have"),
            Self::NoSuchVariable { name } => write!(f, "{name}: no such variable"),
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
