// SPDX-License-Identifier: MIT OR Apache-2.0
//! The state of a processor: registers, code bytes, words of the stack.

use super::{Hex, Place, Span};

/// Where a set of registers comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Origin {
    /// The kernel at the fault.
    Fault,
    /// The kernel at an interrupt or exception within the trace.
    Interrupted,
    /// The program that entered the kernel.
    User,
    /// A state that was shown before and is printed again at the end.
    Repeat,
    /// Another processor.
    OtherCpu,
}

/// A register and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Register {
    /// Its name as later kernels print it, where older ones have small letters: `RAX`, `CR2`.
    pub name: &'static str,
    /// Its value.
    pub value: Hex,
    /// Where the value is written.
    pub span: Span,
}

/// A set of registers with the instruction pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct State {
    /// Where it comes from.
    pub origin: Origin,
    /// The code segment of the instruction pointer, if the log has it.
    pub segment: Option<u16>,
    /// The instruction pointer.
    pub pc: Option<Place>,
    /// The registers, in the order of the log.
    pub registers: Vec<Register>,
    /// The bytes around the instruction pointer.
    pub code: Option<Code>,
}

impl State {
    /// An empty set.
    #[must_use]
    pub fn new(origin: Origin) -> Self {
        Self { origin, segment: None, pc: None, registers: Vec::new(), code: None }
    }

    /// The value of a register.
    #[must_use]
    pub fn register(&self, name: &str) -> Option<u64> {
        self.registers.iter().find(|register| register.name == name).map(|register| register.value.0)
    }
}

/// A `Code:` line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Code {
    /// Where the line is, from `Code:` on.
    pub span: Span,
    /// The bytes. Empty if the kernel could not read them.
    pub bytes: Vec<u8>,
    /// Index of the byte in `<>`, which is the one at the instruction pointer.
    pub marker: Option<usize>,
    /// What the kernel printed instead of bytes, such as `Bad RIP value.`
    pub unreadable: Option<String>,
}

/// What an address in a log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum WordRole {
    /// A word of the stack.
    Stack,
    /// The address whose access failed.
    FaultAddress,
    /// Anything else.
    Mention,
}

/// An address that is not known to be that of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Word {
    /// Its value.
    pub value: Hex,
    /// Where it is written.
    pub span: Span,
    /// What it is.
    pub role: WordRole,
}
