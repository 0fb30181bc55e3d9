// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writing the journal (`docs/journal-format.md`). If `/var/log/ksymoops` exists, every load and removal
//! records what an oops of this boot will need when the running kernel is gone.
//!
//! `recorder.rs` writes the file, `entries.rs` makes the entries that it lacks. The directory and the files
//! must be private; where they are not, there is a warning and no journal. Other errors are not even that:
//! loading and removing go on without a word.
//!
//! A plain load must not become noticeably slower. So only the end of the journal is read, only what it lacks
//! is asked of the kernel, and the file is synced only before a load that keeps data.
//!
//! ```
//! use modrecord::journal::Recorder;
//! use modtest::{FakeKernel, FakeModule};
//!
//! let kernel = FakeKernel::new();
//! kernel.add(FakeModule::new("foo"));
//! # kernel.set(|settings| settings.boot = Some(Default::default()));
//! # let folder = tempfile::tempdir()?;
//! let recorder = Recorder::new(&kernel, folder.path());
//! recorder.update(None);
//! # assert_eq!(std::fs::read_dir(folder.path())?.count(), 1);
//! assert_eq!(recorder.take_warning(), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod entries;
mod error;
mod module_details;
mod recorder;
mod sections;

pub use module_details::ModuleDetails;
pub use recorder::Recorder;
pub(crate) use sections::is_recorded;
