// SPDX-License-Identifier: MIT OR Apache-2.0
//! Linux kernel module files and the persistent data in them: formats only, bytes in, values out.
//!
//! This crate opens no file, asks no kernel and holds no `unsafe`.

pub mod arch;
pub mod btf;
pub mod compress;
#[cfg(feature = "dwarf")]
pub mod dwarf;
pub mod elf;
pub mod export;
pub mod file;
mod fnv;
pub mod image;
#[cfg(feature = "journal")]
pub mod journal;
pub mod modinfo;
pub mod module;
pub mod module_name;
pub mod note;
pub mod parameters;
pub mod persist;
pub mod proc;
pub mod signature;
pub mod versions;
