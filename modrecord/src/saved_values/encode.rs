// SPDX-License-Identifier: MIT OR Apache-2.0
//! The bytes of saved values. What needs an address is left out if it is idle, and refused by name if not.

use std::collections::HashSet;
use std::mem;
use std::ops::Range;

use libmodfmt::elf::ByteOrder;
use libmodfmt::types::{Member, OTHER_BYTE_ORDER, TagKind, Type, TypeId, TypeTable, Types, size_of};
use libmodfmt::values::{read_bits, write_bits};

use super::objects;
use super::path::Path;
use super::refusal::{RestoreReason, RestoreRefusal};
use crate::values_json::{Shown, ShownField, ShownKind, ShownRun};

/// `DW_ATE_*`: numbers with a sign, and floating-point ones. DWARF 5, section 7.8.
const FLOAT: u8 = 4;
const SIGNED: [u8; 2] = [5, 6];
/// Most refusals that are listed.
const MAX_REFUSALS: usize = 100;

/// Takes over the value of one variable.
#[derive(Debug)]
pub(super) struct Encoder<'e> {
    pub(super) types: &'e TypeTable,
    pub(super) order: ByteOrder,
    /// Where the variable was.
    pub(super) address: u64,
    pub(super) unions_left_out: &'e HashSet<(String, TypeId)>,
    pub(super) encoded: Encoded,
    /// What `--drop` takes for each refusal, and for each initial value: of the elements of an array the
    /// first one is enough.
    pub(super) refused: HashSet<String>,
    pub(super) left_out: HashSet<String>,
}

/// What was found of a variable.
#[derive(Debug)]
pub(super) struct Encoded {
    pub(super) bytes: Vec<u8>,
    /// One bit for each that has a value.
    written: Vec<u8>,
    pub(super) refusals: Vec<RestoreRefusal>,
    /// What takes the file's initial value, and why.
    pub(super) initial: Vec<(String, &'static str)>,
}

impl Encoded {
    pub(super) fn of_size(size: usize) -> Self {
        Self { bytes: vec![0; size], written: vec![0; size], refusals: Vec::new(), initial: Vec::new() }
    }

    /// Takes a part away: its bytes, and which of their bits have a value.
    fn take(&mut self, range: Range<usize>) -> Vec<(u8, u8)> {
        let bytes = self.bytes.get_mut(range.clone()).unwrap_or_default().iter_mut();
        let written = self.written.get_mut(range).unwrap_or_default().iter_mut();
        bytes.zip(written).map(|(byte, written)| (mem::take(byte), mem::take(written))).collect()
    }

    /// Puts a part there. `false` if it differs from what is there, which stays then.
    fn merge(&mut self, range: Range<usize>, part: &[(u8, u8)]) -> bool {
        let bytes = self.bytes.get_mut(range.clone()).unwrap_or_default().iter_mut();
        let there = bytes.zip(self.written.get_mut(range).unwrap_or_default());
        let mut fits = true;
        for ((byte, written), (own, own_written)) in there.zip(part) {
            fits &= (*byte ^ own) & *written & own_written == 0;
            *byte |= own & own_written & !*written;
            *written |= own_written;
        }
        fits
    }
}

/// Where a value goes: in bits from the start of the variable.
#[derive(Debug, Clone, Copy)]
struct Place {
    start: u64,
    /// Of a bit-field, else 0.
    bits: u64,
}

impl Place {
    fn byte(start: u64) -> Self {
        Self { start: start.saturating_mul(8), bits: 0 }
    }
}

impl Encoder<'_> {
    /// Takes over the value of the whole variable.
    pub(super) fn variable(&mut self, id: TypeId, value: &Shown, path: &mut Path<'_>) {
        self.value(id, value, Place { start: 0, bits: 0 }, path);
    }

    fn refuse(&mut self, path: &Path<'_>, reason: RestoreReason) {
        let drop = path.drop();
        if self.encoded.refusals.len() < MAX_REFUSALS && self.refused.insert(drop.clone()) {
            self.encoded.refusals.push(RestoreRefusal { path: path.text(), drop, reason });
        }
    }

    fn contradicts(&mut self, path: &Path<'_>, what: impl Into<String>) {
        self.refuse(path, RestoreReason::Contradiction { what: what.into() });
    }

    fn takes_initial(&mut self, path: &Path<'_>, why: &'static str) {
        let drop = path.drop();
        if self.left_out.insert(drop.clone()) {
            self.encoded.initial.push((format!("{}{drop}", path.qualifiers()), why));
        }
    }

