// SPDX-License-Identifier: MIT OR Apache-2.0
//! From `symbol+offset/size`, or an address, to functions and source lines.
//!
//! A [`Resolver`] is made from [`Sources`], asked [`Query`] by query, and tells in each [`Answer`]
//! what it found and in which file, or why it cannot tell. It never guesses: a file of another
//! build gives a [`Warning`] and is not used, a symbol of another size gives an [`Unknown`], and a
//! name that several functions bear gives each of them.
//!
//! Nothing is read before a query needs it, and only the parts of a file that it needs: the
//! kernel's file has hundreds of megabytes.

mod answer;
mod binary;
mod build_id;
mod by_address;
mod by_symbol;
pub mod code;
mod dwarf;
mod files;
mod find;
mod image;
mod placement;
mod query;
mod resolver;
mod slide;
mod sources;
mod symbols;
mod warning;

pub use answer::{Answer, Frame, Location, Unknown};
pub use build_id::{BuildId, BuildIdError};
pub use query::Query;
pub use resolver::Resolver;
pub use slide::{Slide, SlideSource};
pub use sources::{Discover, KaslrHint, KaslrPair, LoadedModule, Places, Sources};
pub use warning::Warning;
