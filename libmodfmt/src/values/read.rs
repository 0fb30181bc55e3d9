// SPDX-License-Identifier: MIT OR Apache-2.0
//! From bytes to the tree.

use super::scalar;
use super::select::Located;
use super::value::{Field, Missing, Run, Value, ValueKind};
use crate::elf::ByteOrder;
use crate::types::{Type, TypeId, Types, size_of};

/// Bytes of which the type is not known are kept up to here.
const MAX_UNTYPED_BYTES: u64 = 4096;
/// Steps for each byte, and besides. A consistent type needs one step for each value and for each byte that
/// is compared with its neighbour, and once more for each level of its arrays.
const STEPS_PER_BYTE: u64 = 64;
const STEPS_BESIDES: u64 = 1 << 16;
/// The reader calls itself for each level.
const MAX_DEPTH: u32 = 64;

/// How much of a value is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Values in all: numbers, structures and arrays; a run counts once.
    pub values: u64,
    /// How deeply structures and arrays may nest; at most 64.
    pub depth: u32,
}

impl Default for Limits {
    /// 65,536 values, 24 levels.
    fn default() -> Self {
        Self { values: 1 << 16, depth: 24 }
    }
}

/// The bytes of an object, read twice.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'b> {
    bytes: &'b [u8],
    again: &'b [u8],
    order: ByteOrder,
}

impl<'b> Reading<'b> {
    /// Bytes that do not change while they are looked at.
    #[must_use]
    pub const fn new(bytes: &'b [u8], order: ByteOrder) -> Self {
        Self { bytes, again: bytes, order }
    }

    /// The same bytes at a second reading, from the same address: values that differ are unstable.
    #[must_use]
    pub const fn again(self, again: &'b [u8]) -> Self {
        Self { again, ..self }
    }

    fn part(&self, start: u64, size: u64) -> Option<(&'b [u8], &'b [u8])> {
        let first = usize::try_from(start).ok()?;
        let end = first.checked_add(usize::try_from(size).ok()?)?;
        Some((self.bytes.get(first..end)?, self.again.get(first..end).unwrap_or_default()))
    }
}

/// Reads the value at a place. Time and memory grow with the bytes, never with what the types say.
#[must_use]
pub fn read(types: &dyn Types, at: Located, reading: &Reading<'_>, limits: Limits) -> Value {
    let length = reading.bytes.len() as u64;
    let steps_left = length.saturating_mul(STEPS_PER_BYTE).saturating_add(STEPS_BESIDES);
    let mut reader = Reader { types, reading, values_left: limits.values, steps_left };
    // An array without a length that ends an object goes on to the end of the bytes.
    reader.value(at, limits.depth.min(MAX_DEPTH), length)
}

struct Reader<'r> {
    types: &'r dyn Types,
    reading: &'r Reading<'r>,
    values_left: u64,
    steps_left: u64,
}