    fn value(&mut self, id: TypeId, value: &Shown, place: Place, path: &mut Path<'_>) {
        if path.is_dropped() {
            return self.takes_initial(path, "is dropped");
        }
        let ty = self.types.get(id);
        match (&*ty, &value.kind) {
            (_, ShownKind::Missing { why }) => {
                self.refuse(path, RestoreReason::NotSaved { why: why.clone() });
            }
            (Type::Number { size, encoding, .. }, kind) => {
                self.number((*size, *encoding), kind, place, path);
            }
            (Type::Enumeration { size, values, .. }, ShownKind::Enum { value, names, rest }) => {
                let only = if let ([name], None) = (names.as_slice(), rest) { Some(&**name) } else { None };
                self.enumerator(*size, values, (value, only), place, path);
            }
            (Type::Pointer { .. }, ShownKind::Pointer { address, .. }) => match objects::address(address) {
                Some(0) => self.takes_initial(path, "is NULL"),
                Some(_) => self.refuse(path, RestoreReason::Pointer),
                None => self.contradicts(path, format!("'{address}' is no address")),
            },
            (Type::Array { element, counts }, _) => self.array(*element, counts, value, place, path),
            (
                Type::Record { kind, name, members, .. },
                ShownKind::Struct { .. } | ShownKind::Union { .. },
            ) => {
                self.record(id, (*kind, name, members), value, place, path);
            }
            (Type::Enumeration { .. } | Type::Pointer { .. } | Type::Record { .. }, _) => self
                .contradicts(path, format!("a value of kind '{}' for {}", kind_name(value), self.text(id))),
            _ => self.refuse(path, RestoreReason::UnknownType),
        }
    }

    fn text(&self, id: TypeId) -> String {
        self.types.c_text(id)
    }

    fn put(&mut self, place: Place, size: u64, value: u128, path: &Path<'_>) {
        let bits = if place.bits > 0 { place.bits } else { size.saturating_mul(8) };
        let there = read_bits(&self.encoded.bytes, place.start, bits, self.order).zip(read_bits(
            &self.encoded.written,
            place.start,
            bits,
            self.order,
        ));
        let Some((before, known)) = there.filter(|_| (1..=128).contains(&bits)) else {
            return self.contradicts(path, "it lies outside of its variable");
        };
        let shift = 128_u32.saturating_sub(u32::try_from(bits).unwrap_or(128));
        let value = value << shift >> shift;
        if (before ^ value) & known != 0 {
            return self.contradicts(path, "it shares memory with another value and differs from it");
        }
        let done = write_bits(&mut self.encoded.bytes, place.start, bits, self.order, value).and(write_bits(
            &mut self.encoded.written,
            place.start,
            bits,
            self.order,
            u128::MAX,
        ));
        if done.is_none() {
            self.contradicts(path, "it lies outside of its variable");
        }
    }

    fn number(&mut self, (size, encoding): (u64, u8), kind: &ShownKind, place: Place, path: &Path<'_>) {
        let bits = if place.bits > 0 { place.bits } else { size.saturating_mul(8) };
        if !(1..=128).contains(&bits) {
            return self.refuse(path, RestoreReason::UnknownType);
        }
        let is_swapped = encoding < 0x80 && encoding & OTHER_BYTE_ORDER != 0;
        let encoding = if is_swapped { encoding & !OTHER_BYTE_ORDER } else { encoding };
        let number = match kind {
            ShownKind::Float { value } if encoding == FLOAT => match (value.parse::<f64>(), bits) {
                (Ok(number), 64) => Some(number.to_bits().into()),
                // It was a number of 32 bits: nothing is lost.
                (Ok(_), 32) => value.parse::<f32>().ok().map(|number| number.to_bits().into()),
                _ => None,
            },
            // The number would be taken for the bits.
            other if encoding == FLOAT && matches!(bits, 32 | 64) => {
                let kind = kind_of(other);
                return self
                    .contradicts(path, format!("a value of kind '{kind}' for a floating-point number"));
            }
            ShownKind::Number { value } | ShownKind::Char { value } | ShownKind::Bool { value } => {
                integer(value, bits, SIGNED.contains(&encoding), encoding == 0)
            }
            other => {
                let kind = kind_of(other);
                return self.contradicts(path, format!("a value of kind '{kind}' for a number"));
            }
        };
        match number {
            Some(number) if is_swapped && bits.is_multiple_of(8) => {
                let unused = 128_u32.saturating_sub(u32::try_from(bits).unwrap_or(128));
                self.put(place, size, number.swap_bytes() >> unused, path);
            }
            Some(number) => self.put(place, size, number, path),
            None => self.contradicts(path, format!("the value is no number of {bits} bits")),
        }
    }

