// SPDX-License-Identifier: MIT OR Apache-2.0
//! The journal: what only the running kernel can tell, and an oops needs later.
//!
//! `insmod` and `rmmod` write it, `ksymoops` reads it. It has one JSON object per line and is only ever
//! appended to, so that a line which was cut by a crash costs only itself. `docs/journal-format.md` is
//! the reference.
//!
//! ```
//! use libmodfmt::journal::{Boot, Entry, Journal};
//!
//! let boot = Boot { id: "b-1".into(), banner: "Linux version 6.1.0".into(), ..Boot::default() };
//! let mut text = Entry::Boot(boot.clone()).to_line();
//! text.extend_from_slice(b"{\"v\":1,\"entry\":\"modu"); // cut by a crash
//! let journal = Journal::read(&text);
//! assert_eq!(journal.entries, [Entry::Boot(boot)]);
//! assert_eq!(journal.skipped, 1);
//! ```

mod entry;
mod hex;
mod line;
mod recorded;
#[cfg(test)]
mod tests;
mod text;
mod token_line;

pub use entry::{Boot, Discard, Entry, LoadedModule, Stage, Tokens, Unload};
pub use line::{HeaderId, VERSION};
pub use recorded::Recorded;
pub use text::{FILE_NAME, Journal, file_name};

/// Whether a module's name is that of a keeper.
pub(crate) fn is_keeper(name: &str) -> bool {
    crate::persist::is_keeper_name(name)
}
