// SPDX-License-Identifier: MIT OR Apache-2.0
//! Carries out a plan on the kept bytes.

use std::ops::Range;

use super::bits;
use super::copies::Copies;
use super::idle::{Condition, IdleTest};
use super::kept_bytes::KeptBytes;
use super::moves::{Destination, Moves};
use super::plan::{Bits, Node, NodeId, Part, Plan, Target, Values};
use super::refusal::{ConversionRefusal, Reason};
use crate::elf::ByteOrder;

type Result<T> = std::result::Result<T, ConversionRefusal>;

/// The new bytes of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Converted {
    /// Its value.
    pub bytes: Vec<u8>,
    /// Pointers to variables that move as well, by offset. Those to a variable without a new address are
    /// zero in `bytes`.
    pub pointers: Vec<MovedPointer>,
    kept: KeptBytes,
}

/// A pointer that is moved along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MovedPointer {
    /// Where it is in the new bytes.
    pub offset: u64,
    /// The number of the variable that it points to, in the order of [`Moves::new`].
    pub target: usize,
    /// Offset in the new bytes of that variable.
    pub target_offset: u64,
}

impl Converted {
    /// Whether the new byte at this offset comes from the kept bytes, so that a relocation of the file's
    /// initial value must not be applied there.
    #[must_use]
    pub fn is_kept(&self, offset: u64) -> bool {
        self.kept.contains(offset)
    }
}

impl Plan {
    /// The new bytes of the variable with the number `this` among the `moves`: `old` are its kept bytes,
    /// `initial` the file's initial value (none if that is zero). Linear in the sizes of both.
    ///
    /// # Errors
    /// A value stands in the way: something is in use, points elsewhere, or would be lost. Nothing was
    /// changed then.
    pub fn apply(&self, old: &[u8], initial: &[u8], this: usize, moves: &Moves<'_>) -> Result<Converted> {
        let variable = moves.variable(this);
        let named = |refusal: ConversionRefusal| refusal.below(&variable);
        let new_size = self.checked_sizes(old).map_err(named)?;
        // Pages that are zero already need not be filled with zeros.
        let mut bytes = vec![0; new_size];
        let given = initial.get(..new_size).unwrap_or(initial);
        bytes.get_mut(..given.len()).unwrap_or_default().copy_from_slice(given);
        let kept = KeptBytes::none_of(new_size);
        let own = moves.get(this).map_or(0, |one| one.old_address);
        let converted = Converted { bytes, pointers: Vec::new(), kept };
        let mut runner = Runner::new(self, old, own, moves, Some(converted));
        runner.run(self.root, 0, 0).map_err(named)?;
        let converted = runner.out.unwrap_or_else(|| Converted {
            bytes: Vec::new(),
            pointers: Vec::new(),
            kept: KeptBytes::none_of(0),
        });
        self.no_address_is_left(&converted, moves).map_err(named)?;
        Ok(converted)
    }

    /// Whether the kept bytes at `own` may stay there with the new type.
    pub(super) fn check(&self, old: &[u8], own: u64, moves: &Moves<'_>) -> Result<()> {
        self.checked_sizes(old)?;
        Runner::new(self, old, own, moves, None).run(self.root, 0, 0)
    }

    fn checked_sizes(&self, old: &[u8]) -> Result<usize> {
        let wrong = || ConversionRefusal::new(Reason::Inconsistent { what: "the size of the variable" });
        if old.len() as u64 != self.old_size {
            return Err(wrong());
        }
        usize::try_from(self.new_size).map_err(|_| wrong())
    }

