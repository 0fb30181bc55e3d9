// SPDX-License-Identifier: MIT OR Apache-2.0
//! Carries the value of a kept variable over to another type.
//!
//! [`decide`] compares the two types field by field. Most changes are harmless: a structure that grew at its
//! end stays where it is, if there is room. Otherwise the variable gets a new place, and a [`Plan`] makes its
//! new value from the kept bytes: fields are found by their names, integers are widened, enumerators keep
//! their names, new fields get the file's initial value, and pointers into variables that are converted in
//! the same load ([`Moves`]) are moved along. What would be lost or misread is refused, with the field.
//!
//! Nothing is read or written here, and nothing is changed in the kernel by finding out.
//!
//! ```
//! use libmodfmt::convert::{Decision, Move, Moves, Request, Side, decide};
//! use libmodfmt::elf::{ByteOrder, Class};
//! use libmodfmt::types::{Type, TypeTable};
//!
//! let mut types = TypeTable::default();
//! let short = types.push(Type::Number { name: "short".into(), size: 2, encoding: 5 });
//! let long = types.push(Type::Number { name: "long".into(), size: 8, encoding: 5 });
//! let side = |id, size| Side { types: &types, id, size };
//!
//! let (order, class) = (ByteOrder::Little, Class::Elf64);
//! let request = Request::new("count", side(short, 2), side(long, 8), order, class);
//! let Decision::Converts(plan) = decide(&request)? else { panic!() };
//! assert_eq!(plan.changes()[0].what, "is widened from 2 to 8 bytes");
//!
//! let (old_address, new_address) = (0xffff_0000, Some(0xffff_8000));
//! let moves = Moves::new(vec![Move { variable: "count", old_address, new_address, plan: &plan }], vec![]);
//! let converted = plan.apply(&(-7_i16).to_le_bytes(), &[], 0, &moves)?;
//! assert_eq!(converted.bytes, (-7_i64).to_le_bytes());
//!
//! let back = Request::new("count", side(long, 8), side(short, 2), order, class);
//! assert_eq!(decide(&back).unwrap_err().to_string(), "count: has 16 bits, had 64");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod apply;
mod behind;
mod bits;
mod build;
mod build_record;
mod copies;
mod decide;
mod held;
mod idle;
mod in_place;
mod kept_bytes;
mod moves;
mod plan;
mod refusal;
mod request;
mod shape;
mod values;

pub use apply::{Converted, MovedPointer};
pub(crate) use decide::plan_to_move;
pub use decide::{Decision, decide};
pub use held::{held_changes, unknown_held};
pub use in_place::InPlace;
pub use moves::{Move, Moves};
pub use plan::{Change, Plan};
pub use refusal::{ConversionRefusal, Reason};
pub use request::{Request, Side};
