// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers and ranges of bits in bytes, as the processor counts them: bit 0 is the lowest bit of the first
//! byte on a little-endian one, the highest on a big-endian one.

use super::plan::Bits;
use crate::elf::ByteOrder;

/// The value of at most 64 bits; `None` if they are not all there.
pub(super) fn read(bytes: &[u8], range: Bits, order: ByteOrder) -> Option<u64> {
    let mut value: u64 = 0;
    if range.start.is_multiple_of(8) && range.size.is_multiple_of(8) && range.size <= 64 {
        // Most are whole bytes.
        let start = usize::try_from(range.start / 8).ok()?;
        let end = start.checked_add(usize::try_from(range.size / 8).ok()?)?;
        let bytes = bytes.get(start..end)?;
        if let Ok(word) = <[u8; 8]>::try_from(bytes) {
            return Some(order.u64(word));
        }
        let bytes = bytes.iter();
        let append = |value, byte: &u8| value << 8 | u64::from(*byte);
        return Some(match order {
            ByteOrder::Little => bytes.rev().fold(0, append),
            ByteOrder::Big => bytes.fold(0, append),
        });
    }
    for index in 0..range.size.min(64) {
        let (byte, shift) = place(range.start.checked_add(index)?, order)?;
        let bit = u64::from(*bytes.get(byte)? >> shift & 1);
        match order {
            ByteOrder::Little => value |= bit << index,
            ByteOrder::Big => value = value << 1 | bit,
        }
    }
    Some(value)
}

/// Writes the low bits of a value.
pub(super) fn write(bytes: &mut [u8], range: Bits, order: ByteOrder, value: u64) -> Option<()> {
    let size = range.size.min(64);
    if range.start.is_multiple_of(8) && size.is_multiple_of(8) {
        let start = usize::try_from(range.start / 8).ok()?;
        let count = usize::try_from(size / 8).ok()?;
        let word = order.bytes64(value);
        let low = match order {
            ByteOrder::Little => word.get(..count)?,
            ByteOrder::Big => word.get(word.len().checked_sub(count)?..)?,
        };
        bytes.get_mut(start..start.checked_add(count)?)?.copy_from_slice(low);
        return Some(());
    }
    for index in 0..size {
        let (byte, shift) = place(range.start.checked_add(index)?, order)?;
        let from = match order {
            ByteOrder::Little => index,
            ByteOrder::Big => size.saturating_sub(index).saturating_sub(1),
        };
        let bit = u8::try_from(value >> from & 1).unwrap_or_default();
        let place = bytes.get_mut(byte)?;
        *place = *place & !(1 << shift) | bit << shift;
    }
    Some(())
}

/// Whether all of these bits are zero; those behind the end of `bytes` are.
pub(super) fn are_zero(bytes: &[u8], range: Bits, order: ByteOrder) -> bool {
    let end = range.start.saturating_add(range.size).min(8 * bytes.len() as u64);
    let mut at = range.start;
    while at < end {
        let Some((byte, shift)) = place(at, order) else { return false };
        let value = bytes.get(byte).copied().unwrap_or(0);
        if at.is_multiple_of(8) && end - at >= 8 {
            if value != 0 {
                return false;
            }
            at = at.saturating_add(8);
        } else {
            if value >> shift & 1 != 0 {
                return false;
            }
            at = at.saturating_add(1);
        }
    }
    true
}

fn place(bit: u64, order: ByteOrder) -> Option<(usize, u32)> {
    let low = u32::try_from(bit % 8).ok()?;
    let shift = match order {
        ByteOrder::Little => low,
        ByteOrder::Big => 7_u32.saturating_sub(low),
    };
    Some((usize::try_from(bit / 8).ok()?, shift))
}

/// A number of `size` bytes, widened with its sign to `new` bytes.
pub(super) fn widened(bytes: &[u8], new: usize, signed: bool, order: ByteOrder) -> Vec<u8> {
    let top = match order {
        ByteOrder::Little => bytes.last(),
        ByteOrder::Big => bytes.first(),
    };
    let fill = if signed && top.is_some_and(|top| top & 0x80 != 0) { 0xff } else { 0 };
    let rest = new.saturating_sub(bytes.len());
    match order {
        ByteOrder::Little => [bytes, &vec![fill; rest]].concat(),
        ByteOrder::Big => [&vec![fill; rest], bytes].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bits_are_counted_as_the_processor_does() {
        let bits = |start, size| Bits { start, size };
        assert_eq!(read(&[0b1010_0101, 1], bits(0, 4), ByteOrder::Little), Some(0b0101));
        assert_eq!(read(&[0b1010_0101, 1], bits(0, 4), ByteOrder::Big), Some(0b1010));
        assert_eq!(read(&[0x12, 0x34], bits(0, 16), ByteOrder::Big), Some(0x1234));
        assert_eq!(read(&[0x12, 0x34], bits(0, 16), ByteOrder::Little), Some(0x3412));
        assert_eq!(read(&[0x12], bits(4, 5), ByteOrder::Big), None);
        assert_eq!(widened(&[0x80], 2, true, ByteOrder::Big), [0xff, 0x80]);
        assert_eq!(widened(&[0x80], 2, false, ByteOrder::Little), [0x80, 0]);
    }

    proptest! {
        #[test]
        fn whole_bytes_are_read_like_bits(bytes: [u8; 16], start in 0_u64..8, size in 0_u64..=8, big: bool) {
            let order = if big { ByteOrder::Big } else { ByteOrder::Little };
            let range = Bits { start: start * 8, size: size * 8 };
            let bits = (0..range.size).map(|at| read(&bytes, Bits { start: range.start + at, size: 1 }, order).unwrap());
            let value = match order {
                ByteOrder::Little => bits.zip(0..).fold(0, |value, (bit, at): (u64, u32)| value | bit << at),
                ByteOrder::Big => bits.fold(0, |value, bit| value << 1 | bit),
            };
            prop_assert_eq!(read(&bytes, range, order), Some(value));
        }

        #[test]
        fn what_is_written_is_read(mut bytes: [u8; 16], start in 0_u64..64, size in 1_u64..=64, value: u64, big: bool) {
            let order = if big { ByteOrder::Big } else { ByteOrder::Little };
            let (range, before) = (Bits { start, size }, bytes);
            write(&mut bytes, range, order, value).unwrap();
            let mask = u64::MAX >> (64 - size);
            prop_assert_eq!(read(&bytes, range, order), Some(value & mask));
            prop_assert_eq!(are_zero(&bytes, range, order), value & mask == 0);
            let rest = Bits { start: start + size, size: 128 - start - size };
            for at in (0..start).chain(rest.start..128) {
                let one = Bits { start: at, size: 1 };
                prop_assert_eq!(read(&bytes, one, order), read(&before, one, order));
            }
        }
    }
}
