// SPDX-License-Identifier: MIT OR Apache-2.0
//! What debug information (DWARF 4 and 5) tells about a module's variables.
//!
//! The symbol table gives a variable's name, place and size. DWARF adds the function around a
//! static variable, the type as C text, and the structure of the type ([`DwarfTypes`]), which tells
//! whether a new version of the module would read the kept bytes the same way.
//!
//! A module is not linked, so its debug sections are full of relocations. They are resolved while
//! reading, and the address of a variable is a section and an offset. Debug information only adds to
//! what the symbol table says: what cannot be understood is left out of the answer, and only a file
//! that is broken as a whole is an error.
//!
//! ```
//! use libmodfmt::dwarf::{DebugInfo, DebugSections};
//! use libmodfmt::elf::{Ident, Object};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let module = Object::new(Ident::X86_64, 0); // in practice: Object::parse(&file)?
//! let sections = DebugSections::of(&module)?;
//! let info = DebugInfo::read(&sections)?;
//! for variable in info.variables() {
//!     println!("{} {:?} at {:?}", variable.name, variable.type_name, info.field_path(&variable, 8));
//! }
//! assert!(info.variables().is_empty(), "nothing is known without debug information");
//! # Ok(())
//! # }
//! ```

mod ctype;
mod error;
mod info;
mod members;
mod path;
mod reader;
mod relocate;
mod sections;
#[cfg(test)]
mod tests;
mod type_source;
mod types;
mod unit_tables;
mod variable;

pub use error::DwarfError;
pub use info::DebugInfo;
pub use path::DwarfFieldPath;
pub use sections::DebugSections;
pub use type_source::{DwarfTypes, ReachedTypes};
pub use variable::{DebugVariable, variables};
