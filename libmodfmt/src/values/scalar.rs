// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers, characters, enumerators: what has no parts.

use std::collections::HashSet;

use super::value::ValueKind;
use crate::elf::ByteOrder;
use crate::types::number_encoding::{BOOLEAN, FLOAT, SIGNED, SIGNED_CHAR, UNSIGNED, UNSIGNED_CHAR};
use crate::types::{OTHER_BYTE_ORDER, Type};

/// Enumerators from -4096 on are taken for negative ones; error numbers are among them.
const SMALLEST_NEGATIVE: u64 = 4096;

/// `size` bits from `start` on, at most 128. Bit 0 is the lowest bit of the first byte on a little-endian
/// processor, the highest on a big-endian one. `None` if they are not all there.
#[must_use]
pub fn read_bits(bytes: &[u8], start: u64, size: u64, order: ByteOrder) -> Option<u128> {
    let end = start.checked_add(size.min(128))?;
    let first = usize::try_from(start / 8).ok()?;
    let last = usize::try_from(end.div_ceil(8)).ok()?;
    let touched = bytes.get(first..last)?;
    // At most 17 bytes: 128 bits that begin within a byte.
    let mut value: u128 = 0;
    for at in 0..end.saturating_sub(start) {
        let bit = (start % 8).saturating_add(at);
        let byte = *touched.get(usize::try_from(bit / 8).ok()?)?;
        let low = u32::try_from(bit % 8).ok()?;
        match order {
            ByteOrder::Little => value |= u128::from(byte >> low & 1) << at,
            ByteOrder::Big => value = value << 1 | u128::from(byte >> 7_u32.saturating_sub(low) & 1),
        }
    }
    Some(value)
}

/// The number with the sign that its highest bit has.
fn signed(value: u128, bits: u64) -> i128 {
    let shift = 128_u32.saturating_sub(u32::try_from(bits).unwrap_or(128).min(128));
    if shift >= 128 { 0 } else { (value << shift).cast_signed() >> shift }
}

/// Whether the type is `char`, arrays of which are text.
pub(super) fn is_char(ty: &Type) -> bool {
    matches!(ty, Type::Number { name, size: 1, .. } if matches!(&**name, "char" | "signed char"))
        || matches!(ty, Type::Number { name, size: 1, encoding: SIGNED_CHAR } if name.is_empty())
}

/// The value of a number of `bits` bits.
pub(super) fn number(name: &str, encoding: u8, value: u128, bits: u64) -> ValueKind {
    if encoding < 0x80 && encoding & OTHER_BYTE_ORDER != 0 {
        let unused = 128_u32.saturating_sub(u32::try_from(bits).unwrap_or(128));
        let is_whole = bits.is_multiple_of(8) && bits > 0 && bits <= 128;
        let value = if is_whole { value.swap_bytes() >> unused } else { value };
        return number(name, encoding & !OTHER_BYTE_ORDER, value, bits);
    }
    match (encoding, bits) {
        (FLOAT, 32) => ValueKind::Float(f32::from_bits(u32::try_from(value).unwrap_or_default()).into()),
        (FLOAT, 64) => ValueKind::Float(f64::from_bits(u64::try_from(value).unwrap_or_default())),
        (FLOAT, _) => ValueKind::Unsigned(value),
        (BOOLEAN, _) => ValueKind::Boolean(u64::try_from(value).unwrap_or(u64::MAX)),
        (SIGNED_CHAR | UNSIGNED_CHAR | 0, 8) if name == "char" => {
            let value = if encoding == UNSIGNED_CHAR { value.cast_signed() } else { signed(value, bits) };
            ValueKind::Character(i16::try_from(value).unwrap_or_default())
        }
        (SIGNED | SIGNED_CHAR, _) => ValueKind::Signed(signed(value, bits)),
        (UNSIGNED | UNSIGNED_CHAR, _) => ValueKind::Unsigned(value),
        // BTF does not say; its names of numbers are the compiler's.
        _ if name == "_Bool" || name == "bool" => {
            ValueKind::Boolean(u64::try_from(value).unwrap_or(u64::MAX))
        }
        _ if name.contains("unsigned") || name.is_empty() || encoding != 0 => ValueKind::Unsigned(value),
        _ => ValueKind::Signed(signed(value, bits)),
    }
}

/// The value of an enumeration of `bits` bits. The enumerators are 64 bits, whether signed or not.
pub(super) fn enumerator(values: &[(String, u64)], value: u128, bits: u64) -> ValueKind {
    let mask = mask(bits);
    let raw = u64::try_from(value).unwrap_or(u64::MAX) & mask;
    // A negative enumerator makes the type signed. Tables have it without the bits beyond its size, so that
    // only small ones are known from large unsigned ones.
    let is_negative = |value: u64| value > mask || value > mask.saturating_sub(SMALLEST_NEGATIVE);
    let are_flags = are_flags(values);
    let is_signed = bits > 13 && !are_flags && values.iter().any(|(_, value)| is_negative(*value));
    let number = if is_signed { signed(raw.into(), bits) } else { raw.into() };
    let exact = values.iter().find(|(_, own)| own & mask == raw);
    if let Some((name, _)) = exact {
        return ValueKind::Enumerator { number, names: vec![name.clone()], rest: 0 };
    }
    let mut names = Vec::new();
    let mut rest = raw;
    if are_flags {
        for (name, flag) in values {
            if *flag != 0 && rest & flag == *flag {
                names.push(name.clone());
                rest &= !flag;
            }
        }
    }
    ValueKind::Enumerator { number, names, rest: if rest == raw { 0 } else { rest } }
}

const fn mask(bits: u64) -> u64 {
    match bits {
        0 => 0,
        1..64 => u64::MAX >> (64_u64.saturating_sub(bits)),
        _ => u64::MAX,
    }
}

