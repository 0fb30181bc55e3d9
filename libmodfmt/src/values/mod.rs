// SPDX-License-Identifier: MIT OR Apache-2.0
//! The bytes of a variable as a tree of values: types and bytes in, fields and numbers out.
//!
//! [`read`] makes the tree. It reads numbers and bit-fields in either byte order, names enumerators, takes
//! arrays of `char` for text, and puts equal neighbours in an array together. Neither the types nor the bytes
//! are trusted: what they ask for beyond [`Limits`] is left out, and the tree says so.
//!
//! - `select.rs`: from `stats.room[3]` to the place that it names; [`target_at`](crate::types::target_at) is
//!   the way back.
//! - `links.rs`: where a structure has the nodes of lists and trees.
//! - `kernel_types.rs`: a table whose kernel types are filled in from vmlinux's BTF.
//! - `write.rs`: numbers written where `read.rs` finds them.
//!
//! ```
//! use libmodfmt::elf::ByteOrder;
//! use libmodfmt::types::{Member, TagKind, Type, TypeTable};
//! use libmodfmt::values::{Limits, Located, Reading, ValueKind, read};
//!
//! let mut types = TypeTable::default();
//! let int = types.push(Type::Number { name: "int".into(), size: 4, encoding: 5 });
//! let low = Member { name: "low".into(), bit_offset: 0, bits: 3, type_id: int, selected_by: vec![] };
//! let kind = TagKind::Struct;
//! let stats = types.push(Type::Record { kind, name: "stats".into(), size: 4, members: vec![low] });
//!
//! let reading = Reading::new(&[0b1110, 0, 0, 0], ByteOrder::Little);
//! let value = read(&types, Located::whole(stats), &reading, Limits::default());
//! let ValueKind::Record { fields, .. } = value.kind else { panic!("a structure") };
//! assert_eq!((&*fields[0].name, &fields[0].value.kind), ("low", &ValueKind::Signed(-2)));
//! ```

mod kernel_types;
mod links;
mod read;
mod scalar;
mod select;
#[cfg(test)]
mod tests;
mod value;
mod write;

pub use kernel_types::WithKernelTypes;
pub use links::{LinkMember, link_members};
pub use read::{Limits, Reading, read};
pub use scalar::read_bits;
pub use select::{Located, PathStep, SelectError, parse_path};
pub use value::{Field, Missing, Run, Value, ValueKind};
pub use write::write_bits;
