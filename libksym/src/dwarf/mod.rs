// SPDX-License-Identifier: MIT OR Apache-2.0
//! From an address to functions and lines, by DWARF 2 to 5.
//!
//! The `addr2line` crate, used in the ordinary way, takes 5 s and 1 GB for a distribution's kernel, as it
//! looks at every compilation unit. Here `.debug_aranges` tells the unit of an address
//! ([`address_index`]), only that unit is read ([`unit_cache`]), and in it everything but functions is
//! skipped ([`functions`]). A function's tree is read when an address lies in it ([`inlined_calls`]), and
//! so are the line program ([`line_program`]) and strings ([`string_ref`]).

mod address_index;
mod address_ranges;
mod attributes;
mod call_frame;
mod debug_sections;
mod entries;
mod entry_shapes;
mod error;
mod function_name;
mod functions;
mod inlined_calls;
mod line_program;
mod line_rows;
mod location;
mod lookup;
mod source_path;
mod string_ref;
mod types;
mod unit;
mod unit_cache;
mod unit_header;
mod unit_root;
mod variables;

pub(crate) use error::DwarfError;
pub(crate) use lookup::Dwarf;
