// SPDX-License-Identifier: MIT OR Apache-2.0
//! Compressed module files (`.ko.gz`, `.ko.xz`, `.ko.zst`), and compressed sections in them.
//!
//! Distributions install modules compressed, and an image can only be rewritten uncompressed. The
//! format is detected by the first bytes, never by the file name. The input is untrusted: the caller
//! sets the largest output that it accepts, and the limit is checked while the output grows, so a
//! bomb costs no more than the limit.
//!
//! Without the feature `compression` formats are still detected, and decompressing is an error.
//!
#![cfg_attr(feature = "compression", doc = "```")]
#![cfg_attr(not(feature = "compression"), doc = "```ignore")]
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

#[cfg(feature = "compression")]
mod decoder_error;
mod decompress;
mod error;
mod format;
#[cfg(feature = "compression")]
mod member;
#[cfg(feature = "compression")]
mod output;
mod plausible_size;
mod section;
#[cfg(feature = "compression")]
mod stream;
#[cfg(feature = "compression")]
#[cfg(test)]
mod tests;
mod zstd_frame;

pub use decompress::{decompress, decompress_as_kmod};
pub use error::CompressError;
pub use format::{Format, WINDOW_LIMIT, detect};
pub use plausible_size::plausible_size;
pub use section::{SectionError, section};
#[cfg(feature = "compression")]
pub use stream::reader;
pub use zstd_frame::zstd_content_size;
