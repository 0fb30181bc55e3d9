// SPDX-License-Identifier: MIT OR Apache-2.0
//! Builds a plan from two types, or says which field stands in its way.

use std::collections::HashMap;

use super::behind::{self, Behind};
use super::plan::{Bits, Change, Node, NodeId, Part, Plan, Record, Target};
use super::refusal::{ConversionRefusal, Reason};
use super::request::Request;
use super::shape::MAX_DEPTH;
use super::values::{self, is_same_number, is_signed};
use crate::types::{Type, TypeId, Types, c_text, size_of};

/// Most nodes of a plan. A structure takes some, whatever the length of the arrays that it is in.
const MAX_NODES: usize = 1 << 18;
/// Most changes that are listed.
const MAX_CHANGES: usize = 64;
/// Largest number in bytes.
const MAX_NUMBER: u64 = 16;

type Result<T> = std::result::Result<T, ConversionRefusal>;

pub(super) struct Builder<'t> {
    pub(super) request: &'t Request<'t>,
    pub(super) behind: Behind<'t>,
    pub(super) nodes: Vec<Node>,
    known: HashMap<(TypeId, TypeId), NodeId>,
    depth: u32,
    /// The way from the variable to where we are.
    pub(super) path: Vec<String>,
    /// Inside of a union: distance from its start in bits, and its old size in bytes.
    pub(super) union: Option<(u64, u64)>,
    /// Fields at the end that the new type lacks may stay where they are.
    pub(super) tail_stays: bool,
    /// Nothing follows in the variable.
    pub(super) at_end: bool,
    /// There are such fields.
    pub(super) has_tail: bool,
    /// Fields left out at the user's wish so far.
    pub(super) dropped: usize,
    pub(super) changes: Vec<Change>,
    /// Members of a union have new fields.
    pub(super) grows_in_union: bool,
}

impl<'t> Builder<'t> {
    pub(super) fn new(request: &'t Request<'t>, tail_stays: bool) -> Self {
        let behind = Behind {
            old: request.old.types,
            new: request.new.types,
            renames: request.renames,
            variable: request.variable,
            proven: Default::default(),
        };
        Self {
            request,
            behind,
            nodes: Vec::new(),
            known: HashMap::new(),
            depth: 0,
            path: Vec::new(),
            union: None,
            tail_stays,
            at_end: true,
            has_tail: false,
            dropped: 0,
            changes: Vec::new(),
            grows_in_union: false,
        }
    }

    /// The whole plan.
    pub(super) fn plan(mut self) -> Result<(Plan, bool)> {
        let request = self.request;
        let root = self.pair(request.old.id, request.new.id)?;
        let plan = Plan {
            nodes: self.nodes,
            root,
            old_size: request.old.size,
            new_size: request.new.size,
            order: request.order,
            word: request.word,
            changes: self.changes,
            grows_in_union: self.grows_in_union,
        };
        Ok((plan, self.has_tail))
    }

