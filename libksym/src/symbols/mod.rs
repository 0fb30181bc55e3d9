// SPDX-License-Identifier: MIT OR Apache-2.0
//! Symbol tables, by address and by name.
//!
//! The size that the kernel prints after a symbol is the distance to the next one, whatever size the
//! compiler recorded for the function: [`SymbolTable::size`] counts the same way.

mod from_image;
mod name_index;
mod symbol;
mod system_map;
mod table;

pub(crate) use symbol::Symbol;
pub(crate) use system_map::TextTables;
pub(crate) use table::SymbolTable;
