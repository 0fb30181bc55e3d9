// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sections that are compressed one by one (`SHF_COMPRESSED`).

use super::{Cursor, Image, ImageError, Section};
use std::io::Read;

/// Largest content. The largest section known today has 170 MB.
const LIMIT: u64 = 1 << 30;

const ZLIB: u32 = 1;
const ZSTD: u32 = 2;

pub(super) fn inflate(image: &Image, section: &Section) -> Result<Vec<u8>, ImageError> {
    let error = |reason: String| ImageError::Inflate { section: section.name.clone(), reason };
    let bytes = image.store.read(section.offset, section.file_size());
    let bytes = bytes.ok_or_else(|| error("leads out of the file".to_owned()))?;
    let (kind, size, packed) = header(image, &bytes).ok_or_else(|| error("has no header".to_owned()))?;
    if size > LIMIT {
        return Err(error(format!("{size} bytes are above the limit of {LIMIT}")));
    }
    // The size in the header is not trusted: memory grows with what comes out.
    let mut content = Vec::new();
    let read = match kind {
        ZLIB => flate2::read::ZlibDecoder::new(packed).take(size).read_to_end(&mut content),
        ZSTD => ruzstd::decoding::StreamingDecoder::new(packed)
            .map_err(|source| error(source.to_string()))?
            .take(size)
            .read_to_end(&mut content),
        other => return Err(error(format!("compression type {other} is not known"))),
    };
    read.map_err(|source| error(source.to_string()))?;
    Ok(content)
}

fn header<'d>(image: &Image, bytes: &'d [u8]) -> Option<(u32, u64, &'d [u8])> {
    let mut fields = Cursor::new(bytes, image.ident);
    let kind = fields.word()?;
    if image.ident.is_64 {
        fields.word()?; // reserved
    }
    let size = fields.wide()?;
    Some((kind, size, bytes.get(if image.ident.is_64 { 24 } else { 12 }..)?))
}
