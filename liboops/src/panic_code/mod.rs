// SPDX-License-Identifier: MIT OR Apache-2.0
//! The QR code on the kernel's panic screen (`CONFIG_DRM_PANIC_SCREEN_QR_CODE`), as the text that a scanner
//! reads in it.
//!
//! It is `URL?a=ARCH&v=RELEASE&z=DIGITS`: the end of the kernel's log, compressed by zlib, its bytes written
//! as decimal digits (`drivers/gpu/drm/drm_panic_qr.rs`). Kernels before 6.15 have `zl=` and other groups of
//! digits. Where no URL is configured, the code holds the log as it is, and nothing need be done.
//!
//! The text may be cut anywhere. Then the log is read as far as the digits go.
//!
//! ```
//! let url = "https://example.org/#?a=x86_64&v=6.16.0&\
//!            z=22850245147461960127479103797202645679929458617911856021402989363788";
//! let code = liboops::panic_code::decode(url.as_bytes()).expect("it has digits");
//! assert_eq!(code.text, b"Test compressed zlib");
//! assert_eq!(code.release.as_deref(), Some("6.16.0"));
//! assert!(code.extent.is_whole());
//! ```
//!
//! [`reader`] wraps the reader of a log: each code in it is replaced by the log that it holds.

mod code;
mod digits;
mod expand;
mod find;
mod found_codes;
mod inflate;
mod reader;

pub use code::{Extent, PanicCode, decode};
pub use found_codes::{FoundCode, FoundCodes};
pub use reader::reader;
