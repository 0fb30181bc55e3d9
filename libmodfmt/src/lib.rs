// SPDX-License-Identifier: MIT OR Apache-2.0
//! Linux kernel module files and the persistent data in them: formats only, bytes in, values out.
//!
//! This crate opens no file, asks no kernel and holds no `unsafe`.

pub mod arch;
pub mod btf;
pub mod compress;
pub mod dwarf;
pub mod elf;
pub mod export;
pub mod file;
pub mod image;
pub mod journal;
pub mod modinfo;
pub mod module;
pub mod note;
pub mod parameters;
pub mod persist;
pub mod proc;
pub mod signature;
pub mod versions;