    fn enumerator(
        &mut self,
        size: u64,
        values: &[(String, u64)],
        (text, name): (&str, Option<&str>),
        place: Place,
        path: &Path<'_>,
    ) {
        let bits = if place.bits > 0 { place.bits } else { size.saturating_mul(8) };
        let Some(number) = integer(text, bits, false, true).filter(|_| (1..=64).contains(&bits)) else {
            return self.contradicts(path, format!("the value is no number of {bits} bits"));
        };
        let mask = u128::MAX >> 128_u32.saturating_sub(u32::try_from(bits).unwrap_or(128));
        // The value says what it is; a name that says something else is somebody's mistake.
        if let Some(name) = name {
            let named = values.iter().find(|(own, _)| own == name);
            if named.is_none_or(|(_, value)| u128::from(*value) & mask != number & mask) {
                return self.contradicts(path, format!("the value {text} is not {name}"));
            }
        }
        self.put(place, size, number, path);
    }

    fn record(
        &mut self,
        id: TypeId,
        (kind, tag, members): (TagKind, &str, &[Member]),
        value: &Shown,
        place: Place,
        path: &mut Path<'_>,
    ) {
        if let Some(object) = objects::find(tag) {
            let own = self.address.saturating_add(place.start / 8);
            return match object.is_idle(value, own) {
                true => self.takes_initial(path, "is idle"),
                false => self.refuse(path, RestoreReason::Object { what: object.refused }),
            };
        }
        let (fields, cut) = match (kind, &value.kind) {
            (TagKind::Union, ShownKind::Union { fields, cut }) => (fields, cut),
            (TagKind::Struct, ShownKind::Struct { fields, cut }) => (fields, cut),
            _ => {
                let what = format!("a value of kind '{}' for {}", kind_name(value), self.text(id));
                return self.contradicts(path, what);
            }
        };
        if *cut {
            return self.refuse(path, RestoreReason::NotSaved { why: "too many values".to_owned() });
        }
        if fields.len() != members.len() {
            let what = format!("{} has {} fields, not {}", self.text(id), members.len(), fields.len());
            return self.contradicts(path, what);
        }
        if kind == TagKind::Union && self.unions_left_out.contains(&(path.drop(), id)) {
            return match objects::is_zero(value) {
                true => self.takes_initial(path, "is zero"),
                false => self.refuse(path, RestoreReason::Union),
            };
        }
        let of = if tag.is_empty() { String::new() } else { format!("{} {tag}", kind.keyword()) };
        for (member, field) in members.iter().zip(fields) {
            let ShownField { name, value, .. } = field;
            if *name != member.name {
                self.contradicts(path, format!("the field '{name}' should be '{}'", member.name));
                continue;
            }
            let Some(start) = place.start.checked_add(member.bit_offset) else { continue };
            let place = Place { start, bits: member.bits };
            path.in_field(name, of.clone(), |path| self.value(member.type_id, value, place, path));
        }
    }

