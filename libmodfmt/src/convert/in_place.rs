// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether a variable can stay where it is, so that everything that points to it stays right.

use super::bits;
use super::moves::Moves;
use super::plan::{Bits, Node, NodeId, Part, Plan};
use super::refusal::{ConversionRefusal, Reason};
use super::request::Request;

/// Most ranges in arrays that are listed one by one.
const MAX_RANGES: usize = 1 << 16;

/// A variable that stays where it is with another type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InPlace {
    plan: Plan,
    /// Bits of the kept bytes that were padding, or room, and belong to a new field now.
    must_be_zero: Vec<Bits>,
    has_new_fields: bool,
    /// The old type cannot read everything that the new one may store.
    pub(super) has_more_values: bool,
}

impl InPlace {
    /// Size of the old and the new type in bytes.
    #[must_use]
    pub const fn sizes(&self) -> (u64, u64) {
        (self.plan.old_size(), self.plan.new_size())
    }

    /// What changes, for the account of the variable.
    #[must_use]
    pub fn changes(&self) -> &[super::plan::Change] {
        self.plan.changes()
    }

    /// Whether the new type may store what the old one cannot read, though no field is new: an enumerator.
    #[must_use]
    pub const fn has_more_values(&self) -> bool {
        self.has_more_values
    }

    /// Whether [`InPlace::check`] has anything to look at in the kept bytes, besides room behind the old type
    /// that nothing is known to have used.
    #[must_use]
    pub fn needs_values(&self) -> bool {
        let end = self.plan.old_size().saturating_mul(8);
        self.must_be_zero.iter().any(|bits| bits.start < end)
            || self.plan.nodes.iter().any(|node| match node {
                Node::Idle(_) | Node::MustBeZero(_) => true,
                Node::Pointer { changed, .. } => changed.is_some(),
                Node::Enumeration { values, .. } | Node::BitField { values: Some(values), .. } => {
                    values.list.iter().any(|(old, _, new)| *new != Some(*old))
                }
                _ => false,
            })
    }

    /// Whether the kept bytes, which are at `address`, can be read with the new type: what pointers lead to,
    /// values of enumerations, and room that has to be empty.
    ///
    /// # Errors
    /// The field that cannot be read so.
    pub fn check(
        &self,
        variable: &str,
        kept: &[u8],
        address: u64,
        moves: &Moves<'_>,
    ) -> Result<(), ConversionRefusal> {
        let named = |refusal: ConversionRefusal| refusal.below(variable);
        if !self.room_is_free(kept) {
            let size = self.must_be_zero.iter().map(|bits| bits.size.div_ceil(8)).sum();
            return Err(named(ConversionRefusal::new(Reason::NotZero { size })));
        }
        self.plan.check(kept, address, moves).map_err(named)
    }

    /// Whether there are no new fields.
    pub(super) fn adds_nothing(&self) -> bool {
        !self.has_new_fields
    }

    /// Whether what new fields take over is zero.
    pub(super) fn room_is_free(&self, kept: &[u8]) -> bool {
        self.must_be_zero.iter().all(|bits| bits::are_zero(kept, *bits, self.plan.order))
    }
}

/// The plan as one that changes no byte, if it is one and the place is large enough.
pub(super) fn of(plan: &Plan, request: &Request<'_>) -> Option<InPlace> {
    if request.new.size > request.room || request.new_align > request.align.max(1) {
        return None;
    }
    let mut visit = Visit { plan, zero: Vec::new(), added: Vec::new() };
    if !visit.node(plan.root, 0) {
        return None;
    }
    let Visit { zero, added, .. } = visit;
    let starts_as_zero = |bits: &Bits| {
        let touches = |offset: &u64| {
            offset.saturating_mul(8) < bits.start.saturating_add(bits.size)
                && offset.saturating_add(request.word).saturating_mul(8) > bits.start
        };
        let after = request
            .relocated
            .partition_point(|offset| offset.saturating_add(request.word).saturating_mul(8) <= bits.start);
        bits::are_zero(request.initial, *bits, plan.order)
            && !request.relocated.get(after).is_some_and(touches)
    };
    if !added.iter().all(starts_as_zero) {
        return None;
    }
    let has_new_fields = plan.grows_in_union || !added.is_empty();
    let must_be_zero = zero.into_iter().chain(added).collect();
    Some(InPlace { plan: plan.clone(), must_be_zero, has_new_fields, has_more_values: false })
}

