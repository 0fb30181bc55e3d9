// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a variable can neither stay where it is nor be converted: the field, and the reason.

use std::fmt;

use thiserror::Error;

/// A variable that cannot be carried over to its new type.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[error("{path}: {reason}")]
pub struct ConversionRefusal {
    /// The field as C writes it, from the variable on: `stats.table[3].next`. An index is left empty where
    /// the reason holds for every element.
    pub path: String,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// It was a number and is a structure, say.
    OtherKind {
        /// C text of the old type.
        old: String,
        /// C text of the new type.
        new: String,
    },
    /// The new type has fewer bits.
    Narrower {
        /// Bits before.
        old: u64,
        /// Bits now.
        new: u64,
    },
    /// A union lost a member, or one of its members changed. Which one is in use cannot be seen.
    Union {
        /// What changed, as a clause.
        what: String,
    },
    /// It points to another type.
    OtherTarget {
        /// C text of the old type.
        old: String,
        /// C text of the new type.
        new: String,
    },
    /// What it points to was made by an old version of the module, and has another shape now.
    OldShape {
        /// The difference, with its path.
        difference: String,
    },
    /// Objects of it may be in memory, made by an old version of the module, and it has another shape now.
    HeldShape {
        /// The difference, with its path.
        difference: String,
    },
    /// Objects of it may be in memory, and the new version of the module does not define it.
    NotDefined,
    /// The new type lacks it.
    Gone {
        /// Names of other fields of the same structure that it lacks, too.
        others: Vec<String>,
    },
    /// The new type lacks it, and has a new field of the same type.
    MaybeRenamed {
        /// The type that has both, as `struct TAG`; the variable's name if it has no tag.
        of: String,
        /// The old name.
        old: String,
        /// The new field.
        new: String,
    },
    /// A timer, lock or the like is in use.
    InUse {
        /// What it is, with an article: `a timer`.
        object: &'static str,
        /// What its fields say: `is pending`.
        state: &'static str,
    },
    /// The value is an enumerator that the new type lacks.
    EnumeratorGone {
        /// The enumerator.
        name: String,
        /// Its value.
        value: u64,
    },
    /// The value is not an enumerator, and the values of the enumerators changed.
    NoEnumerator {
        /// The value.
        value: u64,
    },
    /// Bytes that the new type has no place for, or uses otherwise, are not zero.
    NotZero {
        /// Their number.
        size: u64,
    },
    /// It points to a part of a converted variable that no longer exists.
    NoSuchPart {
        /// The variable pointed to.
        variable: String,
        /// Offset in its old bytes.
        offset: u64,
    },
    /// It stays where it is, and points into a variable that moves.
    PointsToMoved {
        /// The variable pointed to.
        variable: String,
    },
    /// By its type it is no pointer, but it holds an address in a variable that moves.
    AddressInNumber {
        /// The variable that the address is in.
        variable: String,
    },
    /// Its type is not known on one side, and its size changed.
    Unknown,
    /// Sizes or offsets in a description contradict each other.
    Inconsistent {
        /// What is wrong.
        what: &'static str,
    },
    /// The description is too large to follow.
    TooLarge,
}

impl ConversionRefusal {
    pub(super) fn new(reason: Reason) -> Self {
        Self { path: String::new(), reason }
    }

    /// The same, one step further from the variable.
    pub(super) fn below(mut self, step: &str) -> Self {
        self.path.insert_str(0, step);
        self
    }

