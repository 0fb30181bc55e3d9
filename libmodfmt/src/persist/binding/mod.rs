// SPDX-License-Identifier: MIT OR Apache-2.0
//! What becomes of each variable of a file, by what is kept already: which are bound to kept units, which
//! are new, which cannot be used and why. A pure function of headers and wishes.
//!
//! - `account.rs`: the answer, [`Account`].
//! - `wishes.rs`: what the user asks for.
//! - `live.rs`: the kept variables that are in force.
//! - `change.rs`: whether a kept variable can be used as it is: the place where types are compared.
//! - `kernel_types.rs`: types that one side describes, and the other one names as the kernel's.
//! - `values.rs`: what is known beyond headers: the file's initial values, and the kept bytes.
//! - `along.rs`: what has to move because it points to what moves.
//! - `carry.rs`: initial values made from kept bytes.
//! - `assign.rs`: from variables to units.
//! - `generation.rs`: the header of the generation that holds what is new.
//! - `spent.rs`: generations of which nothing is in force.
//! - `saved.rs`: saved values, as if they were kept.
//! - `renames.rs`: what looks like a variable under another name.
//! - `alike.rs`: whether two types look like one that changed.
//!
//! ```
//! use libmodfmt::persist::{Account, Fate, Header, Unit, UnitPlace, Variable, Wishes};
//!
//! let mut kept = Header::new("foo");
//! let mut unit = Unit::new(".data..persistent.foo.0", 8, 8);
//! unit.variables.push(Variable::new("count", 0, 8, 8));
//! kept.units.push(unit.clone());
//! let mut file = kept.clone();
//! unit.section = ".data..persistent.foo.1".to_owned();
//! unit.variables[0].name = "limit".to_owned();
//! file.units.push(unit);
//!
//! let account = Account::of(&[&kept], &file, &Wishes::default());
//! assert!(matches!(account.variables[0].fate, Fate::Bound { .. }));
//! assert_eq!(account.variables[1].fate, Fate::New);
//! assert_eq!(account.units[1], UnitPlace::New { ordinal: 0 });
//! assert_eq!(account.generation, 2);
//! ```

mod account;
mod alike;
mod along;
mod assign;
mod carry;
mod change;
mod decide;
mod generation;
mod kernel_types;
mod live;
mod renames;
mod saved;
mod spent;
mod values;
mod wishes;

pub use account::{Account, Fate, LeftBehind, Stay, UnitPlace, VariableAccount};
pub use change::{Change, KeptVariable};
pub(in crate::persist) use generation::add_types;
pub use saved::{Restored, SavedValues};
pub use spent::spent_generations;
pub use values::{InitialValue, KeptMemory, UnitPointer, UnitValue, Values};
pub use wishes::Wishes;
