// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sections that are compressed one by one (`SHF_COMPRESSED`, `ld --compress-debug-sections`).
//!
//! Kernels with `CONFIG_DEBUG_INFO_COMPRESSED_ZLIB` (4.20) or `_ZSTD` (6.2) have their debug
//! sections like this, those of modules included. The offset of a relocation counts in the content.

use thiserror::Error;

use crate::elf::{Class, Ident};

/// `ELFCOMPRESS_ZLIB`
const ZLIB: u32 = 1;
/// `ELFCOMPRESS_ZSTD`
const ZSTD: u32 = 2;

/// Why a compressed section cannot be read. Sizes and limits are in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SectionError {
    /// There are fewer bytes than a header has.
    #[error("{size} bytes are too few for the header of a compressed section")]
    NoHeader {
        /// Bytes that the section has.
        size: usize,
    },
    /// Neither zlib nor zstd.
    #[error("compression type {kind} is not known")]
    Kind {
        /// `ch_type`
        kind: u32,
    },
    /// The content is too large, by its header.
    #[error("content of {size} bytes is above the limit of {limit}")]
    TooBig {
        /// `ch_size`
        size: u64,
        /// The caller's limit.
        limit: u64,
    },
    /// There is less content than the header promises.
    #[error("{found} bytes of content, and not {size}")]
    Short {
        /// Bytes that came out.
        found: usize,
        /// `ch_size`
        size: u64,
    },
    /// This crate was built without the feature `compression`.
    #[error("built without decompression")]
    NotBuilt,
    /// The decoder refused it.
    #[error("corrupt: {reason}")]
    Corrupt {
        /// The decoder's own words.
        reason: String,
    },
}

/// The content of a section that has the flag `SHF_COMPRESSED`, of at most `limit` bytes.
///
/// # Errors
///
/// [`SectionError`]; never more than `limit` bytes were decompressed.
pub fn section(data: &[u8], ident: Ident, limit: u64) -> Result<Vec<u8>, SectionError> {
    let (kind, size, packed) = header(data, ident).ok_or(SectionError::NoHeader { size: data.len() })?;
    if size > limit {
        return Err(SectionError::TooBig { size, limit });
    }
    let content = content(kind, packed, size)?;
    if content.len() as u64 == size {
        Ok(content)
    } else {
        Err(SectionError::Short { found: content.len(), size })
    }
}

/// At most `size` bytes of content.
#[cfg(feature = "compression")]
fn content(kind: u32, packed: &[u8], size: u64) -> Result<Vec<u8>, SectionError> {
    use std::io::{self, Read};

    // The size in the header is not trusted: memory grows with what comes out.
    let mut content = Vec::new();
    let read = match kind {
        ZLIB => flate2::read::ZlibDecoder::new(packed).take(size).read_to_end(&mut content),
        ZSTD => ruzstd::decoding::StreamingDecoder::new_with_max_window_size(packed, super::WINDOW_LIMIT)
            .map_err(io::Error::other)
            .and_then(|decoder| decoder.take(size).read_to_end(&mut content)),
        kind => return Err(SectionError::Kind { kind }),
    };
    read.map_err(|error| SectionError::Corrupt { reason: error.to_string() })?;
    Ok(content)
}

#[cfg(not(feature = "compression"))]
fn content(kind: u32, _packed: &[u8], _size: u64) -> Result<Vec<u8>, SectionError> {
    Err(match kind {
        ZLIB | ZSTD => SectionError::NotBuilt,
        kind => SectionError::Kind { kind },
    })
}

/// Type and size from the header (`Elf32_Chdr`, `Elf64_Chdr`), and the bytes after it.
fn header(data: &[u8], ident: Ident) -> Option<(u32, u64, &[u8])> {
    let kind = ident.order.u32(*data.first_chunk()?);
    match ident.class {
        Class::Elf32 => {
            let size = ident.order.u32(*data.get(4..)?.first_chunk()?);
            Some((kind, size.into(), data.get(12..)?))
        }
        Class::Elf64 => {
            let size = ident.order.u64(*data.get(8..)?.first_chunk()?);
            Some((kind, size, data.get(24..)?))
        }
    }
}

#[cfg(test)]
#[cfg(feature = "compression")]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;
    use crate::elf::{ByteOrder, Machine};

    const PPC: Ident = Ident { class: Class::Elf32, order: ByteOrder::Big, machine: Machine(20) };

    fn compressed(kind: u32, size: u64, packed: &[u8], ident: Ident) -> Vec<u8> {
        let mut section = ident.order.bytes32(kind).to_vec();
        if ident.class == Class::Elf64 {
            section.extend([0; 4]);
            section.extend(ident.order.bytes64(size));
            section.extend(ident.order.bytes64(1));
        } else {
            section.extend(ident.order.bytes32(u32::try_from(size).unwrap()));
            section.extend(ident.order.bytes32(1));
        }
        section.extend(packed);
        section
    }

    fn zlib(content: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(content).unwrap();
        packed.finish().unwrap()
    }

    fn zstd(content: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(content, ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[test]
    fn both_kinds_classes_and_orders() {
        let content = b"struct stats".repeat(100);
        for ident in [Ident::X86_64, PPC] {
            for (kind, packed) in [(ZLIB, zlib(&content)), (ZSTD, zstd(&content))] {
                let data = compressed(kind, content.len() as u64, &packed, ident);
                assert_eq!(section(&data, ident, 1200).as_deref(), Ok(&content[..]));
                assert_eq!(
                    section(&data, ident, 1199),
                    Err(SectionError::TooBig { size: 1200, limit: 1199 })
                );
                let short = section(&data[..data.len() - 9], ident, 1200);
                assert!(matches!(short, Err(SectionError::Corrupt { .. } | SectionError::Short { .. })));
            }
        }
    }

    #[test]
    fn a_wrong_header() {
        let packed = zlib(b"abc");
        let of = |kind, size| section(&compressed(kind, size, &packed, PPC), PPC, 100);
        assert_eq!(of(3, 3), Err(SectionError::Kind { kind: 3 }));
        assert_eq!(of(ZLIB, 4), Err(SectionError::Short { found: 3, size: 4 }));
        // No more is decompressed than the header promises.
        assert_eq!(of(ZLIB, 2).as_deref(), Ok(&b"ab"[..]));
        assert_eq!(section(&[0; 11], PPC, 100), Err(SectionError::NoHeader { size: 11 }));
        assert_eq!(section(&[0; 23], Ident::X86_64, 100), Err(SectionError::NoHeader { size: 23 }));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(mut data: Vec<u8>, zstd: bool, class: bool) {
            let ident = if class { Ident::X86_64 } else { PPC };
            let kind = ident.order.bytes32(if zstd { ZSTD } else { ZLIB });
            for (to, from) in data.iter_mut().zip(kind) {
                *to = from;
            }
            if let Ok(content) = section(&data, ident, 1 << 16) {
                prop_assert!(content.len() <= 1 << 16);
            }
        }
    }
}
