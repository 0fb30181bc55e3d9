// SPDX-License-Identifier: MIT OR Apache-2.0
//! Values of persistent variables that outlive a reboot: what `modpersist save` has written, and what of it
//! the next load of the module can be given.
//!
//! The file is the JSON of `modpersist show --json` with the types in it; docs/modpersist-json.md is the
//! reference. Values count as they stand there, by name, so they may be restored on another kernel, and a
//! person may change them.
//!
//! - `file.rs`: the file.
//! - `types_json.rs`: types in JSON.
//! - `carried.rs`: the part of a type that can be restored.
//! - `encode.rs`: from values to bytes.
//! - `objects.rs`: objects of the kernel that mean nothing without their addresses.
//! - `path.rs`, `refusal.rs`: where something is, and why it cannot be restored.
//!
//! ```
//! use libmodfmt::elf::ByteOrder;
//! use modrecord::saved_values::SavedFile;
//!
//! let text = r#"{"schema": 1, "owner": "meter", "named": true, "saved": {"kernel": "6.1.0", "types": [
//!     {"kind": "number", "name": "int", "size": 4, "encoding": 5}]},
//!     "sections": [{"address": "0xffffffffc0a05000", "variables": [{"file": "meter.c", "name": "hits",
//!     "offset": 0, "size": 4, "type_id": 0, "value": {"kind": "number", "value": "-3"}}]}]}"#;
//! let saved = SavedFile::parse(text.as_bytes())?;
//! let prepared = saved.prepare(ByteOrder::Little, &[])?;
//! assert_eq!(prepared.values.contents, [(0xffff_ffff_c0a0_5000, vec![0xfd, 0xff, 0xff, 0xff])]);
//! # Ok::<(), modrecord::saved_values::SavedFileError>(())
//! ```

mod carried;
mod encode;
mod file;
mod objects;
mod path;
mod refusal;
pub mod types_json;

pub use file::{MAX_SAVED_BYTES, Prepared, SAVED_FORMAT, SavedFile, SavedFileError};
pub use refusal::{RestoreReason, RestoreRefusal};
