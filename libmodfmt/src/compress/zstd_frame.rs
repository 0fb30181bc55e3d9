// SPDX-License-Identifier: MIT OR Apache-2.0
//! The header of a zstd frame.

use super::Format;

/// The size of the content according to the header of the first frame, in bytes; `None` if it has
/// none.
///
/// kmod allocates the memory beforehand, so it refuses a file whose first frame has no size or size 0.
///
/// ```
/// use libmodfmt::compress::zstd_content_size;
/// // One segment, a size in one byte.
/// assert_eq!(zstd_content_size(&[0x28, 0xb5, 0x2f, 0xfd, 0x20, 43]), Some(43));
/// // A window, no size.
/// assert_eq!(zstd_content_size(&[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50]), None);
/// ```
#[must_use]
pub fn zstd_content_size(file: &[u8]) -> Option<u64> {
    let (descriptor, rest) = file.strip_prefix(Format::Zstd.magic())?.split_first()?;
    let one_segment = descriptor & 0x20 != 0;
    let window = usize::from(!one_segment);
    let dictionary = [0, 1, 2, 4].get(usize::from(descriptor & 3)).copied()?;
    let size = match (descriptor >> 6, one_segment) {
        (0, false) => return None,
        (0, true) => 1,
        (1, _) => 2,
        (2, _) => 4,
        _ => 8,
    };
    let field = rest.get(window + dictionary..)?.get(..size)?;
    let value = field.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte));
    // Two bytes count from 256 on.
    if size == 2 { value.checked_add(256) } else { Some(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_width() {
        let header = |bytes: &[u8]| zstd_content_size(&[&[0x28, 0xb5, 0x2f, 0xfd], bytes].concat());
        assert_eq!(header(&[0x60, 1, 0]), Some(257));
        assert_eq!(header(&[0x40, 0x50, 1, 0]), Some(257));
        assert_eq!(header(&[0xa0, 1, 0, 0, 1]), Some(0x0100_0001));
        assert_eq!(header(&[0xe3, 9, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 1]), Some(1 << 56));
        assert_eq!(header(&[0xe0, 0, 0]), None);
        assert_eq!(header(&[]), None);
        assert_eq!(zstd_content_size(b""), None);
    }
}
