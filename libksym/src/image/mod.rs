// SPDX-License-Identifier: MIT OR Apache-2.0
//! ELF files of which only the parts are read that are asked for.
//!
//! The kernel's debug file has hundreds of megabytes, half of them relocations that are applied already;
//! a report needs two or three. So a file is neither mapped (that takes `unsafe`) nor read as a whole,
//! but read by ranges ([`Image::read`]). In a module's file (`ET_REL`) nothing has an address yet, and
//! debug information is not relocated: [`layout`] assigns each section an address, and [`relocations`]
//! applies the relocations of just the bytes that are read.
//!
//! Layers: [`file_bytes`], [`header`] and [`section`], [`unrelocated`], [`symbol_table`] and
//! [`relocations`], [`relocated`].

mod compressed_section;
mod error;
mod file_bytes;
mod header;
mod identity;
mod layout;
mod relocated;
mod relocation;
mod relocations;
mod section;
mod symbol_table;
mod unrelocated;

pub(crate) use error::ImageError;
pub(crate) use relocated::{Image, Reference};
pub(crate) use section::Section;
pub(crate) use symbol_table::ElfSymbol;