/// Whether an enumeration is one of flags: each enumerator is zero, a bit of its own, or made of such bits.
/// One that only counts (0, 1, 2, 3) looks like that as well, and is none.
fn are_flags(values: &[(String, u64)]) -> bool {
    let single = values.iter().map(|(_, value)| value).filter(|value| value.is_power_of_two());
    let (count, all) = single.fold((0_u32, 0), |(count, all), value| (count.saturating_add(1), all | value));
    count >= 2 && values.iter().all(|(_, value)| value & !all == 0) && !counts(values)
}

/// Whether the enumerators are all numbers from 0 or 1 on.
fn counts(values: &[(String, u64)]) -> bool {
    let distinct: HashSet<u64> = values.iter().map(|(_, value)| *value).filter(|value| *value > 0).collect();
    distinct.iter().max() == Some(&(distinct.len() as u64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(values: &[(&str, u64)]) -> Vec<(String, u64)> {
        values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
    }

    fn names(values: &[(&str, u64)], raw: u128, bits: u64) -> (i128, Vec<String>, u64) {
        match enumerator(&named(values), raw, bits) {
            ValueKind::Enumerator { number, names, rest } => (number, names, rest),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn enumerators_and_flags() {
        let modes = [("SLOW", 0), ("FAST", 1), ("TURBO", 5)];
        assert_eq!(names(&modes, 1, 32), (1, vec!["FAST".into()], 0));
        assert_eq!(names(&modes, 4, 32), (4, vec![], 0), "5 is no flag");
        let flags = [("NONE", 0), ("READ", 1), ("WRITE", 2), ("BOTH", 3), ("SYNC", 8)];
        assert_eq!(names(&flags, 0, 32).1, ["NONE"]);
        assert_eq!(names(&flags, 3, 32).1, ["BOTH"]);
        assert_eq!(names(&flags, 10, 32).1, ["WRITE", "SYNC"]);
        assert_eq!(names(&flags, 0x19, 32), (0x19, vec!["READ".into(), "SYNC".into()], 0x10));
        let counted = [("IDLE", 0), ("USER", 1), ("SYS", 2), ("GUEST", 3), ("LAST", 4)];
        assert_eq!(names(&counted, 5, 32), (5, vec![], 0), "no flags");
        assert_eq!(names(&[("A", 1), ("B", 2)], 3, 32), (3, vec![], 0));
        assert_eq!(names(&[("A", 1), ("B", 2), ("C", 4)], 3, 32), (3, vec!["A".into(), "B".into()], 0));
        let negative = [("BAD", u64::MAX), ("GOOD", 0)];
        assert_eq!(names(&negative, 0xffff_ffff, 32), (-1, vec!["BAD".into()], 0));
        assert_eq!(names(&negative, 0xffff_fffe, 32), (-2, vec![], 0));
        let negative = [("BAD", 0xffff_ffff), ("GOOD", 0)];
        assert_eq!(names(&negative, 0xffff_fffe, 32), (-2, vec![], 0), "cut to its size");
    }

    #[test]
    fn numbers_follow_their_encoding() {
        assert_eq!(number("int", 5, 0xffff_fffb, 32), ValueKind::Signed(-5));
        assert_eq!(number("unsigned int", 7, 0xffff_fffb, 32), ValueKind::Unsigned(0xffff_fffb));
        assert_eq!(number("long long int", 0, u128::from(u64::MAX), 64), ValueKind::Signed(-1));
        assert_eq!(number("unsigned char", 0, 0xff, 8), ValueKind::Unsigned(0xff));
        assert_eq!(number("char", 6, 0xff, 8), ValueKind::Character(-1));
        assert_eq!(number("char", 8, 0xff, 8), ValueKind::Character(0xff));
        assert_eq!(number("_Bool", 2, 7, 8), ValueKind::Boolean(7));
        assert_eq!(number("_Bool", 0, 1, 8), ValueKind::Boolean(1));
        assert_eq!(number("double", 4, 1.5_f64.to_bits().into(), 64), ValueKind::Float(1.5));
        assert_eq!(number("float", 4, 0.25_f32.to_bits().into(), 32), ValueKind::Float(0.25));
        assert_eq!(number("__int128", 5, u128::MAX, 128), ValueKind::Signed(-1));
    }

    proptest! {
        #[test]
        fn whole_bytes_are_numbers(bytes: [u8; 24], start in 0_usize..8) {
            let word: [u8; 16] = bytes[start..start + 16].try_into().unwrap();
            let at = start as u64 * 8;
            prop_assert_eq!(read_bits(&bytes, at, 128, ByteOrder::Little), Some(u128::from_le_bytes(word)));
            prop_assert_eq!(read_bits(&bytes, at, 128, ByteOrder::Big), Some(u128::from_be_bytes(word)));
        }

        #[test]
        fn bits_across_bytes(value: u128, start in 0_u64..64, size in 1_u64..=64) {
            // The processor's own shifts are the oracle.
            let low = value >> start & u128::from(u64::MAX >> (64 - size));
            prop_assert_eq!(read_bits(&value.to_le_bytes(), start, size, ByteOrder::Little), Some(low));
            let high = value << start >> (128 - size);
            prop_assert_eq!(read_bits(&value.to_be_bytes(), start, size, ByteOrder::Big), Some(high));
        }
    }

    #[test]
    fn what_is_not_there() {
        assert_eq!(read_bits(&[1], 4, 5, ByteOrder::Little), None);
        assert_eq!(read_bits(&[1], u64::MAX, 5, ByteOrder::Little), None);
        assert_eq!(read_bits(&[1], 8, 0, ByteOrder::Big), Some(0));
    }
}