    /// A word that is no pointer by its type may hold an address all the same.
    fn no_address_is_left(&self, converted: &Converted, moves: &Moves<'_>) -> Result<()> {
        let all = moves.all_addresses();
        let bytes = &*converted.bytes;
        // Most words are no address in this range at all: they are looked at in the simplest of ways.
        match (self.word, self.order) {
            (4, ByteOrder::Little) => {
                let words = bytes.as_chunks().0.iter().map(|word| u64::from(u32::from_le_bytes(*word)));
                self.are_no_addresses(words, all, converted, moves)
            }
            (4, ByteOrder::Big) => {
                let words = bytes.as_chunks().0.iter().map(|word| u64::from(u32::from_be_bytes(*word)));
                self.are_no_addresses(words, all, converted, moves)
            }
            (_, ByteOrder::Little) => {
                let words = bytes.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word));
                self.are_no_addresses(words, all, converted, moves)
            }
            (_, ByteOrder::Big) => {
                let words = bytes.as_chunks().0.iter().map(|word| u64::from_be_bytes(*word));
                self.are_no_addresses(words, all, converted, moves)
            }
        }
    }

    fn are_no_addresses(
        &self,
        words: impl Iterator<Item = u64>,
        all: Range<u64>,
        converted: &Converted,
        moves: &Moves<'_>,
    ) -> Result<()> {
        let size = all.end.saturating_sub(all.start);
        let mut index: usize = 0;
        for value in words {
            if value.wrapping_sub(all.start) < size {
                self.is_no_address(converted, index, value, moves)?;
            }
            index = index.wrapping_add(1);
        }
        Ok(())
    }

    /// Whether the word of that number may stay: no variable that moves is there, or it is the file's.
    fn is_no_address(
        &self,
        converted: &Converted,
        index: usize,
        value: u64,
        moves: &Moves<'_>,
    ) -> Result<()> {
        let offset = (index as u64).saturating_mul(self.word);
        match moves.find(value).filter(|_| converted.is_kept(offset)) {
            None => Ok(()),
            Some((number, _)) => {
                let reason = Reason::AddressInNumber { variable: moves.variable(number) };
                Err(ConversionRefusal::new(reason).below(&format!("+{offset:#x}")))
            }
        }
    }
}

struct Runner<'a> {
    plan: &'a Plan,
    old: &'a [u8],
    /// Address of the old bytes.
    own: u64,
    moves: &'a Moves<'a>,
    /// `None` if the variable stays, and is only checked.
    out: Option<Converted>,
    /// Steps that may still be taken. A description may say that much stands at one place.
    steps: u64,
}

impl<'a> Runner<'a> {
    fn new(plan: &'a Plan, old: &'a [u8], own: u64, moves: &'a Moves<'a>, out: Option<Converted>) -> Self {
        let steps = plan.old_size.saturating_add(plan.new_size).saturating_mul(64).saturating_add(1 << 16);
        Self { plan, old, own, moves, out, steps }
    }

    fn run(&mut self, id: NodeId, old: u64, new: u64) -> Result<()> {
        let left = self.steps.checked_sub(1).ok_or_else(|| ConversionRefusal::new(Reason::TooLarge))?;
        self.steps = left;
        match self.plan.node(id) {
            None => Err(outside()),
            Some(Node::Copy { size }) => self.copy(old, new, *size),
            Some(Node::Number { old: size, new: new_size, signed }) => {
                let bytes = self.bytes(old, *size)?;
                let new_size = usize::try_from(*new_size).map_err(|_| outside())?;
                let wide = bits::widened(bytes, new_size, *signed, self.plan.order);
                self.put(new, &wide)
            }
            Some(Node::BitField { old: from, new: to, signed, values }) => {
                self.bit_field((old, *from), (new, *to), *signed, values.as_ref())
            }
            Some(Node::Enumeration { old: size, new: new_size, values }) => {
                let value = values.of(self.number(old, *size)?).map_err(ConversionRefusal::new)?;
                self.put_bits(new, Bits { start: 0, size: new_size.saturating_mul(8) }, value)
            }
            Some(Node::Array { count, old_stride, new_stride, element }) => {
                let copies = Copies::of(self.plan, *element);
                let copies = match copies {
                    Some(copies) => self
                        .copy_all(&copies, *count, (old, *old_stride), (new, *new_stride))?
                        .then_some(copies),
                    None => None,
                };
                if copies.as_ref().is_some_and(|copies| copies.after.is_empty()) {
                    return Ok(());
                }
                for index in 0..*count {
                    let at = |base: u64, stride: u64| {
                        index.checked_mul(stride).and_then(|distance| base.checked_add(distance))
                    };
                    let (Some(old), Some(new)) = (at(old, *old_stride), at(new, *new_stride)) else {
                        return Err(outside());
                    };
                    let done = match &copies {
                        Some(copies) => copies.after.iter().try_for_each(|part| self.part(part, old, new)),
                        None => self.run(*element, old, new),
                    };
                    done.map_err(|refusal| refusal.below(&format!("[{index}]")))?;
                }
                Ok(())
            }
            Some(Node::Record(record)) => {
                // What is in use explains more than where its pointers lead: checks come in their order.
                for part in record.parts.iter().chain(&record.after) {
                    self.part(part, old, new)?;
                }
                Ok(())
            }
            Some(Node::Zeros { size }) => {
                let zeros = vec![0; usize::try_from(*size).unwrap_or(0).min(self.plan_new_size())];
                self.put(new, &zeros)
            }
            Some(Node::Pointer { size, target, changed }) => {
                self.pointer((old, new, *size), target, changed.as_deref())
            }
            Some(Node::Idle(test)) => self.idle(test, old, new),
            Some(Node::MustBeZero(range)) => {
                let start = old.saturating_mul(8).saturating_add(range.start);
                if bits::are_zero(self.old, Bits { start, size: range.size }, self.plan.order) {
                    return Ok(());
                }
                Err(ConversionRefusal::new(Reason::NotZero { size: range.size.div_ceil(8) }))
            }
        }
    }

