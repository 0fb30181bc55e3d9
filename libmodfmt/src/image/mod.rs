// SPDX-License-Identifier: MIT OR Apache-2.0
//! The two images that keep persistent data on a stock kernel.
//!
//! The *keeper* is the owner's file without its code: those persistent sections that are not kept yet,
//! exported under one base symbol each, and a note with the header. The *owner image* is the owner's file
//! with every use of persistent data turned into a use of the base symbols of the keepers that hold it. The
//! kernel's own loader links them, and its own reference count keeps the keepers loaded while the owner is.
//!
//! A third image, [`hold`], keeps the keeper loaded where other programs load and remove modules.
//!
//! [`Bindings`] say which unit of the file is where. [`keeper`] and [`owner`] make the images, and
//! [`pending`] a module that marks generations as not in force yet. Before they are returned, strict checks
//! read both images again: what a caller gets is safe to load.
//!
//! ```
//! use libmodfmt::image::Base;
//! use libmodfmt::persist::{Header, Unit};
//!
//! let mut header = Header::new("foo");
//! header.units.push(Unit::new(".data..persistent.foo.0", 8, 8));
//! let bases = Base::all(&header);
//! assert_eq!(bases[0].symbol, "__persist_dd1270790c25b935_1_0");
//! assert_eq!(bases[0].crc, header.units[0].crc());
//! ```

mod add_versions;
mod applied_relocations;
mod base;
mod bindings;
mod bound;
mod check;
mod data_relocations;
mod discard_mark;
mod error;
mod got_entry;
mod hold;
mod hold_note;
mod input_check;
mod keeper;
mod keeper_exports;
mod keeper_options;
mod old_places;
mod owner;
mod pending;
mod pending_note;
mod relocated_places;
mod skeleton;
mod symbols;

pub use base::Base;
pub use bindings::{Bindings, UnitBase};
pub use bound::{BoundKeeper, KEEPERS_KEY, keepers_of, with_keepers};
pub use discard_mark::{DISCARD_MARK_NOTE_TYPE, DISCARD_MARK_SECTION, discard_mark};
pub use error::ImageError;
pub use hold::hold;
pub use hold_note::{HOLD_NOTE_TYPE, Hold};
pub use keeper::keeper;
pub use keeper_options::KeeperOptions;
pub use owner::owner;
pub use pending::pending;
pub use pending_note::{PENDING_NOTE_TYPE, Pending};
