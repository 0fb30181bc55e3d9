// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decompressing a whole file.

use super::{CompressError, detect};
#[cfg(feature = "compression")]
use super::{
    Format,
    decoder_error::from_decoder,
    member::{self, Failure},
    output::Output,
};

/// Decompresses a whole file into at most `limit` bytes.
///
/// A file may consist of several gzip members, xz streams or zstd frames: their contents follow each
/// other in the result, as with the command line tools of all three formats. Skippable zstd frames
/// and xz padding between streams are skipped. Every checksum that is present is verified.
///
/// Anything else after the last member is an error: it would be lost when the image is written
/// again. `gzip` and `kmod` ignore such bytes.
///
/// # Errors
///
/// - [`CompressError::Unknown`]: none of the three formats.
/// - [`CompressError::TooBig`]: the content is larger than `limit`.
/// - [`CompressError::Window`]: the file demands a window above [`WINDOW_LIMIT`](super::WINDOW_LIMIT).
/// - [`CompressError::Truncated`], [`CompressError::Corrupt`], [`CompressError::Trailing`]: with
///   the byte offset in `file` up to which it was read.
/// - [`CompressError::Memory`]: the output could not be allocated.
/// - [`CompressError::NotBuilt`]: this crate was built without the feature `compression`.
pub fn decompress(file: &[u8], limit: u64) -> Result<Vec<u8>, CompressError> {
    members(file, limit, false)
}

/// Decompresses a whole file as kmod does: like [`decompress`], but what follows the last gzip
/// member is ignored.
///
/// # Errors
///
/// Those of [`decompress`].
pub fn decompress_as_kmod(file: &[u8], limit: u64) -> Result<Vec<u8>, CompressError> {
    members(file, limit, true)
}

#[cfg(not(feature = "compression"))]
fn members(file: &[u8], _limit: u64, _ignore_gzip_tail: bool) -> Result<Vec<u8>, CompressError> {
    Err(detect(file).map_or(CompressError::Unknown, |format| CompressError::NotBuilt { format }))
}

#[cfg(feature = "compression")]
fn members(file: &[u8], limit: u64, ignore_gzip_tail: bool) -> Result<Vec<u8>, CompressError> {
    let format = detect(file).ok_or(CompressError::Unknown)?;
    let mut output = Output::new(format, limit);
    let mut rest = file;
    while !rest.is_empty() {
        let offset = offset(file, rest);
        let read = match format {
            Format::Gzip => member::gzip(&mut rest, &mut output),
            Format::Xz => member::xz(&mut rest, &mut output),
            Format::Zstd => member::zstd(&mut rest, &mut output),
        };
        match read {
            Ok(()) => {}
            Err(Failure::NotAMember) if ignore_gzip_tail && format == Format::Gzip => break,
            Err(Failure::NotAMember) => return Err(CompressError::Trailing { format, offset }),
            Err(Failure::Output(error)) => return Err(error),
            Err(Failure::Decoder(error)) => {
                return Err(from_decoder(format, self::offset(file, rest), &*error));
            }
        }
    }
    Ok(output.into_bytes())
}

/// How far into `file` its tail `rest` starts.
#[cfg(feature = "compression")]
fn offset(file: &[u8], rest: &[u8]) -> u64 {
    (file.len() as u64).saturating_sub(rest.len() as u64)
}
