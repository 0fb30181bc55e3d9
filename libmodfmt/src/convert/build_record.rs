// SPDX-License-Identifier: MIT OR Apache-2.0
//! The part of building a plan that is about structures and unions: their fields by name.

use super::behind;
use super::build::Builder;
use super::idle;
use super::plan::{Bits, Node, NodeId, Part, Record};
use super::refusal::{ConversionRefusal, Reason};
use super::shape::{self, Field, Matching};
use super::values::{self, is_signed};
use crate::types::{Comparison, TagKind, Type, TypeId};

type Result<T> = std::result::Result<T, ConversionRefusal>;

impl Builder<'_> {
    /// A structure or union whose kind did not change.
    pub(super) fn record(&mut self, old_id: TypeId, new_id: TypeId) -> Result<NodeId> {
        let (old, new) = (self.old().get(old_id), self.new_types().get(new_id));
        let (
            Type::Record { kind, name: tag, size, members },
            Type::Record { size: new_size, members: new_members, .. },
        ) = (&*old, &*new)
        else {
            return Err(ConversionRefusal::new(Reason::Unknown));
        };
        if (*size, *new_size) == (0, 0) {
            return Ok(self.push(Node::Copy { size: 0 }));
        }
        let inconsistent = |what| ConversionRefusal::new(Reason::Inconsistent { what });
        let old_fields = shape::fields(self.old(), members, *size).map_err(inconsistent)?;
        let new_fields = shape::fields(self.new_types(), new_members, *new_size).map_err(inconsistent)?;
        // Each byte has one meaning then, and a plan is no larger than the variable.
        if *kind == TagKind::Struct && (shape::overlap(&old_fields) || shape::overlap(&new_fields)) {
            return Err(inconsistent("members of a structure overlap"));
        }
        let (of, request) = (behind::type_name(&old), self.request);
        let renamed = |name: &str| request.renames.field(&of, request.variable, name);
        let matching = Matching::of(&old_fields, &new_fields, &renamed);
        let mut made = match kind {
            TagKind::Union => self.union(&matching, *size, *new_size)?,
            _ => self.structure(&matching, (&of, tag), (*size, *new_size))?,
        };
        for test in idle::tests(self.old(), old_id, tag, *size) {
            let node = self.push(Node::Idle(test));
            made.after.insert(0, Part::at_start(node));
        }
        made.tag = Some(tag.clone());
        self.merge_copies(&mut made);
        let whole = matches!(&*made.parts, [part] if self.is_whole_copy(part, *size));
        if whole && made.after.is_empty() && size == new_size && made.added.is_empty() {
            return Ok(self.push(Node::Copy { size: *size }));
        }
        Ok(self.push(Node::Record(made)))
    }

    fn is_whole_copy(&self, part: &Part, size: u64) -> bool {
        let copies = matches!(self.nodes.get(part.node.0), Some(Node::Copy { size: one }) if *one == size);
        copies && part.old == 0 && part.new == 0
    }

    fn structure(
        &mut self,
        matching: &Matching<'_>,
        (of, tag): (&str, &str),
        (old_size, new_size): (u64, u64),
    ) -> Result<Record> {
        let mut made =
            Record { tag: None, old_size, new_size, parts: Vec::new(), after: Vec::new(), added: Vec::new() };
        let mut removed = matching.removed.iter();
        while let Some(field) = removed.next() {
            if let Err(mut refusal) = self.removed(field, matching, (of, tag), &mut made) {
                if let Reason::Gone { others } = &mut refusal.reason {
                    let is_gone = |field: &&&Field| {
                        let result = self.removed(field, matching, (of, tag), &mut made);
                        result.is_err_and(|refusal| matches!(refusal.reason, Reason::Gone { .. }))
                    };
                    others.extend(removed.filter(is_gone).map(|field| field.label().to_owned()));
                }
                return Err(refusal);
            }
        }
        let (union, at_end) = (self.union, self.at_end);
        let new_end = matching.pairs.iter().map(|(_, new)| new.end()).max();
        for (old, new) in &matching.pairs {
            let step = step(old);
            self.at_end = at_end && Some(new.end()) == new_end && old.bit_offset == new.bit_offset;
            self.union = union.map(|(base, size)| (base.saturating_add(old.bit_offset), size));
            let is_bits = old.bits > 0 || new.bits > 0;
            let node = self.below(&step, |builder| match is_bits {
                true => builder.bit_field(old, new),
                false => builder.pair(old.type_id, new.type_id),
            });
            (self.union, self.at_end) = (union, at_end);
            if old.name != new.name && !old.name.is_empty() && !new.name.is_empty() {
                self.changed(&step, format!("is renamed to {}", new.name));
            }
            let is_room = self.is_room(old);
            let place = |offset: u64| offset / 8;
            let (old, new) = (place(old.bit_offset), place(new.bit_offset));
            made.parts.push(Part { step, old, new, node: node?, is_room });
        }
        for field in &matching.added {
            let bits = Bits { start: field.bit_offset, size: field.extent };
            made.added.push(bits);
            self.changed(&step(field), "is new".to_owned());
            // Which member of the union is in use is not known, so the new field's bytes may be.
            if let Some((base, size)) = union {
                let room = size.saturating_mul(8).saturating_sub(base.saturating_add(bits.start));
                let bits = Bits { size: bits.size.min(room), ..bits };
                let node = self.push(Node::MustBeZero(bits));
                made.after.push(Part { step: step(field), ..Part::at_start(node) });
                self.grows_in_union = true;
            }
        }
        made.parts.sort_by_key(|part| part.old);
        Ok(made)
    }

    /// A field that the new type lacks.
    fn removed(
        &mut self,
        field: &Field,
        matching: &Matching<'_>,
        (of, tag): (&str, &str),
        made: &mut Record,
    ) -> Result<()> {
        let name = field.label();
        let step = format!(".{name}");
        if self.is_dropped(of, &step) {
            self.dropped = self.dropped.saturating_add(1);
            self.changed(&step, "is dropped".to_owned());
            return Ok(());
        }
        let refused = |reason| Err(ConversionRefusal::new(reason).below(&step));
        if !field.inside.is_empty() {
            return refused(Reason::Union { what: format!("{name} is no longer in one, or is gone") });
        }
        let last = matching.pairs.iter().map(|(_, new)| new.end()).max();
        // In a union the bytes stay as they are.
        let is_last = self.at_end && last.is_some_and(|last| field.bit_offset >= last);
        if self.tail_stays && (is_last || self.union.is_some()) {
            self.has_tail = true;
            self.changed(&step, "stays behind the end, unused".to_owned());
            return Ok(());
        }
        if let Some(new) = matching.added.iter().find(|new| self.is_same_type(field, new)) {
            let of = if tag.is_empty() { self.request.variable } else { of };
            let (of, old, new) = (of.to_owned(), name.to_owned(), new.label().to_owned());
            return refused(Reason::MaybeRenamed { of, old, new });
        }
        if !self.is_room(field) {
            return refused(Reason::Gone { others: Vec::new() });
        }
        let node = self.push(Node::MustBeZero(Bits { start: 0, size: field.extent }));
        let old = field.bit_offset / 8;
        self.changed(&step, "is gone; it was zero".to_owned());
        made.after.push(Part { step, old, new: 0, node, is_room: true });
        Ok(())
    }

    /// The user gives a field with its path, with its structure, or by its name alone.
    fn is_dropped(&self, of: &str, step: &str) -> bool {
        let path = format!("{}{}{step}", self.request.variable, self.path.concat());
        let name = step.get(1..).unwrap_or_default();
        let given = |drop: &String| *drop == path || drop == name || drop.strip_suffix(step) == Some(of);
        self.request.drops.iter().any(given)
    }

    fn is_same_type(&self, old: &Field, new: &Field) -> bool {
        let comparison = Comparison::new(self.old(), self.new_types());
        old.bits == new.bits && old.extent == new.extent && comparison.of(old.type_id, new.type_id).is_ok()
    }

    /// An array of numbers: while it is zero it holds nothing, and may be room for later fields.
    fn is_room(&self, field: &Field) -> bool {
        let Type::Array { element, .. } = &*self.old().get(field.type_id) else { return false };
        matches!(&*self.old().get(*element), Type::Number { .. })
    }

    /// An array of bytes, as `char room[16]` in a union, where wider numbers would be values.
    fn is_bytes(&self, field: &Field) -> bool {
        let Type::Array { element, .. } = &*self.old().get(field.type_id) else { return false };
        matches!(&*self.old().get(*element), Type::Number { size: 1, .. })
    }

    fn bit_field(&mut self, old: &Field, new: &Field) -> Result<NodeId> {
        let (old_type, new_type) = (self.old().get(old.type_id), self.new_types().get(new.type_id));
        if old.extent > 64 || new.extent > 64 || old.extent == 0 {
            return Err(ConversionRefusal::new(Reason::Inconsistent { what: "the size of a bit-field" }));
        }
        let (mut signed, mut values) = (false, None);
        match (&*old_type, &*new_type) {
            (Type::Number { encoding, .. }, Type::Number { encoding: new_encoding, .. }) => {
                signed = is_signed(*encoding);
                let (from, to) = ((old.extent, *encoding), (new.extent, *new_encoding));
                let known = *encoding != 0 && *new_encoding != 0;
                if known || old.extent != new.extent {
                    values::widens(from, to, || self.texts(old.type_id, new.type_id))
                        .map_err(ConversionRefusal::new)?;
                }
            }
            (Type::Enumeration { values: list, .. }, Type::Enumeration { values: new_list, .. }) => {
                if new.extent < old.extent {
                    let (old, new) = (old.extent, new.extent);
                    return Err(ConversionRefusal::new(Reason::Narrower { old, new }));
                }
                values = Some(self.values(&old_type, list, new_list)).filter(|values| !values.all_stay());
            }
            _ => {
                let (old, new) = self.texts(old.type_id, new.type_id);
                return Err(ConversionRefusal::new(Reason::OtherKind { old, new }));
            }
        }
        if old.extent != new.extent {
            self.changed("", format!("is widened from {} to {} bits", old.extent, new.extent));
        }
        let bits = |field: &Field| Bits { start: field.bit_offset % 8, size: field.extent };
        Ok(self.push(Node::BitField { old: bits(old), new: bits(new), signed, values }))
    }

    fn union(&mut self, matching: &Matching<'_>, old_size: u64, new_size: u64) -> Result<Record> {
        let changed = |what: String| ConversionRefusal::new(Reason::Union { what });
        for field in &matching.removed {
            // Its bytes stay, and the new type has nothing but room there.
            let has_room = !matching.pairs.is_empty() && matching.added.is_empty() && new_size == old_size;
            let has_room = has_room && matching.pairs.iter().all(|(old, _)| self.is_bytes(old));
            if !(self.tail_stays && has_room) {
                return Err(changed(format!("member {} is gone", field.label())));
            }
            self.has_tail = true;
            self.changed(&step(field), "stays in the union, unused".to_owned());
        }
        if new_size < old_size {
            return Err(changed(format!("it has {new_size} bytes, had {old_size}")));
        }
        let outer = self.union;
        let mut after = Vec::new();
        for (old, new) in &matching.pairs {
            let step = step(old);
            self.union = Some((old.bit_offset, old_size));
            let is_bits = old.bits > 0 || new.bits > 0;
            let made = self.below(&step, |builder| match is_bits {
                true => builder.bit_field(old, new),
                false => builder.pair(old.type_id, new.type_id),
            });
            self.union = outer;
            let node = made?;
            if old.bit_offset != new.bit_offset || !self.is_same_place(node) {
                return Err(changed(format!("member {} changed", old.label())));
            }
            if let Some(node) = self.only_checks(node) {
                let at = old.bit_offset / 8;
                after.push(Part { step, old: at, new: at, node, is_room: false });
            }
        }
        for field in &matching.added {
            self.changed(&step(field), "is new in the union".to_owned());
        }
        let copy = self.push(Node::Copy { size: old_size });
        let grown = Bits {
            start: old_size.saturating_mul(8),
            size: new_size.saturating_sub(old_size).saturating_mul(8),
        };
        let added = if grown.size > 0 { vec![grown] } else { Vec::new() };
        Ok(Record { tag: None, old_size, new_size, parts: vec![Part::at_start(copy)], after, added })
    }

    /// Whether the old bytes mean the same to the new type without being changed.
    fn is_same_place(&self, id: NodeId) -> bool {
        match self.nodes.get(id.0) {
            Some(Node::Number { .. }) | None => false,
            Some(Node::Enumeration { old, new, values }) => old == new && values.fixed,
            Some(Node::BitField { old, new, values, .. }) => {
                old == new && values.as_ref().is_none_or(|values| values.fixed)
            }
            Some(Node::Array { count, old_stride, new_stride, element }) => {
                (*count < 2 || old_stride == new_stride) && self.is_same_place(*element)
            }
            Some(Node::Record(record)) => {
                record.parts.iter().all(|part| part.old == part.new && self.is_same_place(part.node))
            }
            Some(_) => true,
        }
    }

    /// A node without what moves bytes; `None` if nothing is left.
    fn only_checks(&mut self, id: NodeId) -> Option<NodeId> {
        let node = self.nodes.get(id.0)?.clone();
        match node {
            Node::Copy { .. } | Node::Number { .. } | Node::Zeros { .. } => None,
            Node::BitField { values: None, .. } => None,
            Node::Array { count, old_stride, new_stride, element } => {
                let element = self.only_checks(element)?;
                Some(self.push(Node::Array { count, old_stride, new_stride, element }))
            }
            Node::Record(mut record) => {
                let moving = std::mem::take(&mut record.parts);
                let checks = moving
                    .into_iter()
                    .filter_map(|part| Some(Part { node: self.only_checks(part.node)?, ..part }));
                let checks: Vec<Part> = checks.collect();
                record.after.extend(checks);
                record.added.clear();
                if record.after.is_empty() { None } else { Some(self.push(Node::Record(record))) }
            }
            _ => Some(id),
        }
    }

    /// Joins copies of neighbours. A structure that did not change is one copy, padding included.
    fn merge_copies(&mut self, record: &mut Record) {
        self.inline_groups(record);
        let unchanged = record.old_size == record.new_size
            && record.added.is_empty()
            && !record.parts.is_empty()
            && record.parts.iter().all(|part| part.old == part.new && self.is_plain(part.node))
            && record
                .after
                .iter()
                .all(|part| !matches!(self.nodes.get(part.node.0), Some(Node::MustBeZero(_))));
        if unchanged {
            let copy = self.push(Node::Copy { size: record.old_size });
            record.parts = vec![Part::at_start(copy)];
            return;
        }
        let mut merged: Vec<Part> = Vec::with_capacity(record.parts.len());
        for part in std::mem::take(&mut record.parts) {
            let size = |id: NodeId, nodes: &[Node]| match nodes.get(id.0) {
                Some(Node::Copy { size }) => Some(*size),
                _ => None,
            };
            let joined = merged.last_mut().and_then(|last| {
                let (one, two) = (size(last.node, &self.nodes)?, size(part.node, &self.nodes)?);
                let follows =
                    last.old.checked_add(one)? == part.old && last.new.checked_add(one)? == part.new;
                (follows && !last.is_room && !part.is_room).then_some((last, one.checked_add(two)?))
            });
            match joined {
                Some((last, size)) => {
                    self.nodes.push(Node::Copy { size });
                    last.node = NodeId(self.nodes.len().saturating_sub(1));
                    last.step.clear();
                }
                None => merged.push(part),
            }
        }
        record.parts = merged;
    }

    /// Copied as it is, padding or not.
    fn is_plain(&self, id: NodeId) -> bool {
        match self.nodes.get(id.0) {
            Some(Node::Copy { .. }) => true,
            Some(Node::BitField { old, new, values: None, .. }) => old == new,
            _ => false,
        }
    }

    /// A field that is copied and then looked at becomes a copy of the structure, and a check of it.
    fn inline_groups(&mut self, record: &mut Record) {
        for part in &mut record.parts {
            let Some(Node::Record(inner)) = self.nodes.get(part.node.0) else { continue };
            let [copied] = &*inner.parts else { continue };
            let is_copy =
                matches!(self.nodes.get(copied.node.0), Some(Node::Copy { size }) if *size == inner.old_size);
            if !is_copy || inner.old_size != inner.new_size || !inner.added.is_empty() {
                continue;
            }
            // A structure of its own keeps its place in the plan: pointers to its start lead there.
            let moved = part.old != part.new && inner.tag.is_some();
            if moved || copied.old != 0 || copied.new != 0 {
                continue;
            }
            let (copy, checks) = (copied.node, Record { parts: Vec::new(), ..inner.clone() });
            let node = self.push(Node::Record(checks));
            record.after.push(Part { node, is_room: false, ..part.clone() });
            part.node = copy;
        }
    }
}

fn step(field: &Field) -> String {
    if field.name.is_empty() { String::new() } else { format!(".{}", field.name) }
}
