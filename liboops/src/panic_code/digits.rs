// SPDX-License-Identifier: MIT OR Apache-2.0
//! From decimal digits to bytes.
//!
//! A text that was cut may end in a group that looks whole: so there are two readings, [`Encoding::whole`],
//! which takes the last group as the kernel would have written it, and [`Encoding::cut`], which leaves it
//! out.

/// Digits of a group of `z=`, which stands for [`GROUP_BYTES`] bytes.
const GROUP_DIGITS: usize = 17;
const GROUP_BYTES: usize = 7;
/// Digits of a last group of 0 to 6 bytes.
const LAST_DIGITS: [usize; GROUP_BYTES] = [0, 3, 5, 8, 10, 13, 15];

/// Digits of a group of `zl=`, which stands for [`OLD_GROUP_BITS`] bits.
const OLD_GROUP_DIGITS: usize = 4;
const OLD_GROUP_BITS: usize = 13;

/// How digits stand for bytes. The parameter's name says it, whatever the release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// `z=`: 17 digits for 7 bytes, the lowest byte first.
    Bytes,
    /// `zl=`: 4 digits for 13 bits, the highest bit first.
    Bits,
}

impl Encoding {
    /// The bytes, if the digits are all that there were. `None` if they cannot be.
    pub fn whole(self, digits: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Bytes => {
                let (mut bytes, rest) = groups(digits);
                let last_bytes = LAST_DIGITS.iter().position(|count| *count == rest.len())?;
                let value = number(rest)?;
                let written = value.to_le_bytes();
                let (last, above) = written.split_at_checked(last_bytes)?;
                bytes.extend_from_slice(last);
                above.iter().all(|byte| *byte == 0).then_some(bytes)
            }
            Self::Bits => {
                let (count, last_bits) = old_groups(digits.len())?;
                let mut bits = Bits::default();
                let (first, last) = digits.split_at_checked(count.checked_mul(OLD_GROUP_DIGITS)?)?;
                for group in first.chunks(OLD_GROUP_DIGITS) {
                    bits.push(number(group)?, OLD_GROUP_BITS)?;
                }
                bits.push(number(last)?, last_bits)?;
                Some(bits.bytes)
            }
        }
    }

    /// The bytes of the groups that are whole even if digits are missing at the end, up to one that no kernel
    /// writes.
    pub fn cut(self, digits: &[u8]) -> Vec<u8> {
        match self {
            Self::Bytes => groups(digits).0,
            Self::Bits => {
                let mut bits = Bits::default();
                for group in digits.chunks_exact(OLD_GROUP_DIGITS) {
                    if number(group).and_then(|value| bits.push(value, OLD_GROUP_BITS)).is_none() {
                        break;
                    }
                }
                bits.bytes
            }
        }
    }
}

/// The bytes of the groups of `z=`, up to one with too large a number, and the digits behind them.
fn groups(digits: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut bytes = Vec::new();
    let mut rest = digits;
    while let Some((group, behind)) = rest.split_at_checked(GROUP_DIGITS) {
        let Some([group @ .., 0]) = number(group).map(u64::to_le_bytes) else { break };
        bytes.extend_from_slice(&group);
        rest = behind;
    }
    (bytes, rest)
}

/// How many groups of 13 bits so many digits of `zl=` have, and how many bits their last group has. A last
/// group of k bits has (k + 1) / 3 digits, one for k = 1; together they are whole bytes.
fn old_groups(digits: usize) -> Option<(usize, usize)> {
    (0..OLD_GROUP_BITS).find_map(|bits| {
        let last_digits = if bits == 1 { 1 } else { bits.saturating_add(1).checked_div(3)? };
        let first_digits = digits.checked_sub(last_digits)?;
        let count = first_digits.checked_div(OLD_GROUP_DIGITS)?;
        let all_bits = count.checked_mul(OLD_GROUP_BITS)?.checked_add(bits)?;
        let is_whole = first_digits.is_multiple_of(OLD_GROUP_DIGITS) && all_bits.is_multiple_of(8);
        is_whole.then_some((count, bits))
    })
}

/// Bytes that are filled bit by bit, the highest one first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    /// Bits that are not yet a byte.
    open: u64,
    open_bits: usize,
}

impl Bits {
    /// Appends the lowest `count` bits of a number, at most 32. `None` if it has more.
    fn push(&mut self, value: u64, count: usize) -> Option<()> {
        if value >> count != 0 {
            return None;
        }
        self.open = self.open << count | value;
        self.open_bits = self.open_bits.checked_add(count)?;
        while let Some(left) = self.open_bits.checked_sub(8) {
            self.bytes.push(u8::try_from(self.open >> left & 0xff).ok()?);
            self.open_bits = left;
            self.open &= (1_u64 << left).wrapping_sub(1);
        }
        Some(())
    }
}

/// The number that some digits are, at most 17.
fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(digit.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_seven_bytes_and_a_last_one() {
        // The highest number of each length.
        for (digits, bytes) in [
            ("", 0),
            ("255", 1),
            ("65535", 2),
            ("16777215", 3),
            ("4294967295", 4),
            ("1099511627775", 5),
            ("281474976710655", 6),
            ("72057594037927935", 7),
        ] {
            assert_eq!(Encoding::Bytes.whole(digits.as_bytes()), Some(vec![0xff; bytes]), "{digits}");
            let cut = if bytes == 7 { 7 } else { 0 };
            assert_eq!(Encoding::Bytes.cut(digits.as_bytes()).len(), cut, "{digits}");
        }
        for digits in ["256", "65536", "1", "12", "1234", "72057594037927936", "99999999999999999"] {
            assert_eq!(Encoding::Bytes.whole(digits.as_bytes()), None, "{digits}");
        }
        // The lowest byte comes first.
        assert_eq!(Encoding::Bytes.whole(b"0000000000000025800007"), Some(vec![2, 1, 0, 0, 0, 0, 0, 7, 0]));
    }

    #[test]
    fn old_groups_by_their_number_of_digits() {
        // Every number of bytes has its own number of digits.
        let mut last = None;
        for bytes in 0..=130_usize {
            let (count, bits) = (bytes * 8 / 13, bytes * 8 % 13);
            let digits = 4 * count + if bits == 1 { 1 } else { (bits + 1) / 3 };
            assert_eq!(old_groups(digits), Some((count, bits)), "{bytes}");
            assert!(last < Some(digits));
            last = Some(digits);
        }
        // The highest bit comes first: 0b1_0000_0001_1000 and the last three bits of the second byte.
        assert_eq!(Encoding::Bits.whole(b"41201"), Some(vec![0x80, 0xc1]));
        assert_eq!(Encoding::Bits.cut(b"41201"), [0x80]);
        assert_eq!(Encoding::Bits.whole(b"8192000"), None);
    }
}
