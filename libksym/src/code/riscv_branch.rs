// SPDX-License-Identifier: MIT OR Apache-2.0
//! Targets of riscv's jumps and branches, by the formats J, B, CJ and CB of its manual.

/// Where the instruction at the start of the bytes jumps to, if that is in the instruction.
pub(super) fn target(bytes: &[u8], address: u64) -> Option<u64> {
    let half = u32::from(u16::from_le_bytes(bytes.get(..2)?.try_into().ok()?));
    if half & 3 != 3 {
        let distance = compressed(half)?;
        return Some(address.wrapping_add_signed(i64::from(distance)));
    }
    let word = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
    let bits = |from: u32, count: u32, to: u32| ((word >> from) & ((1 << count) - 1)) << to;
    let distance = match word & 0x7f {
        // jal
        0x6f => sign_extended(bits(31, 1, 20) | bits(12, 8, 12) | bits(20, 1, 11) | bits(21, 10, 1), 21),
        // beq and the like
        0x63 => sign_extended(bits(31, 1, 12) | bits(7, 1, 11) | bits(25, 6, 5) | bits(8, 4, 1), 13),
        _ => return None,
    };
    Some(address.wrapping_add_signed(i64::from(distance)))
}

/// `c.j`, `c.beqz`, `c.bnez`. (`c.jal` is one of 32-bit processors and `c.addiw` of 64-bit ones.)
fn compressed(half: u32) -> Option<i32> {
    let bits = |from: u32, count: u32, to: u32| ((half >> from) & ((1 << count) - 1)) << to;
    match (half & 3, half >> 13) {
        (1, 5) => {
            let value = bits(12, 1, 11) | bits(11, 1, 4) | bits(9, 2, 8) | bits(8, 1, 10);
            Some(sign_extended(value | bits(7, 1, 6) | bits(6, 1, 7) | bits(3, 3, 1) | bits(2, 1, 5), 12))
        }
        (1, 6 | 7) => {
            let value = bits(12, 1, 8) | bits(10, 2, 3) | bits(5, 2, 6) | bits(3, 2, 1) | bits(2, 1, 5);
            Some(sign_extended(value, 9))
        }
        _ => None,
    }
}

fn sign_extended(value: u32, bits: u32) -> i32 {
    let unused = 32_u32.saturating_sub(bits);
    (value << unused).cast_signed() >> unused
}
