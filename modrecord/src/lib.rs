// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything that is written down for later: what modutils kept in files, and the journal.
//!
//! - [`journal`]: where modules and their persistent data were, for whoever has to read an oops of this boot.
//! - [`SavedFile`], [`save()`]: parameters of a module as lines of text, written when it is removed and given to it again when it is loaded
//!   (`insmod -e`, `rmmod -e`). The values come from `/sys/module/NAME/parameters`.
//! - [`Location`]: which loaded module has such a file; under `/run`, since it means nothing after a reboot.
//! - [`snapshot`]: `/proc/kallsyms` and `/proc/modules` for whoever has to read an oops later, where `/var/log/ksymoops` exists.
//!
//! ```
//! use modrecord::SavedFile;
//!
//! let file = SavedFile::parse(b"# mine\ndebug=1\nlabel=\"a b\"\n").unwrap();
//! let values: Vec<_> = file.values().collect();
//! assert_eq!(values, [("debug", &b"1"[..]), ("label", &b"a b"[..])]);
//! ```

mod error;
mod file;
pub mod journal;
mod location;
mod places;
mod save;
pub mod snapshot;
mod time;
mod value;

pub use error::StateError;
pub use file::SavedFile;
pub use location::Location;
pub use places::Places;
pub use save::save;
