// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an architecture must be able to do.

use crate::message::Message;
use crate::report::{Code, FaultStatus, Hex, Kind, Place, Register, Span, State};

/// What a line says about the state of a processor, or how the kernel got there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// The line is printed only by this architecture, named as by `uname -m`.
    Arch(&'static str),
    /// The instruction pointer.
    Pc(Pc),
    /// The register that holds the return address: `lr`, `ra`, `LR`.
    Return(Place),
    /// Registers.
    Registers(Vec<Register>),
    /// The registers read so far are those of a program.
    User,
    /// The bytes around the instruction pointer.
    Code(Code),
    /// A further row of them.
    MoreCode(Code),
    /// The address whose access failed.
    FaultAddress {
        /// The address.
        value: Hex,
        /// Where it is written.
        span: Span,
    },
    /// A register that says why a processor stopped, explained.
    Status(FaultStatus),
    /// Words of the stack.
    Stack(Vec<(Hex, Span)>),
    /// Entries of a call trace.
    Frames(Vec<Place>),
    /// An entry of a call trace that the kernel may have printed in another form before.
    FrameAgain(Place),
    /// Callee and caller, each an entry of a call trace. The callee is the caller of the line before.
    Call {
        /// The function that was called.
        callee: Place,
        /// Where it returns to.
        caller: Place,
    },
    /// A place that is not an entry of a call trace.
    Mention(Place),
    /// A call trace begins.
    Trace,
    /// The name and number of the task.
    Task {
        /// The name.
        comm: String,
        /// The number.
        pid: u32,
        /// The processor that it was on.
        cpu: Option<u32>,
    },
}

/// An instruction pointer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Pc {
    /// The code segment.
    pub segment: Option<u16>,
    /// It points into a program.
    pub user: bool,
    /// The kernel uses this form only at the end, to repeat it.
    pub repeated: bool,
    /// Where it points.
    pub place: Place,
}

/// What rows of numbers without a label are, by the labelled line before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Rows {
    /// There are none.
    #[default]
    None,
    /// Registers. The number is that of the next one.
    Registers(usize),
    /// Code.
    Code,
    /// Words of the stack.
    Stack,
    /// Return addresses.
    Trace,
    /// The place that the line before announced.
    Place,
}

/// What an architecture reads from a line. Without items the line is part of a report, but says nothing that
/// is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Reading {
    /// What the line says.
    pub items: Vec<Item>,
    /// What may follow.
    pub rows: Rows,
}

impl Reading {
    /// A line that says one thing.
    pub fn one(item: Item) -> Self {
        Self { items: vec![item], rows: Rows::None }
    }

    /// A line that says several things.
    pub fn of(items: Vec<Item>) -> Self {
        Self { items, rows: Rows::None }
    }

    /// The same, with rows that may follow.
    pub fn with_rows(mut self, rows: Rows) -> Self {
        self.rows = rows;
        self
    }
}

/// What is known from the lines before.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Hints {
    /// The architecture, as exactly as it is known.
    pub arch: Option<&'static str>,
    /// What rows without a label are.
    pub rows: Rows,
}

/// The number that `die()` prints, such as `0004 ilc:3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OopsCode {
    /// The number.
    pub value: u64,
    /// Where it is written.
    pub span: Span,
    /// Length of the instruction in bytes, on s390.
    pub instruction_bytes: Option<u8>,
}

/// One architecture.
pub(crate) trait Architecture: Sync {
    /// Its names, as in `uname -m`.
    fn names(&self) -> &'static [&'static str];

    /// Reads a message. `None` if this architecture does not print it.
    fn read(&self, message: &Message<'_>, hints: Hints) -> Option<Reading>;

    /// Explains the number in the line of `die()`.
    fn explain(&self, _code: OopsCode) -> Option<FaultStatus> {
        None
    }

    /// How far behind the instruction pointer the instruction is that the report is about, in bytes. Negative
    /// if it is before it.
    fn instruction_offset(&self, _state: &State, _kind: Kind, _code: Option<OopsCode>) -> i64 {
        0
    }

    /// Whether the first entry of a call trace is the instruction pointer.
    fn traces_from_pc(&self) -> bool {
        true
    }

    /// Whether call traces hold the address of the call, instead of the return address behind it, in a
    /// kernel of this version (major and minor number).
    fn traces_calls(&self, _version: (u64, u64)) -> bool {
        false
    }
}
