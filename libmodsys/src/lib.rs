// SPDX-License-Identifier: MIT OR Apache-2.0
//! The only crate of this project that talks to Linux.
//!
//! - [`Kernel`]: everything that the tools ask of a kernel, as one object-safe trait. [`Linux`] is the real
//!   kernel (the module system calls, `/sys`, `/proc`, `/lib/modules`); tests use a fake one.
//! - [`lock`]: serialises the tools that work on one owner; [`guard`]: removes a keeper if its maker is
//!   killed.
//! - [`PrivateDirectory`]: files in a directory that must be this user's alone.
//! - [`files`]: writes files for later; [`paths`]: directories that several crates share.
//! - [`KmsgReader`]: the kernel's log.
//! - [`FileWatch`]: waits until a file has changed; [`HeldSignals`]: Ctrl-C waits until something is done.
//!
//! ```
//! use libmodsys::Kernel;
//! use modtest::{FakeKernel, FakeModule};
//!
//! let kernel = FakeKernel::new();
//! kernel.add(FakeModule::new("foo__persist").note(".note.persist", b"header"));
//! kernel.add(FakeModule::new("foo").uses("foo__persist"));
//! assert_eq!(kernel.holders("foo__persist").unwrap(), ["foo"]);
//! assert_eq!(kernel.notes("foo__persist").unwrap()[".note.persist"], b"header");
//! ```

mod error;
mod file_watch;
pub mod files;
mod flags;
pub mod guard;
mod held_signals;
mod kernel;
mod linux;
pub mod lock;
pub mod paths;
mod private_directory;
mod types;

pub use error::{SysError, errno_text, io_errno};
pub use file_watch::FileWatch;
pub use flags::{LoadFlags, RemoveFlags};
pub use held_signals::HeldSignals;
pub use kernel::Kernel;
pub use linux::{KALLSYMS, KmsgReader, Linux, node_name, sealed_file, system_name};
/// The error number of a system call.
pub use nix::errno::Errno;
pub use private_directory::{Flaw, PrivateDirectory, PrivateFileError};
pub use types::{
    BootIdentity, InitState, InstalledModule, KernelCompression, Lockdown, LogRecord, PersistSupport,
    Section, SectionAddress,
};
