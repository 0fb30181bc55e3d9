// SPDX-License-Identifier: MIT OR Apache-2.0
//! Export tables: how a module offers symbols to others.
//!
//! A keeper exports the base of each kept section, and the kernel that loads it must find there
//! exactly the `struct kernel_symbol` that it was built with. That structure changed in 4.19 and
//! 5.4, differs between processors, and the tables around it changed in 7.1; a wrong guess makes
//! the kernel read wild addresses. Every layout of mainline from 4.19 to 7.3 is known. Which one a
//! kernel has is a value, [`ExportLayout`], to be learned in this order:
//!
//! 1. [`ExportLayout::from_btf`]: the running kernel's own types;
//! 2. [`ExportLayout::from_sample`]: a module that was built for the kernel, see [`Sample::of`];
//! 3. [`ExportLayout::from_headers`]: the headers that the kernel was built with;
//! 4. [`ExportLayout::for_release`]: by processor and release number. Vendors' kernels carry newer
//!    code under older numbers, so this comes last.
//!
//! [`exports`] reads what a module file exports, in any layout.
//!
//! ```
//! use libmodfmt::elf::{Class, Machine};
//! use libmodfmt::export::{ExportLayout, Release};
//!
//! let release = Release::parse("6.1.0-56-amd64").ok_or("not a release")?;
//! let layout = ExportLayout::for_release(Machine::X86_64, release);
//! assert_eq!(layout.entry_size(Class::Elf64), 12);
//! assert_eq!(layout.name_offset(Class::Elf64), 4);
//! assert!(layout.is_relative() && !layout.kflagstab);
//! # Ok::<(), &str>(())
//! ```

mod error;
mod from_btf;
mod headers;
mod layout;
mod module_exports;
mod read_table;
mod release;
mod relocation;
mod sample;
#[cfg(test)]
mod tests;

pub use error::ExportError;
pub use layout::{CrcForm, ExportLayout, Fields, Form};
pub use module_exports::exports;
pub use read_table::{Export, Flags, Table, Target, read_table};
pub use release::Release;
pub use sample::{Sample, SampleRelocation};

/// The table of exported symbols.
pub const KSYMTAB: &str = "__ksymtab";
/// The table of symbols for GPL-compatible modules, until 7.0.
pub const KSYMTAB_GPL: &str = "__ksymtab_gpl";
/// One byte of flags for each symbol, from 7.1 on. Bit 0: for GPL-compatible modules only.
pub const KFLAGSTAB: &str = "__kflagstab";
/// The names and namespaces.
pub const KSYMTAB_STRINGS: &str = "__ksymtab_strings";
/// The checksums of the symbols in [`KSYMTAB`], on kernels with `CONFIG_MODVERSIONS`.
pub const KCRCTAB: &str = "__kcrctab";
/// The checksums of the symbols in [`KSYMTAB_GPL`].
pub const KCRCTAB_GPL: &str = "__kcrctab_gpl";
