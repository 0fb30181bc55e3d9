// SPDX-License-Identifier: MIT OR Apache-2.0
//! Unsigned LEB128: numbers as DWARF writes them, seven bits in a byte, the lowest first.
//!
//! 300 is `ac 02`: the top bit of a byte tells that another one follows.

use thiserror::Error;

/// Why bytes do not begin with a number.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leb128Error {
    /// The bytes end within the number.
    #[error("the number runs past the end")]
    Truncated,
    /// The number has more than 64 bits.
    #[error("the number has more than 64 bits")]
    TooLarge,
}

/// Appends `number` to `out`, in as few bytes as it takes.
pub(crate) fn write(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

/// The number that `bytes` begin with, and its size in bytes.
pub(crate) fn read(bytes: &[u8]) -> Result<(u64, usize), Leb128Error> {
    let mut number = 0_u64;
    for (index, shift) in (0..u64::BITS).step_by(7).enumerate() {
        let byte = *bytes.get(index).ok_or(Leb128Error::Truncated)?;
        let low = u64::from(byte & 0x7f);
        let part = low << shift;
        if part >> shift != low {
            break;
        }
        number |= part;
        if byte & 0x80 == 0 {
            return Ok((number, index.saturating_add(1)));
        }
    }
    Err(Leb128Error::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::{Leb128Error, read, write};

    #[test]
    fn what_is_written_is_read() {
        for number in [0, 1, 0x7f, 0x80, 300, u64::from(u32::MAX), u64::MAX >> 1, u64::MAX] {
            let mut bytes = Vec::new();
            write(&mut bytes, number);
            let size = bytes.len();
            bytes.push(0xff);
            assert_eq!(read(&bytes), Ok((number, size)), "{number:#x}");
        }
        let mut bytes = Vec::new();
        write(&mut bytes, 300);
        assert_eq!(bytes, [0xac, 0x02]);
    }

    #[test]
    fn a_number_of_65_bits_is_too_large() {
        let mut bytes = vec![0xff; 9];
        bytes.push(0x01);
        assert_eq!(read(&bytes), Ok((u64::MAX, 10)));
        bytes.pop();
        bytes.push(0x03);
        assert_eq!(read(&bytes), Err(Leb128Error::TooLarge));
        assert_eq!(read(&[0x80; 11]), Err(Leb128Error::TooLarge));
    }

    #[test]
    fn a_number_may_not_run_past_the_end() {
        assert_eq!(read(&[]), Err(Leb128Error::Truncated));
        assert_eq!(read(&[0x80]), Err(Leb128Error::Truncated));
    }
}
