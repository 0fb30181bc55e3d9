// SPDX-License-Identifier: MIT OR Apache-2.0
#![forbid(unsafe_code)]
//! Finds Linux kernel oops reports in logs and reads them: bytes in, values out.
//!
//! ```
//! let log = b"[    1.000000] BUG: kernel NULL pointer dereference, address: 0000000000000010\n\
//!             [    1.000001] RIP: 0010:meter_write+0x1b/0x30 [meter]\n";
//! let blocks = liboops::blocks(log);
//! let report = &blocks[0].reports[0];
//! assert_eq!(report.fault_address(), Some(0x10));
//! assert_eq!(report.fault().unwrap().pc.as_ref().unwrap().module.as_deref(), Some("meter"));
//! ```

mod arch;
mod cursor;
mod line;
mod message;
pub mod report;
mod stream;
mod trigger;

pub use message::pstore;
pub use stream::{Event, blocks, stream};
