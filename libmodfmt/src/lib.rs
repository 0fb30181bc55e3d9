// SPDX-License-Identifier: MIT OR Apache-2.0
//! Linux kernel module files and the persistent data in them.
//!
//! Formats only: bytes in, values out. This crate opens no file, asks no kernel and has no `unsafe`.
//! Its input may come from anybody, so every offset and count in it is checked.
//!
//! [`ModuleFile`](file::ModuleFile) is the way in. It takes the bytes of a `.ko`, `.ko.gz`, `.ko.xz` or
//! `.ko.zst`, and decompresses, splits off the signature and parses, each step once. This lists the
//! persistent variables of a module, and why they could not be kept:
//!
//! ```
//! use libmodfmt::file::ModuleFile;
//!
//! fn list(content: Vec<u8>) -> Result<(), Box<dyn std::error::Error>> {
//!     let file = ModuleFile::new(content, 512 << 20); // at most 512 MiB when decompressed
//!     let Some(persistent) = file.persistent()? else { return Ok(()) };
//!     for (unit, variable) in persistent.variables() {
//!         println!("{}+{:#x}: {variable}, {} bytes", unit.section, variable.offset, variable.size);
//!     }
//!     for reason in persistent.refusals()?.reasons {
//!         println!("{reason}");
//!     }
//!     Ok(())
//! }
//!
//! let error = list(b"#!/bin/sh".to_vec()).unwrap_err();
//! assert_eq!(error.to_string(), "not an ELF file: the magic bytes 7f 45 4c 46 are missing");
//! ```
//!
//! | what | where |
//! |---|---|
//! | a file on disk | [`mod@file`], [`compress`], [`signature`] |
//! | the module in it | [`module`], [`elf`], [`arch`], [`note`], [`modinfo`], [`parameters`] |
//! | what it imports and exports | [`versions`], [`export`] |
//! | types, values, and conversion | [`types`], [`values`], [`btf`], `dwarf`, [`convert`], [`hints`] |
//! | persistent data and the images that keep it | [`persist`], [`image`], [`old_slots`], [`pointers`] |
//! | a running kernel's files, and what is recorded about it | [`proc`], `journal` |
//!
//! # Features
//!
//! All are on by default.
//!
//! - `compression`: decompresses modules and compressed debug sections.
//! - `dwarf`: reads debug information, which names types and the functions around static variables.
//! - `journal`: reads and writes the journal that `insmod` and `rmmod` keep for `ksymoops`.

pub mod arch;
pub mod btf;
pub mod compress;
pub mod convert;
#[cfg(feature = "dwarf")]
pub mod dwarf;
pub mod elf;
pub mod export;
pub mod file;
mod fnv;
pub mod hints;
pub mod image;
#[cfg(feature = "journal")]
pub mod journal;
mod leb128;
pub mod modinfo;
pub mod module;
pub mod module_name;
pub mod note;
pub mod old_slots;
pub mod parameters;
pub mod persist;
pub mod pointers;
pub mod proc;
pub mod signature;
pub mod types;
pub mod values;
pub mod versions;

/// The example in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