    fn array(
        &mut self,
        element: TypeId,
        counts: &[Option<u64>],
        value: &Shown,
        place: Place,
        path: &mut Path<'_>,
    ) {
        let [count, rest @ ..] = counts else { return self.value(element, value, place, path) };
        // A flexible array has no elements in a variable.
        let count = count.unwrap_or(0);
        let stride = size_of(self.types, element)
            .and_then(|size| rest.iter().try_fold(size, |size, count| size.checked_mul(count.unwrap_or(0))));
        let Some(stride) = stride else { return self.refuse(path, RestoreReason::UnknownType) };
        match &value.kind {
            ShownKind::Text { text, bytes, .. } if rest.is_empty() && stride == 1 => {
                self.characters(count, (text.as_deref(), bytes), place, path);
            }
            ShownKind::Array { len, cut, .. } if *cut && *len == count => {
                self.refuse(path, RestoreReason::NotSaved { why: "too many values".to_owned() });
            }
            ShownKind::Array { len, runs, .. } if *len == count => {
                let mut next = Some(0);
                for ShownRun { first, count: times, value } in runs {
                    let end = first.checked_add(*times).filter(|end| *end <= count && *times > 0);
                    let offset = first.checked_mul(stride).and_then(|at| (place.start / 8).checked_add(at));
                    next = end.filter(|_| next == Some(*first));
                    let Some(offset) = offset.filter(|_| next.is_some()) else { break };
                    let at = Place::byte(offset);
                    let encode = |encoder: &mut Self, path: &mut Path<'_>| {
                        path.in_element(*first, |path| encoder.array(element, rest, value, at, path));
                    };
                    if *times < 2 || stride == 0 {
                        encode(self, path);
                    } else {
                        self.repeat(offset, stride, *times, path, encode);
                    }
                }
                if next != Some(count) {
                    self.contradicts(path, format!("the runs do not have {count} elements in order"));
                }
            }
            other => {
                let what = match other {
                    ShownKind::Array { len, .. } => format!("it has {len} elements, its type {count}"),
                    other => format!("a value of kind '{}' for an array", kind_of(other)),
                };
                self.contradicts(path, what);
            }
        }
    }

    /// Equal elements: what `encode` makes of the first one. Memory that they share with other members of a
    /// union may differ from element to element.
    fn repeat(
        &mut self,
        offset: u64,
        stride: u64,
        times: u64,
        path: &mut Path<'_>,
        encode: impl FnOnce(&mut Self, &mut Path<'_>),
    ) {
        let range = |index: u64| {
            let start = usize::try_from(offset.checked_add(index.checked_mul(stride)?)?).ok()?;
            Some(start..start.checked_add(usize::try_from(stride).ok()?)?)
        };
        let size = self.encoded.bytes.len();
        let is_inside = range(times.saturating_sub(1)).is_some_and(|last| last.end <= size);
        let Some(first) = range(0).filter(|_| is_inside) else {
            return self.contradicts(path, "its elements lie outside of the variable");
        };
        let before = self.encoded.take(first.clone());
        encode(self, path);
        let element = self.encoded.take(first.clone());
        // Nothing is there now, so this differs from nothing.
        let mut fits = self.encoded.merge(first, &before);
        for index in 0..times {
            fits &= range(index).is_some_and(|to| self.encoded.merge(to, &element));
        }
        if !fits {
            self.contradicts(path, "it shares memory with another value and differs from it");
        }
    }

    fn characters(
        &mut self,
        count: u64,
        (text, digits): (Option<&str>, &str),
        place: Place,
        path: &Path<'_>,
    ) {
        let Some(bytes) = from_hex(digits) else {
            return self.contradicts(path, "its bytes are no hexadecimal digits");
        };
        if text.is_some_and(|text| text.as_bytes() != bytes) {
            return self.contradicts(path, "text and bytes differ");
        }
        if bytes.len() as u64 > count {
            return self.contradicts(path, format!("the text has {} bytes, its type {count}", bytes.len()));
        }
        let all = bytes.iter().copied().chain(std::iter::repeat(0));
        for (index, byte) in (0..count).zip(all) {
            let Some(at) = (place.start / 8).checked_add(index) else { break };
            if usize::try_from(at).map_or(true, |at| at >= self.encoded.bytes.len()) {
                return self.contradicts(path, "it lies outside of its variable");
            }
            self.put(Place::byte(at), 1, byte.into(), path);
        }
    }
}

/// A number as so many bits, if it is one. `is_either`: with a sign or without.
fn integer(text: &str, bits: u64, is_signed: bool, is_either: bool) -> Option<u128> {
    // A file may say that a type has no size: it has no numbers.
    let bits = u32::try_from(bits).ok().filter(|&bits| bits != 0)?;
    let unused = u128::BITS.checked_sub(bits)?;
    if text.starts_with('-') || is_signed {
        let number: i128 = text.parse().ok()?;
        let fits = number << unused >> unused == number;
        if fits && (is_signed || is_either || number >= 0) {
            return Some(number.cast_unsigned());
        }
        if !is_either {
            return None;
        }
    }
    let number: u128 = text.parse().ok()?;
    (number << unused >> unused == number).then_some(number)
}

/// Bytes as digits, two for each.
fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    rest.is_empty().then(|| pairs.iter().map(byte).collect()).flatten()
}

fn kind_name(value: &Shown) -> &'static str {
    kind_of(&value.kind)
}

/// As JSON has it.
const fn kind_of(kind: &ShownKind) -> &'static str {
    match kind {
        ShownKind::Number { .. } => "number",
        ShownKind::Char { .. } => "char",
        ShownKind::Float { .. } => "float",
        ShownKind::Bool { .. } => "bool",
        ShownKind::Enum { .. } => "enum",
        ShownKind::Text { .. } => "text",
        ShownKind::Pointer { .. } => "pointer",
        ShownKind::Array { .. } => "array",
        ShownKind::Struct { .. } => "struct",
        ShownKind::Union { .. } => "union",
        ShownKind::Untyped { .. } => "untyped",
        ShownKind::Bytes { .. } => "bytes",
        ShownKind::Missing { .. } => "missing",
    }
}

#[cfg(test)]
mod tests {
    use super::integer;

    #[test]
    fn numbers_have_as_many_bits_as_their_type() {
        assert_eq!(integer("255", 8, false, false), Some(255));
        assert_eq!(integer("256", 8, false, false), None);
        assert_eq!(integer("-128", 8, true, false).map(u128::cast_signed), Some(-128));
        assert_eq!(integer("-129", 8, true, false), None);
        assert_eq!(integer(&u128::MAX.to_string(), 128, false, false), Some(u128::MAX));
    }

    #[test]
    fn types_without_a_size_have_no_numbers() {
        for is_signed in [false, true] {
            assert_eq!(integer("0", 0, is_signed, true), None);
            assert_eq!(integer("1", 129, is_signed, true), None);
        }
    }
}
