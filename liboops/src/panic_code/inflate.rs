// SPDX-License-Identifier: MIT OR Apache-2.0
//! zlib, as far as it goes: unlike a file, a code is of use without its end.

use flate2::{Decompress, FlushDecompress, Status};

/// How much is decompressed at once, in bytes.
const PIECE_BYTES: usize = 1 << 14;

/// What compressed bytes hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Inflated {
    pub text: Vec<u8>,
    pub end: End,
}

/// How compressed bytes end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With the right checksum.
    Whole,
    /// Behind the text, with a wrong checksum or without one.
    Unverified,
    /// Before the end of the text.
    Cut,
    /// With something that is not compressed text.
    Damaged,
    /// Behind more text than was asked for.
    TooLong,
}

/// Decompresses up to `limit` bytes. `None` if it is not zlib (RFC 1950).
pub(super) fn inflate(zlib: &[u8], limit: usize) -> Option<Inflated> {
    let (&[method, flags], deflated) = zlib.split_first_chunk()?;
    let is_deflate = method & 0xf == 8 && method >> 4 <= 7;
    let has_dictionary = flags & 0x20 != 0;
    if !is_deflate || has_dictionary || !u16::from_be_bytes([method, flags]).is_multiple_of(31) {
        return None;
    }
    // The window of zlib's header is the least that a decoder needs; this one has the largest.
    let mut decoder = Decompress::new(false);
    let mut text = Vec::new();
    let mut read = 0;
    let end = loop {
        let rest = deflated.get(read..).unwrap_or_default();
        let before = text.len();
        text.reserve(PIECE_BYTES);
        let status = decoder.decompress_vec(rest, &mut text, FlushDecompress::None);
        read = usize::try_from(decoder.total_in()).unwrap_or(usize::MAX);
        if text.len() > limit {
            text.truncate(limit);
            break End::TooLong;
        }
        match status {
            Ok(Status::StreamEnd) => {
                let stored = deflated.get(read..).and_then(|rest| rest.first_chunk::<4>());
                let is_right = stored.is_some_and(|stored| u32::from_be_bytes(*stored) == adler32(&text));
                break if is_right { End::Whole } else { End::Unverified };
            }
            Ok(_) if text.len() == before && read >= deflated.len() => break End::Cut,
            Ok(_) if text.len() == before && rest.is_empty() => break End::Cut,
            Ok(Status::BufError) if text.len() == before => break End::Cut,
            Ok(_) => {}
            Err(_) => break End::Damaged,
        }
    };
    Some(Inflated { text, end })
}

/// The checksum of zlib (RFC 1950, 8.2).
fn adler32(text: &[u8]) -> u32 {
    let (low, high) = text.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = low.wrapping_add((*byte).into()) % 65521;
        (low, high.wrapping_add(low) % 65521)
    });
    high << 16 | low
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    fn zlib(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_length_gives_a_beginning() {
        let text: Vec<u8> =
            (0..600_u32).flat_map(|number| (number * number).to_string().into_bytes()).collect();
        let whole = zlib(&text);
        assert_eq!(inflate(&whole, 1 << 20), Some(Inflated { text: text.clone(), end: End::Whole }));
        let mut before = 0;
        for length in 2..whole.len() {
            let Inflated { text: found, end } = inflate(&whole[..length], 1 << 20).unwrap();
            assert!(text.starts_with(&found) && found.len() >= before, "{length}");
            before = found.len();
            let expected = if length + 4 >= whole.len() { End::Unverified } else { End::Cut };
            assert_eq!(end, expected, "{length} of {}", whole.len());
        }
        assert_eq!(before, text.len());
    }

    #[test]
    fn what_is_no_zlib_is_none() {
        for bytes in [&b""[..], b"\x78", b"\x1f\x8b\x08\0", b"\x78\x9d", b"\x78\xbb", b"\x88\x1c"] {
            assert_eq!(inflate(bytes, 100), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let bomb = zlib(&vec![b'a'; 1 << 20]);
        let found = inflate(&bomb, 1000).unwrap();
        assert_eq!((found.text.len(), found.end), (1000, End::TooLong));
        assert_eq!(inflate(&bomb, 1 << 20).unwrap().end, End::Whole);
    }

    #[test]
    fn damage_keeps_what_is_before_it() {
        let text: Vec<u8> =
            (0..600_u32).flat_map(|number| (number * number).to_string().into_bytes()).collect();
        let mut bytes = zlib(&text);
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        assert_eq!(inflate(&bytes, 1 << 20), Some(Inflated { text: text.clone(), end: End::Unverified }));
        // A block of the type that there is not.
        let stored = [&[0x78, 0x01, 0, 3, 0, 0xfc, 0xff][..], b"abc\x07"].concat();
        assert_eq!(inflate(&stored, 100), Some(Inflated { text: b"abc".to_vec(), end: End::Damaged }));
    }
}
