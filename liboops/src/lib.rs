// SPDX-License-Identifier: MIT OR Apache-2.0
#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]
//!
//! ## How a log is read
//!
//! 1. `trigger` looks for the few words that any report begins with, in whole pieces of the log at once. What
//!    has none of them goes through untouched ([`Event::Text`]).
//! 2. `line` takes off what the way of the log put before the message: times, levels, host names, quotation
//!    marks.
//! 3. `message` puts messages together again that were wrapped, cut, encoded or printed twice.
//! 4. `report` tells writers apart, knows first lines and reads each report line by line, with what `arch`
//!    knows of processors ([`Event::Block`]).
//! 5. `explain` says what the numbers of a report mean, for who asks.

mod arch;
mod cursor;
pub mod explain;
mod line;
mod message;
pub mod panic_code;
mod rejoined;
pub mod report;
mod stream;
mod trigger;

pub use message::pstore;
pub use rejoined::rejoined;
pub use stream::{Event, blocks, stream};
