// SPDX-License-Identifier: MIT OR Apache-2.0
//! Compressed module files (`.ko.gz`, `.ko.xz`, `.ko.zst`), and compressed sections in them.
//!
//! Distributions install modules compressed, and an image can only be rewritten uncompressed.
//! The format is taken from the first bytes, never from the file name. The input is untrusted: the
//! caller sets the largest output it will take, and that is checked while the output grows, so a
//! bomb costs no more than the limit.
//!
//! ```
//! use libmodfmt::compress::{Format, decompress, detect};
//! use std::io::Write;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
//! gzip.write_all(b"\x7fELF and so on")?;
//! let file = gzip.finish()?;
//!
//! assert_eq!(detect(&file), Some(Format::Gzip));
//! assert_eq!(decompress(&file, 1 << 20)?, b"\x7fELF and so on");
//! assert!(decompress(&file, 4).is_err(), "the limit is in bytes of output");
//! # Ok(())
//! # }
//! ```

mod error;
mod frame;
mod member;
mod output;
mod section;
#[cfg(test)]
mod tests;

pub use error::CompressError;
pub use frame::zstd_content_size;
use output::Output;
pub use section::{SectionError, section};
use std::fmt;

/// A decoder's window or dictionary may take at most this many bytes, besides the output.
///
/// 128 MiB is the largest window of `zstd` without `--long`, and twice that of `xz -9`. The number
/// in a file's header says nothing of the size of its content, so it cannot be tied to the
/// caller's limit: `xz -6` asks for 8 MiB to decode one byte.
pub const WINDOW_LIMIT: u64 = 128 << 20;

/// A compression format that `kmod` and the kernel's build know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// RFC 1952, `.gz`.
    Gzip,
    /// The `.xz` container around LZMA2.
    Xz,
    /// RFC 8878, `.zst`.
    Zstd,
}

impl Format {
    /// Every format, in no particular order.
    pub const ALL: [Self; 3] = [Self::Gzip, Self::Xz, Self::Zstd];

    /// The bytes a file of this format starts with.
    #[must_use]
    pub const fn magic(self) -> &'static [u8] {
        match self {
            Self::Gzip => &[0x1f, 0x8b],
            Self::Xz => &[0xfd, b'7', b'z', b'X', b'Z', 0],
            Self::Zstd => &[0x28, 0xb5, 0x2f, 0xfd],
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
        })
    }
}

/// The format of a file by its first bytes; `None` for anything else, a plain ELF file included.
#[must_use]
pub fn detect(file: &[u8]) -> Option<Format> {
    Format::ALL.into_iter().find(|format| file.starts_with(format.magic()))
}

/// Decompresses a whole file into at most `limit` bytes.
///
/// A file may consist of several gzip members, xz streams or zstd frames: their contents follow
/// each other in the result, as the command line tools of all three formats have it. Skippable
/// zstd frames and xz padding between streams are passed over. Every checksum that is present is
/// verified.
///
/// Anything else after the last member is an error: it would be lost when the image is written
/// again. `gzip` and `kmod` ignore such bytes.
///
/// # Errors
///
/// - [`CompressError::Unknown`]: none of the three formats.
/// - [`CompressError::TooBig`]: the content is larger than `limit`.
/// - [`CompressError::Window`]: the file demands a window above [`WINDOW_LIMIT`].
/// - [`CompressError::Truncated`], [`CompressError::Corrupt`], [`CompressError::Trailing`]: with
///   the byte offset in `file` up to which it was read.
/// - [`CompressError::Memory`]: the output could not be allocated.
pub fn decompress(file: &[u8], limit: u64) -> Result<Vec<u8>, CompressError> {
    members(file, limit, false)
}

/// Decompresses a whole file as kmod does: as [`decompress`], but what follows the last gzip member is ignored.
///
/// # Errors
///
/// Those of [`decompress`].
pub fn decompress_as_kmod(file: &[u8], limit: u64) -> Result<Vec<u8>, CompressError> {
    members(file, limit, true)
}

fn members(file: &[u8], limit: u64, gzip_tail: bool) -> Result<Vec<u8>, CompressError> {
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
            Err(member::Failure::NotAMember) if gzip_tail && format == Format::Gzip => break,
            Err(member::Failure::NotAMember) => {
                return Err(CompressError::Trailing { format, offset });
            }
            Err(member::Failure::Output(error)) => return Err(error),
            Err(member::Failure::Decoder(error)) => {
                return Err(error::from_decoder(format, self::offset(file, rest), &*error));
            }
        }
    }
    Ok(output.into_bytes())
}

/// How far into `file` its tail `rest` starts.
fn offset(file: &[u8], rest: &[u8]) -> u64 {
    (file.len() as u64).saturating_sub(rest.len() as u64)
}