    /// What the author or the user can do about it, apart from starting the variable afresh.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        match &self.reason {
            Reason::Gone { others } if others.is_empty() => {
                Some(format!("--drop={} converts without it", self.path))
            }
            Reason::Gone { others } => {
                let structure = self.path.rsplit_once('.').map_or("", |(structure, _)| structure);
                let others = others.iter().map(|other| format!(" --drop={structure}.{other}"));
                Some(format!("--drop={}{} converts without them", self.path, others.collect::<String>()))
            }
            Reason::MaybeRenamed { of, old, new } => Some(format!(
                "if it was renamed, say so in the source: PERSISTENT_RENAMED(\"{of}.{old}\", \"{of}.{new}\"); \
                 otherwise --drop={} converts without it",
                self.path
            )),
            Reason::EnumeratorGone { name, .. } => Some(format!(
                "if {name} was renamed, say so in the source: PERSISTENT_RENAMED(\"enum TAG.{name}\", \"enum TAG.NEW\")"
            )),
            Reason::OtherTarget { old, new } => {
                let (old, new) = (tagged(old)?, tagged(new)?);
                let same_kind = old.split_once(' ')?.0 == new.split_once(' ')?.0;
                same_kind.then(|| {
                    format!(
                        "if {old} was renamed, say so in the source: PERSISTENT_RENAMED(\"{old}\", \"{new}\")"
                    )
                })
            }
            Reason::OldShape { .. } => {
                Some("persistent_old() in the new init converts it by hand".to_owned())
            }
            _ => None,
        }
    }
}

/// `struct TAG` of a pointer to it, as C text.
fn tagged(text: &str) -> Option<&str> {
    let text = text.trim_end_matches(['*', ' ']);
    let text = text.strip_prefix("const ").unwrap_or(text);
    let (keyword, tag) = text.split_once(' ')?;
    let is_name = tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (matches!(keyword, "struct" | "union" | "enum") && is_name).then_some(text)
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherKind { old, new } => write!(f, "another kind of type ({old}, now {new})"),
            Self::Narrower { old, new } => write!(f, "has {new} bits, had {old}"),
            Self::Union { what } => write!(f, "the union changed: {what}"),
            Self::OtherTarget { old, new } => write!(f, "points to another type ({old}, now {new})"),
            Self::OldShape { difference } => {
                write!(f, "what it points to still has the old shape ({difference})")
            }
            Self::HeldShape { difference } => {
                write!(f, "objects of it may be in memory, in the old shape ({difference})")
            }
            Self::NotDefined => {
                f.write_str("objects of it may be in memory, and this version does not know them")
            }
            Self::Gone { others } if others.is_empty() => f.write_str("the new type has no such field"),
            Self::Gone { others } => {
                write!(f, "the new type has no such field, and no {}", others.join(", no "))
            }
            Self::MaybeRenamed { new, .. } => {
                write!(f, "the new type has no such field, but a new field {new} of the same type")
            }
            Self::InUse { object, state } => write!(f, "is {object} that {state}"),
            Self::EnumeratorGone { name, value } => {
                write!(f, "the value is {name} ({value}), which the new type lacks")
            }
            Self::NoEnumerator { value } => {
                write!(f, "the value {value} has no name, and the numbers of the enumerators changed")
            }
            Self::NotZero { size: 1 } => f.write_str("a byte that would be lost or reused is not zero"),
            Self::NotZero { size } => write!(f, "{size} bytes that would be lost or reused are not zero"),
            Self::NoSuchPart { variable, offset } => {
                write!(f, "points to offset {offset:#x} of {variable}, where nothing is carried over")
            }
            Self::PointsToMoved { variable } => write!(f, "points into {variable}, which has to move"),
            Self::AddressInNumber { variable } => {
                write!(f, "is no pointer, but holds an address in {variable}, which has to move")
            }
            Self::Unknown => f.write_str("its type is not known, so it cannot be converted"),
            Self::Inconsistent { what } => write!(f, "its description is inconsistent: {what}"),
            Self::TooLarge => f.write_str("its type is too large to be converted"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_that_is_gone_is_dropped_by_its_path() {
        let remedy = |path: &str, others: &[&str]| {
            let others = others.iter().map(|other| (*other).to_owned()).collect();
            ConversionRefusal { path: path.to_owned(), reason: Reason::Gone { others } }.remedy().unwrap()
        };
        assert_eq!(remedy("score.games", &[]), "--drop=score.games converts without it");
        assert_eq!(
            remedy("score.o.games", &["frames", "at"]),
            "--drop=score.o.games --drop=score.o.frames --drop=score.o.at converts without them"
        );
    }
}
