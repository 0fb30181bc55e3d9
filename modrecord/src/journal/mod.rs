// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writing the journal (`docs/journal-format.md`). If `/var/log/ksymoops` exists, every load and removal
//! records what an oops of this boot will need when the running kernel is gone.
//!
//! `record.rs` writes the file, `entries.rs` makes the entries that it lacks. The journal is an aid and
//! nothing more: if it cannot be written, loading and removing go on without a word.
//!
//! ```
//! use modrecord::journal;
//! use modtest::{FakeKernel, FakeModule};
//!
//! let kernel = FakeKernel::new();
//! kernel.add(FakeModule::new("foo"));
//! # kernel.set(|settings| settings.boot = Some(Default::default()));
//! # let folder = tempfile::tempdir()?;
//! journal::record(&kernel, folder.path(), None, false)?;
//! # assert_eq!(std::fs::read_dir(folder.path())?.count(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod entries;
mod error;
mod module_details;
mod record;

pub use error::JournalError;
pub use module_details::ModuleDetails;
pub use record::{record, record_quietly};