/// Collects what has to be zero.
struct Visit<'p> {
    plan: &'p Plan,
    /// In the kept bytes.
    zero: Vec<Bits>,
    /// New fields.
    added: Vec<Bits>,
}

impl Visit<'_> {
    /// `base` is the offset in bytes, the same before and now.
    fn node(&mut self, id: NodeId, base: u64) -> bool {
        match self.plan.node(id) {
            Some(Node::Number { .. } | Node::Zeros { .. }) | None => false,
            Some(Node::Enumeration { old, new, values }) => old == new && values.fixed,
            Some(Node::BitField { old, new, values, .. }) => {
                old == new && values.as_ref().is_none_or(|values| values.fixed)
            }
            Some(Node::Array { count, old_stride, new_stride, element }) => {
                if *count > 1 && old_stride != new_stride {
                    return false;
                }
                let (zero, added) = (self.zero.len(), self.added.len());
                if *count == 0 {
                    return true;
                }
                if !self.node(*element, base) {
                    return false;
                }
                repeat(&mut self.zero, zero, *count, *old_stride)
                    && repeat(&mut self.added, added, *count, *old_stride)
            }
            Some(Node::Record(record)) => {
                for bits in &record.added {
                    let start = base.saturating_mul(8).saturating_add(bits.start);
                    self.added.push(Bits { start, size: bits.size });
                }
                // Zeros are the rest of a longer text: its bytes are listed as added.
                let checks = record
                    .after
                    .iter()
                    .filter(|part| !matches!(self.plan.node(part.node), Some(Node::Zeros { .. })));
                record.parts.iter().all(|part| self.part(part, base))
                    && checks.into_iter().all(|part| self.check(part, base))
            }
            Some(Node::MustBeZero(bits)) => {
                let start = base.saturating_mul(8).saturating_add(bits.start);
                self.zero.push(Bits { start, size: bits.size });
                true
            }
            Some(Node::Copy { .. } | Node::Pointer { .. } | Node::Idle(_)) => true,
        }
    }

    fn part(&mut self, part: &Part, base: u64) -> bool {
        let before = (self.zero.len(), self.added.len());
        if part.old == part.new && self.node(part.node, base.saturating_add(part.old)) {
            return true;
        }
        // An array of numbers that is zero may be anywhere.
        self.zero.truncate(before.0);
        self.added.truncate(before.1);
        let (old, new) = self.plan.sizes(part.node);
        for (offset, size) in [(part.old, old), (part.new, new)] {
            let start = base.saturating_add(offset).saturating_mul(8);
            self.zero.push(Bits { start, size: size.saturating_mul(8) });
        }
        part.is_room
    }

    fn check(&mut self, part: &Part, base: u64) -> bool {
        self.node(part.node, base.saturating_add(part.old))
    }
}

/// The same ranges for all further elements.
fn repeat(ranges: &mut Vec<Bits>, from: usize, count: u64, stride: u64) -> bool {
    let one: Vec<Bits> = ranges.get(from..).unwrap_or_default().to_vec();
    if one.is_empty() {
        return true;
    }
    let all = usize::try_from(count).ok().and_then(|count| count.checked_mul(one.len()));
    if all.is_none_or(|all| all.saturating_add(from) > MAX_RANGES) {
        return false;
    }
    for index in 1..count {
        let distance = index.saturating_mul(stride).saturating_mul(8);
        let moved = one.iter().map(|bits| Bits { start: bits.start.saturating_add(distance), ..*bits });
        ranges.extend(moved);
    }
    true
}