    pub(super) fn old(&self) -> &'t dyn Types {
        self.request.old.types
    }

    pub(super) fn new_types(&self) -> &'t dyn Types {
        self.request.new.types
    }

    pub(super) fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId(self.nodes.len().saturating_sub(1))
    }

    pub(super) fn changed(&mut self, step: &str, what: String) {
        if self.changes.len() < MAX_CHANGES {
            let path = format!("{}{}{step}", self.request.variable, self.path.concat());
            self.changes.push(Change { path, what });
        }
    }

    /// Several parts of one field.
    pub(super) fn group(
        &mut self,
        sizes: (u64, u64),
        parts: Vec<Part>,
        after: Vec<Part>,
        added: Vec<Bits>,
    ) -> NodeId {
        let (old_size, new_size) = sizes;
        self.push(Node::Record(Record { tag: None, old_size, new_size, parts, after, added }))
    }

    /// Does something one step further from the variable.
    pub(super) fn below<T>(&mut self, step: &str, make: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.path.push(step.to_owned());
        let made = make(self);
        self.path.pop();
        made.map_err(|refusal| refusal.below(step))
    }

    /// What becomes of an old type in a new one.
    pub(super) fn pair(&mut self, old: TypeId, new: TypeId) -> Result<NodeId> {
        // What is inside of a union, or at the end, depends on its place.
        let is_shared = self.union.is_none() && !(self.tail_stays && self.at_end);
        if let Some(known) = self.known.get(&(old, new)).filter(|_| is_shared) {
            return Ok(*known);
        }
        if self.depth >= MAX_DEPTH || self.nodes.len() >= MAX_NODES {
            return Err(ConversionRefusal::new(Reason::TooLarge));
        }
        let dropped = self.dropped;
        self.depth = self.depth.saturating_add(1);
        let made = self.make(old, new);
        self.depth = self.depth.saturating_sub(1);
        let id = made?;
        // Fields may be dropped by their path, which is another one at the next place of this type.
        if is_shared && self.dropped == dropped {
            self.known.insert((old, new), id);
        }
        Ok(id)
    }

    fn make(&mut self, old_id: TypeId, new_id: TypeId) -> Result<NodeId> {
        let (old, new) = (self.old().get(old_id), self.new_types().get(new_id));
        let (old, new) = (&*old, &*new);
        match (old, new) {
            (Type::Unknown, _) | (_, Type::Unknown) => Err(ConversionRefusal::new(Reason::Unknown)),
            (Type::Number { .. }, Type::Number { .. }) => self.number(old_id, new_id),
            (Type::Enumeration { .. }, Type::Enumeration { .. }) => self.enumeration(old, new),
            (Type::Pointer { size, target }, Type::Pointer { size: new_size, target: new_target })
                if size == new_size =>
            {
                self.pointer(*size, (old_id, *target), (new_id, *new_target))
            }
            (Type::Array { element, counts }, Type::Array { element: new_element, counts: new_counts })
                if counts.len() == new_counts.len() =>
            {
                let plain =
                    |counts: &[Option<u64>]| counts.iter().map(|n| n.unwrap_or(0)).collect::<Vec<_>>();
                self.array(&plain(counts), &plain(new_counts), *element, *new_element)
            }
            (Type::Record { kind, .. }, Type::Record { kind: new_kind, .. }) if kind == new_kind => {
                self.record(old_id, new_id)
            }
            (Type::Kernel { hash, size, .. }, Type::Kernel { hash: new_hash, .. }) if hash == new_hash => {
                Ok(self.push(Node::Copy { size: *size }))
            }
            _ => Err(self.other_kind(old_id, new_id)),
        }
    }

    pub(super) fn texts(&self, old: TypeId, new: TypeId) -> (String, String) {
        (c_text(self.old(), old), c_text(self.new_types(), new))
    }

    fn other_kind(&self, old: TypeId, new: TypeId) -> ConversionRefusal {
        let (old, new) = self.texts(old, new);
        ConversionRefusal::new(Reason::OtherKind { old, new })
    }

    fn number(&mut self, old_id: TypeId, new_id: TypeId) -> Result<NodeId> {
        let (old, new) = (self.old().get(old_id), self.new_types().get(new_id));
        let (
            Type::Number { size, encoding, .. },
            Type::Number { size: new_size, encoding: new_encoding, .. },
        ) = (&*old, &*new)
        else {
            return Err(ConversionRefusal::new(Reason::Unknown));
        };
        if is_same_number(&old, &new) {
            return Ok(self.push(Node::Copy { size: *size }));
        }
        if *encoding == 0 || *new_encoding == 0 {
            return Err(ConversionRefusal::new(Reason::Unknown));
        }
        if (*size).max(*new_size) > MAX_NUMBER || *size == 0 {
            return Err(ConversionRefusal::new(Reason::Inconsistent { what: "the size of a number" }));
        }
        let bits = |size: u64| size.saturating_mul(8);
        values::widens((bits(*size), *encoding), (bits(*new_size), *new_encoding), || {
            self.texts(old_id, new_id)
        })
        .map_err(ConversionRefusal::new)?;
        self.changed("", format!("is widened from {size} to {new_size} bytes"));
        Ok(self.push(Node::Number { old: *size, new: *new_size, signed: is_signed(*encoding) }))
    }

    fn enumeration(&mut self, old: &Type, new: &Type) -> Result<NodeId> {
        let (
            Type::Enumeration { size, values: list, .. },
            Type::Enumeration { size: new_size, values: new_list, .. },
        ) = (old, new)
        else {
            return Err(ConversionRefusal::new(Reason::Unknown));
        };
        let values = self.values(old, list, new_list);
        if size != new_size && (*size).max(*new_size) > 8 {
            return Err(ConversionRefusal::new(Reason::Inconsistent { what: "the size of an enumeration" }));
        }
        if new_size < size {
            let (old, new) = (size.saturating_mul(8), new_size.saturating_mul(8));
            return Err(ConversionRefusal::new(Reason::Narrower { old, new }));
        }
        if size != new_size {
            self.changed("", format!("is widened from {size} to {new_size} bytes"));
        } else if !values.fixed {
            self.changed("", "takes the new numbers of its enumerators".to_owned());
        }
        let stays = size == new_size && values.fixed;
        if stays && values.all_stay() {
            return Ok(self.push(Node::Copy { size: *size }));
        }
        let node = self.push(Node::Enumeration { old: *size, new: *new_size, values });
        Ok(if stays { self.copy_and(*size, node) } else { node })
    }

    pub(super) fn values(
        &self,
        ty: &Type,
        old: &[(String, u64)],
        new: &[(String, u64)],
    ) -> super::plan::Values {
        let (tag, request) = (behind::type_name(ty), self.request);
        values::values(old, new, &|name| request.renames.field(&tag, request.variable, name))
    }

    /// A field that is copied, and then looked at.
    fn copy_and(&mut self, size: u64, after: NodeId) -> NodeId {
        let copy = self.push(Node::Copy { size });
        self.group((size, size), vec![Part::at_start(copy)], vec![Part::at_start(after)], Vec::new())
    }

    fn pointer(
        &mut self,
        size: u64,
        (old_id, target): (TypeId, TypeId),
        (new_id, new_target): (TypeId, TypeId),
    ) -> Result<NodeId> {
        if size == 0 || size > 8 {
            return Err(ConversionRefusal::new(Reason::Inconsistent { what: "the size of a pointer" }));
        }
        let (old, new) = (self.old(), self.new_types());
        if behind::is_other_target((old, target), (new, new_target), self.request.renames) {
            let (old, new) = self.texts(old_id, new_id);
            return Err(ConversionRefusal::new(Reason::OtherTarget { old, new }));
        }
        let changed = self.behind.difference(target, new_target);
        let target = match &*old.get(target) {
            Type::Void | Type::Unknown => Target::Any,
            ty => ty.tag().map_or(Target::Other, |(_, tag)| Target::Tagged(tag.to_owned())),
        };
        let pointer = self.push(Node::Pointer { size, target, changed });
        Ok(self.copy_and(size, pointer))
    }

    fn array(&mut self, old: &[u64], new: &[u64], element: TypeId, new_element: TypeId) -> Result<NodeId> {
        let ([count, old_rest @ ..], [new_count, new_rest @ ..]) = (old, new) else {
            return self.pair(element, new_element);
        };
        let at_end = std::mem::replace(&mut self.at_end, false);
        let inner = self.below("[]", |builder| builder.array(old_rest, new_rest, element, new_element));
        self.at_end = at_end;
        let inner = inner?;
        let stride = |types: &dyn Types, id, rest: &[u64]| {
            let size = size_of(types, id)?;
            rest.iter().try_fold(size, |size, count| size.checked_mul(*count))
        };
        let strides =
            stride(self.old(), element, old_rest).zip(stride(self.new_types(), new_element, new_rest));
        let Some((old_stride, new_stride)) = strides else {
            return Err(ConversionRefusal::new(Reason::Unknown));
        };
        let sizes = count.checked_mul(old_stride).zip(new_count.checked_mul(new_stride));
        let Some(sizes) =
            sizes.filter(|(old, new)| old.checked_mul(8).is_some() && new.checked_mul(8).is_some())
        else {
            return Err(ConversionRefusal::new(Reason::Inconsistent { what: "the size of an array" }));
        };
        let body = self.repeat(inner, *count.min(new_count), old_stride, new_stride);
        if count == new_count {
            return Ok(body);
        }
        let (mut after, mut added) = (Vec::new(), Vec::new());
        if count > new_count {
            let rest = new_count.saturating_mul(old_stride);
            let bits = Bits { start: 0, size: sizes.0.saturating_sub(rest).saturating_mul(8) };
            let node = self.push(Node::MustBeZero(bits));
            after.push(Part { step: format!("[{new_count}]"), old: rest, new: 0, node, is_room: false });
        } else {
            let start = count.saturating_mul(new_stride);
            let size = sizes.1.saturating_sub(start);
            added.push(Bits { start: start.saturating_mul(8), size: size.saturating_mul(8) });
            if is_text(&self.old().get(element)) && new_rest.is_empty() {
                // The rest of another initial text must not be appended.
                let node = self.push(Node::Zeros { size });
                after.push(Part { new: start, ..Part::at_start(node) });
            }
        }
        self.changed("", format!("has {new_count} elements, had {count}"));
        Ok(self.group(sizes, vec![Part::at_start(body)], after, added))
    }

    /// The same for each element.
    fn repeat(&mut self, inner: NodeId, count: u64, old_stride: u64, new_stride: u64) -> NodeId {
        let whole = old_stride == new_stride;
        let size = count.saturating_mul(old_stride);
        match self.nodes.get(inner.0) {
            Some(Node::Copy { size: one }) if whole && *one == old_stride => self.push(Node::Copy { size }),
            // Elements that are copied as they are, and then looked at.
            Some(Node::Record(record)) if whole && self.is_copied_whole(record, old_stride) => {
                let after = Record { parts: Vec::new(), ..record.clone() };
                let element = self.push(Node::Record(after));
                let array = self.push(Node::Array { count, old_stride, new_stride, element });
                self.copy_and(size, array)
            }
            _ => self.push(Node::Array { count, old_stride, new_stride, element: inner }),
        }
    }

    fn is_copied_whole(&self, record: &Record, size: u64) -> bool {
        let [part] = &*record.parts else { return false };
        let copies = matches!(self.nodes.get(part.node.0), Some(Node::Copy { size: one }) if *one == size);
        copies && part.old == 0 && part.new == 0 && record.added.is_empty()
    }
}

/// `char`: an array of it is a text.
fn is_text(ty: &Type) -> bool {
    matches!(ty, Type::Number { name, size: 1, .. } if name == "char")
}

impl Part {
    /// At offset 0 on both sides.
    pub(super) const fn at_start(node: NodeId) -> Self {
        Self { step: String::new(), old: 0, new: 0, node, is_room: false }
    }
}
