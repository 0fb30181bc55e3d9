// SPDX-License-Identifier: MIT OR Apache-2.0
//! How the bytes of a variable are converted: a tree of parts with their old and new offsets.

use crate::elf::ByteOrder;

use super::idle::IdleTest;

/// A conversion that was found possible as far as types tell. [`Plan::apply`] carries it out, and checks
/// what the values have to be for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub(super) nodes: Vec<Node>,
    pub(super) root: NodeId,
    pub(super) old_size: u64,
    pub(super) new_size: u64,
    pub(super) order: ByteOrder,
    /// Bytes of a pointer.
    pub(super) word: u64,
    pub(super) changes: Vec<Change>,
    /// Members of a union have new fields.
    pub(super) grows_in_union: bool,
}

/// One thing that a conversion changes, for the account of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The field, from the variable on; an index is left empty.
    pub path: String,
    /// What happens to it, as a clause.
    pub what: String,
}

/// The number of a node in its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NodeId(pub(super) usize);

/// What is done with a part. The first group moves bytes; the second is done afterwards: it looks at the old
/// bytes, and changes only pointers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Copy {
        size: u64,
    },
    Number {
        old: u64,
        new: u64,
        signed: bool,
    },
    BitField {
        old: Bits,
        new: Bits,
        signed: bool,
        values: Option<Values>,
    },
    Enumeration {
        old: u64,
        new: u64,
        values: Values,
    },
    Array {
        count: u64,
        old_stride: u64,
        new_stride: u64,
        element: NodeId,
    },
    Record(Record),

    /// Zeros where a text became longer.
    Zeros {
        size: u64,
    },
    Pointer {
        size: u64,
        target: Target,
        changed: Option<String>,
    },
    Idle(IdleTest),
    /// Would be lost, or is given to a new field.
    MustBeZero(Bits),
}

/// A structure, or several parts of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// `None` if these are parts of one field; the tag may be empty.
    pub(super) tag: Option<String>,
    pub(super) old_size: u64,
    pub(super) new_size: u64,
    /// What moves bytes, by old offset.
    pub(super) parts: Vec<Part>,
    /// What is done afterwards: checks, and pointers.
    pub(super) after: Vec<Part>,
    /// New bits that no old ones go to.
    pub(super) added: Vec<Bits>,
}

/// A part of a structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// What is appended to the path: `.name`; empty for copies of several fields.
    pub(super) step: String,
    /// Offsets in bytes.
    pub(super) old: u64,
    pub(super) new: u64,
    pub(super) node: NodeId,
    /// Numbers that nothing is lost of while they are zero: they may be room for new fields.
    pub(super) is_room: bool,
}

/// A range of bits, as the processor counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bits {
    pub(super) start: u64,
    pub(super) size: u64,
}

/// What becomes of the values of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Values {
    /// Old value, name, new value; sorted by old value.
    pub(super) list: Vec<(u64, String, Option<u64>)>,
    /// All enumerators that exist on both sides have the same value, so others may stay as they are.
    pub(super) fixed: bool,
}

/// What a pointer leads to, as far as it matters for pointers to the start of a structure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// `void`, or not known.
    Any,
    /// A structure or union of that tag.
    Tagged(String),
    /// Something else.
    Other,
}

impl Plan {
    /// Size of the old bytes.
    #[must_use]
    pub const fn old_size(&self) -> u64 {
        self.old_size
    }

    /// Size of the new bytes.
    #[must_use]
    pub const fn new_size(&self) -> u64 {
        self.new_size
    }

    /// What changes, for the account of a variable. At most 64 entries.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    pub(super) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0)
    }

    /// Old and new size of what a node moves, in bytes.
    pub(super) fn sizes(&self, id: NodeId) -> (u64, u64) {
        match self.node(id) {
            Some(Node::Copy { size }) => (*size, *size),
            Some(Node::Number { old, new, .. } | Node::Enumeration { old, new, .. }) => (*old, *new),
            Some(Node::Array { count, old_stride, new_stride, .. }) => {
                (count.saturating_mul(*old_stride), count.saturating_mul(*new_stride))
            }
            Some(Node::Record(record)) => (record.old_size, record.new_size),
            _ => (0, 0),
        }
    }

    /// Where what is at an old offset goes; `None` if it is not carried over.
    pub(super) fn moved_to(&self, offset: u64, target: &Target) -> Option<u64> {
        let (mut id, mut rest, mut base) = (self.root, offset, 0_u64);
        // A plan is a tree: it ends.
        loop {
            match self.node(id)? {
                Node::Record(record) => {
                    let is_start = rest == 0 && record.tag.is_some();
                    if is_start
                        && match target {
                            Target::Any => true,
                            Target::Tagged(tag) => record.tag.as_ref() == Some(tag),
                            Target::Other => false,
                        }
                    {
                        return Some(base);
                    }
                    let behind = record.parts.partition_point(|part| part.old <= rest);
                    let part = record.parts.get(behind.checked_sub(1)?)?;
                    rest = rest.checked_sub(part.old)?;
                    base = base.checked_add(part.new)?;
                    id = part.node;
                }
                Node::Array { count, old_stride, new_stride, element } => {
                    let index = rest.checked_div(*old_stride)?;
                    if index >= *count {
                        return None;
                    }
                    rest = rest.checked_sub(index.checked_mul(*old_stride)?)?;
                    base = base.checked_add(index.checked_mul(*new_stride)?)?;
                    id = *element;
                }
                Node::Copy { size } => return base.checked_add(rest).filter(|_| rest < *size),
                Node::Number { .. } | Node::Enumeration { .. } => return Some(base).filter(|_| rest == 0),
                _ => return None,
            }
        }
    }
}