impl Reader<'_> {
    /// `end` is the byte after the object that this is part of.
    fn value(&mut self, at: Located, depth: u32, end: u64) -> Value {
        let value =
            |kind, is_unstable| Value { type_id: at.type_id, bit_offset: at.bit_offset, is_unstable, kind };
        let (Some(left), Some(steps)) = (self.values_left.checked_sub(1), self.steps_left.checked_sub(1))
        else {
            return value(ValueKind::Missing(Missing::Limit), false);
        };
        (self.values_left, self.steps_left) = (left, steps);
        let Some(depth) = depth.checked_sub(1) else {
            return value(ValueKind::Missing(Missing::Depth), false);
        };
        let ty = self.types.get(at.type_id);
        match &*ty {
            Type::Record { kind, size, members, .. } => {
                let own_end = (at.bit_offset / 8).saturating_add(*size);
                // The object itself may have more bytes than its type.
                let end = if at.bit_offset == 0 { end.max(own_end) } else { own_end };
                let mut fields = Vec::new();
                let mut is_cut = false;
                for member in members {
                    if self.values_left == 0 || self.steps_left == 0 {
                        is_cut = true;
                        break;
                    }
                    let Some(place) = at.member(member) else { continue };
                    let value = self.value(place, depth, end);
                    fields.push(Field { name: member.name.clone(), bits: member.bits, value });
                }
                value(ValueKind::Record { kind: *kind, fields, is_cut }, false)
            }
            Type::Array { element, counts } => {
                let counts = counts.get(at.dimensions..).unwrap_or_default();
                self.array(at, *element, counts, depth, end)
            }
            Type::Unknown
            | Type::Kernel { .. }
            | Type::Declared { .. }
            | Type::Function { .. }
            | Type::Void => {
                let start = at.bit_offset / 8;
                let size = size_of(self.types, at.type_id);
                // Of a type that is not known, only the object itself tells the size.
                let size = size.or_else(|| (at.bit_offset == 0).then_some(end).filter(|size| *size > 0));
                let Some(size) = size.filter(|_| !matches!(&*ty, Type::Function { .. } | Type::Void)) else {
                    return value(ValueKind::Missing(Missing::NoSize), false);
                };
                match self.reading.part(start, size.min(MAX_UNTYPED_BYTES)) {
                    Some((bytes, again)) => value(ValueKind::Bytes(bytes.to_vec()), bytes != again),
                    None => value(ValueKind::Missing(Missing::OutsideBytes), false),
                }
            }
            Type::Number { size, .. } | Type::Enumeration { size, .. } | Type::Pointer { size, .. } => {
                let bits = if at.bits > 0 { at.bits } else { size.saturating_mul(8) };
                if bits > 128 {
                    let part = self.reading.part(at.bit_offset / 8, bits.div_ceil(8).min(MAX_UNTYPED_BYTES));
                    return match part {
                        Some((bytes, again)) => value(ValueKind::Bytes(bytes.to_vec()), bytes != again),
                        None => value(ValueKind::Missing(Missing::OutsideBytes), false),
                    };
                }
                let order = self.reading.order;
                let Some(raw) = scalar::read_bits(self.reading.bytes, at.bit_offset, bits, order) else {
                    return value(ValueKind::Missing(Missing::OutsideBytes), false);
                };
                let again = scalar::read_bits(self.reading.again, at.bit_offset, bits, order);
                value(self.scalar(&ty, raw, bits), again != Some(raw))
            }
        }
    }

    fn scalar(&self, ty: &Type, raw: u128, bits: u64) -> ValueKind {
        match ty {
            Type::Enumeration { values, .. } => scalar::enumerator(values, raw, bits),
            Type::Pointer { target, .. } => ValueKind::Pointer {
                address: u64::try_from(raw).unwrap_or(u64::MAX),
                target: *target,
                is_code: matches!(&*self.types.get(*target), Type::Function { .. }),
            },
            Type::Number { name, encoding, .. } => scalar::number(name, *encoding, raw, bits),
            _ => ValueKind::Unsigned(raw),
        }
    }

    fn array(&mut self, at: Located, element: TypeId, counts: &[Option<u64>], depth: u32, end: u64) -> Value {
        let value =
            |kind, is_unstable| Value { type_id: at.type_id, bit_offset: at.bit_offset, is_unstable, kind };
        let missing = |why| value(ValueKind::Missing(why), false);
        let start = at.bit_offset / 8;
        let inner = counts.get(1..).unwrap_or_default();
        let stride = inner.iter().try_fold(size_of(self.types, element).unwrap_or(0), |size, count| {
            size.checked_mul(count.unwrap_or(0))
        });
        let (Some(stride), Some(count)) = (stride, counts.first()) else {
            return missing(Missing::NoSize);
        };
        let room = end.saturating_sub(start);
        let count = count.unwrap_or_else(|| room.checked_div(stride).unwrap_or(0));
        if inner.is_empty() && scalar::is_char(&self.types.get(element)) {
            let there = count.min((self.reading.bytes.len() as u64).saturating_sub(start));
            return match self.reading.part(start, there) {
                Some((bytes, again)) if there == count => {
                    value(ValueKind::Text(bytes.to_vec()), bytes != again)
                }
                _ => missing(Missing::OutsideBytes),
            };
        }
        let mut runs: Vec<Run> = Vec::new();
        let mut previous = None;
        let mut is_cut = false;
        // Elements without bytes are all equal.
        let distinct = if stride == 0 { count.min(1) } else { count };
        for index in 0..distinct {
            let offset = index.checked_mul(stride).and_then(|distance| start.checked_add(distance));
            let part = offset.and_then(|offset| self.reading.part(offset, stride));
            let (Some(offset), Some(part)) = (offset, part) else {
                is_cut = true;
                break;
            };
            let Some(steps) = self.steps_left.checked_sub(stride) else {
                is_cut = true;
                break;
            };
            self.steps_left = steps;
            if let Some(run) = runs.last_mut().filter(|_| previous == Some(part)) {
                run.count = run.count.saturating_add(1);
                continue;
            }
            if self.values_left == 0 {
                is_cut = true;
                break;
            }
            let place = if inner.is_empty() {
                Located { type_id: element, dimensions: 0, bit_offset: offset.saturating_mul(8), bits: 0 }
            } else {
                let dimensions = at.dimensions.saturating_add(1);
                Located { dimensions, bit_offset: offset.saturating_mul(8), ..at }
            };
            let value = self.value(place, depth, offset.saturating_add(stride));
            runs.push(Run { first: index, count: 1, value });
            previous = Some(part);
        }
        if let Some(run) = runs.first_mut().filter(|_| stride == 0) {
            run.count = count;
        }
        value(ValueKind::Array { len: count, runs, is_cut }, false)
    }
}
