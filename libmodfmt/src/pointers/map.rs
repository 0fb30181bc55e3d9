// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where a type has pointers.

use std::collections::HashMap;

use super::holder::Holder;
use crate::types::{TagKind, Type, TypeId, Types, size_of};

/// How deeply types may nest. A circle in damaged data is deeper.
const MAX_DEPTH: u32 = 64;

/// The pointers in a type: only what has some.
#[derive(Debug)]
pub(super) struct PointerMap {
    nodes: Vec<Node>,
    /// `None` if there is no pointer.
    pub(super) root: Option<usize>,
}

#[derive(Debug)]
pub(super) enum Node {
    /// A pointer of this size in bytes, and what it leads to.
    Pointer {
        size: u64,
        target: TypeId,
    },
    /// Bytes of which nothing is known but what they are.
    Bytes {
        size: u64,
        holder: Option<Holder>,
    },
    Array {
        count: u64,
        stride: u64,
        element: usize,
    },
    /// Names, offsets in bytes, and nodes. Of a union, only one is in use.
    Record {
        parts: Vec<(String, u64, usize)>,
        is_union: bool,
        holder: Option<Holder>,
    },
}

impl PointerMap {
    pub(super) fn of(types: &dyn Types, id: TypeId) -> Self {
        let mut builder = Builder { types, nodes: Vec::new(), known: HashMap::new() };
        let root = builder.node(id, 0);
        Self { nodes: builder.nodes, root }
    }

    pub(super) fn node(&self, id: usize) -> Option<&Node> {
        self.nodes.get(id)
    }
}

struct Builder<'t> {
    types: &'t dyn Types,
    nodes: Vec<Node>,
    known: HashMap<TypeId, Option<usize>>,
}

impl Builder<'_> {
    fn node(&mut self, id: TypeId, depth: u32) -> Option<usize> {
        if let Some(known) = self.known.get(&id) {
            return *known;
        }
        if depth >= MAX_DEPTH {
            return None;
        }
        let node = self.make(id, depth.saturating_add(1)).map(|node| {
            self.nodes.push(node);
            self.nodes.len().saturating_sub(1)
        });
        self.known.insert(id, node);
        node
    }

    fn make(&mut self, id: TypeId, depth: u32) -> Option<Node> {
        let types = self.types;
        match &*types.get(id) {
            Type::Pointer { size, target } => Some(Node::Pointer { size: *size, target: *target }),
            Type::Kernel { size, kind, name, .. } => {
                Some(Node::Bytes { size: *size, holder: Holder::of(*kind, name) })
            }
            Type::Array { element, counts } => {
                let node = self.node(*element, depth)?;
                let stride = size_of(types, *element)?;
                // Inner dimensions first.
                let mut stride = stride;
                let mut made: Option<Node> = None;
                for count in counts.iter().rev() {
                    let element = match made.take() {
                        None => node,
                        Some(inner) => {
                            self.nodes.push(inner);
                            self.nodes.len().saturating_sub(1)
                        }
                    };
                    let count = count.unwrap_or(0);
                    made = Some(Node::Array { count, stride, element });
                    stride = stride.checked_mul(count)?;
                }
                made
            }
            Type::Record { kind, name, members, .. } => {
                let mut parts = Vec::new();
                for member in members.iter().filter(|member| member.bits == 0) {
                    if let Some(node) = self.node(member.type_id, depth) {
                        parts.push((member.name.clone(), member.bit_offset / 8, node));
                    }
                }
                // A Rust enum has variants, of which one is in use.
                let is_union =
                    *kind == TagKind::Union || members.iter().any(|member| !member.selected_by.is_empty());
                let holder = Holder::of(*kind, name);
                (!parts.is_empty()).then_some(Node::Record { parts, is_union, holder })
            }
            _ => None,
        }
    }
}
