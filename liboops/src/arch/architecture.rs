// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an architecture must be able to do.

use crate::message::Message;
use crate::report::{Code, Place, Register};

/// What a line says about the state of a processor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// The instruction pointer.
    Pc {
        /// The code segment.
        segment: Option<u16>,
        /// It points into a program.
        user: bool,
        /// The kernel uses this form only at the end, to repeat it.
        repeated: bool,
        /// Where it points.
        place: Place,
    },
    /// Registers.
    Registers(Vec<Register>),
    /// The bytes around the instruction pointer.
    Code(Code),
    /// Part of a report, but not taken apart.
    Known,
}

/// One architecture.
pub(crate) trait Architecture: Sync {
    /// Its name, as in `uname -m`.
    fn name(&self) -> &'static str;

    /// Reads a message. `None` if this architecture does not print it.
    fn read(&self, message: &Message<'_>) -> Option<Item>;

    /// Whether no other architecture prints such a line, so that the report is one of this architecture.
    fn is_certain(&self, _item: &Item) -> bool {
        true
    }
}