    fn plan_new_size(&self) -> usize {
        usize::try_from(self.plan.new_size).unwrap_or(0)
    }

    fn part(&mut self, part: &Part, old: u64, new: u64) -> Result<()> {
        let places = old.checked_add(part.old).zip(new.checked_add(part.new));
        let (old, new) = places.ok_or_else(outside)?;
        self.run(part.node, old, new).map_err(|refusal| refusal.below(&part.step))
    }

    fn bytes(&self, offset: u64, size: u64) -> Result<&'a [u8]> {
        range(offset, size).and_then(|range| self.old.get(range)).ok_or_else(outside)
    }

    fn number(&self, offset: u64, size: u64) -> Result<u64> {
        let bytes = self.bytes(offset, size)?;
        let all = Bits { start: 0, size: size.saturating_mul(8) };
        bits::read(bytes, all, self.plan.order).ok_or_else(outside)
    }

    /// Copies what all elements of an array have alike. `false` if nothing was copied, since a part of an
    /// element lies outside of it.
    fn copy_all(
        &mut self,
        copies: &Copies<'_>,
        count: u64,
        (old, old_stride): (u64, u64),
        (new, new_stride): (u64, u64),
    ) -> Result<bool> {
        let steps = count.saturating_mul(copies.count() as u64);
        self.steps = self.steps.checked_sub(steps).ok_or_else(|| ConversionRefusal::new(Reason::TooLarge))?;
        let range = |start: u64, stride: u64| range(start, count.checked_mul(stride)?);
        let (Some(from), Some(to)) = (range(old, old_stride), range(new, new_stride)) else {
            return Ok(false);
        };
        let Some(old) = self.old.get(from) else { return Ok(false) };
        let Some(out) = &mut self.out else { return Ok(true) };
        let strides = usize::try_from(old_stride).ok().zip(usize::try_from(new_stride).ok());
        let (Some(bytes), Some((old_stride, new_stride))) = (out.bytes.get_mut(to.clone()), strides) else {
            return Ok(false);
        };
        if !copies.run((old, old_stride), (bytes, new_stride)) {
            return Ok(false);
        }
        out.kept.add_array(to, new_stride, &copies.written);
        Ok(true)
    }

    fn copy(&mut self, old: u64, new: u64, size: u64) -> Result<()> {
        let bytes = self.bytes(old, size)?;
        self.put(new, bytes)
    }

    fn put(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        let Some(out) = &mut self.out else { return Ok(()) };
        let place = range(offset, bytes.len() as u64).ok_or_else(outside)?;
        out.bytes.get_mut(place.clone()).ok_or_else(outside)?.copy_from_slice(bytes);
        out.kept.add(place);
        Ok(())
    }

    fn put_bits(&mut self, offset: u64, bits: Bits, value: u64) -> Result<()> {
        let order = self.plan.order;
        let Some(out) = &mut self.out else { return Ok(()) };
        let start = offset.checked_mul(8).and_then(|at| at.checked_add(bits.start)).ok_or_else(outside)?;
        let bits = Bits { start, ..bits };
        bits::write(&mut out.bytes, bits, order, value).ok_or_else(outside)?;
        let end = start.saturating_add(bits.size).div_ceil(8);
        if let Some(place) = range(start / 8, end.saturating_sub(start / 8)) {
            out.kept.add(place);
        }
        Ok(())
    }

    fn bit_field(
        &mut self,
        (old, from): (u64, Bits),
        (new, to): (u64, Bits),
        signed: bool,
        values: Option<&Values>,
    ) -> Result<()> {
        let start = old.checked_mul(8).and_then(|at| at.checked_add(from.start)).ok_or_else(outside)?;
        let place = Bits { start, size: from.size };
        let mut value = bits::read(self.old, place, self.plan.order).ok_or_else(outside)?;
        if let Some(values) = values {
            value = values.of(value).map_err(ConversionRefusal::new)?;
        }
        let unused = 64_u32.saturating_sub(u32::try_from(from.size).unwrap_or(64));
        if signed && unused < 64 {
            value = (value.wrapping_shl(unused).cast_signed() >> unused).cast_unsigned();
        }
        self.put_bits(new, to, value)
    }

    fn pointer(
        &mut self,
        (old, new, size): (u64, u64, u64),
        target: &Target,
        changed: Option<&str>,
    ) -> Result<()> {
        let value = self.number(old, size)?;
        if value == 0 {
            return Ok(());
        }
        if let Some(difference) = changed.filter(|_| !self.moves.knows(value)) {
            return Err(ConversionRefusal::new(Reason::OldShape { difference: difference.to_owned() }));
        }
        self.move_address(value, (new, size), target)
    }

    /// Moves an address along, if it is in a variable that moves.
    fn move_address(&mut self, value: u64, (new, size): (u64, u64), target: &Target) -> Result<()> {
        let (number, offset) = match self.moves.destination(value, target) {
            Destination::To(number, offset) => (number, offset),
            Destination::Nowhere(number, offset) => return Err(self.no_such_part(number, offset)),
            Destination::Stays => match self.moves.ends_at(value) {
                None => return Ok(()),
                // One past the end: of the variable, as long as it does not have more elements now.
                Some(number) => {
                    let plan = self.moves.get(number).map(|one| one.plan);
                    let sizes = plan.map_or((0, 0), |plan| (plan.old_size, plan.new_size));
                    if sizes.0 != sizes.1 {
                        return Err(self.no_such_part(number, sizes.0));
                    }
                    (number, sizes.1)
                }
            },
        };
        let new_address = self.moves.get(number).and_then(|one| one.new_address);
        let Some(out) = &mut self.out else {
            let variable = self.moves.variable(number);
            return Err(ConversionRefusal::new(Reason::PointsToMoved { variable }));
        };
        out.pointers.push(MovedPointer { offset: new, target: number, target_offset: offset });
        let moved = new_address.map_or(0, |address| address.wrapping_add(offset));
        self.put_bits(new, Bits { start: 0, size: size.saturating_mul(8) }, moved)
    }

    fn no_such_part(&self, number: usize, offset: u64) -> ConversionRefusal {
        let variable = self.moves.variable(number);
        ConversionRefusal::new(Reason::NoSuchPart { variable, offset })
    }

    fn idle(&mut self, test: &IdleTest, old: u64, new: u64) -> Result<()> {
        if self.out.is_none() {
            return Ok(());
        }
        let in_use = || {
            Err(ConversionRefusal::new(Reason::InUse { object: test.rule.object, state: test.rule.state }))
        };
        let Some((field, size)) = test.field else {
            let is_zero = self.bytes(old, test.size)?.iter().all(|byte| *byte == 0);
            return if is_zero { Ok(()) } else { in_use() };
        };
        let place = old.checked_add(field).ok_or_else(outside)?;
        let value = self.number(place, size)?;
        let is_idle = match test.rule.condition {
            Condition::Zero => value == 0,
            Condition::BitsZero(mask) => value & mask == 0,
            Condition::Unlinked => value == 0 || is_poison(value) || self.moves.find(value).is_some(),
            // include/linux/xarray.h: internal entries end in 10, and nodes are above the reserved ones.
            Condition::NoNode => value & 3 != 2 || value < 4096,
            Condition::OwnAddress => {
                if value == self.own.wrapping_add(old) {
                    let at = new.checked_add(field).ok_or_else(outside)?;
                    return self.move_address(value, (at, size), &Target::Other);
                }
                value == 0
            }
        };
        if is_idle { Ok(()) } else { in_use() }
    }
}

/// `LIST_POISON1`, `LIST_POISON2` (include/linux/poison.h) with any `POISON_POINTER_DELTA`.
fn is_poison(value: u64) -> bool {
    let delta = value >> 12 == 0 || value >> 48 == 0xdead || value >> 28 == 0x5_dead_beef;
    delta && matches!(value & 0xfff, 0x100 | 0x122 | 0x200)
}

fn outside() -> ConversionRefusal {
    ConversionRefusal::new(Reason::Inconsistent { what: "a part lies outside of the variable" })
}

fn range(offset: u64, size: u64) -> Option<Range<usize>> {
    let start = usize::try_from(offset).ok()?;
    Some(start..start.checked_add(usize::try_from(size).ok()?)?)
}
