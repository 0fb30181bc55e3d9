// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers written where [`read`](super::read()) finds them.

use crate::elf::ByteOrder;

/// Writes the low `size` bits of a number, at most 128, from bit `start` on. Bit 0 is the lowest bit of the
/// first byte on a little-endian processor, the highest on a big-endian one. `None` if they are not all
/// there: then some of them may have been written.
#[must_use]
pub fn write_bits(bytes: &mut [u8], start: u64, size: u64, order: ByteOrder, value: u128) -> Option<()> {
    let size = size.min(128);
    for at in 0..size {
        let bit = start.checked_add(at)?;
        let byte = bytes.get_mut(usize::try_from(bit / 8).ok()?)?;
        let low = u32::try_from(bit % 8).ok()?;
        let (shift, from) = match order {
            ByteOrder::Little => (low, at),
            ByteOrder::Big => (7_u32.saturating_sub(low), size.saturating_sub(at).saturating_sub(1)),
        };
        let new = u8::try_from(value >> from & 1).ok()?;
        *byte = *byte & !(1 << shift) | new << shift;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::scalar::read_bits;
    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(before: [u8; 24], start in 0_u64..64, size in 0_u64..=128, value: u128, big: bool) {
            let order = if big { ByteOrder::Big } else { ByteOrder::Little };
            let mut bytes = before;
            write_bits(&mut bytes, start, size, order, value).unwrap();
            let low = if size == 0 { 0 } else { value & u128::MAX >> (128 - size) };
            prop_assert_eq!(read_bits(&bytes, start, size, order), Some(low));
            prop_assert_eq!(read_bits(&bytes, 0, start, order), read_bits(&before, 0, start, order));
            let (end, rest) = (start + size, 192 - start - size);
            prop_assert_eq!(read_bits(&bytes, end, rest, order), read_bits(&before, end, rest, order));
        }
    }

    #[test]
    fn what_does_not_fit() {
        assert_eq!(write_bits(&mut [0; 2], 12, 5, ByteOrder::Little, 1), None);
        assert_eq!(write_bits(&mut [0; 2], u64::MAX, 5, ByteOrder::Big, 1), None);
    }
}
