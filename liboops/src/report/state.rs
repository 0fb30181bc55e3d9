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
    /// Its name as the kernel prints it: `RAX`, `CR2`, `x29`, `$4`. Where kernels differ it is that of later
    /// ones (`EAX`, not `eax`), and where they print rows of values the usual one (`r0`).
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
    /// How far behind `pc` the instruction is that the state is about, in bytes: 4 in the delay slot of a
    /// branch on MIPS, negative where the processor has moved on, as s390 does for most program checks.
    pub instruction_offset: i64,
    /// The register that holds a return address: `lr`, `ra`, `LR`. Processors with one do not keep the caller
    /// of a function without calls anywhere else.
    pub return_address: Option<Place>,
    /// The registers, in the order of the log.
    pub registers: Vec<Register>,
    /// The bytes around the instruction pointer.
    pub code: Option<Code>,
}

impl State {
    /// An empty set.
    #[must_use]
    pub fn new(origin: Origin) -> Self {
        Self {
            origin,
            segment: None,
            pc: None,
            instruction_offset: 0,
            return_address: None,
            registers: Vec::new(),
            code: None,
        }
    }

    /// The value of a register.
    #[must_use]
    pub fn register(&self, name: &str) -> Option<u64> {
        self.registers.iter().find(|register| register.name == name).map(|register| register.value.0)
    }
}

/// The code around the instruction pointer: `Code:`, `Instruction dump:` or `Krnl Code:` with its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Code {
    /// Where the lines are, from the label on.
    pub span: Span,
    /// The bytes, as they are in memory, or with the highest byte of each word first on MIPS, whose byte
    /// order the log does not tell. Empty if the kernel could not read them.
    pub bytes: Vec<u8>,
    /// Bytes in each number of the log: 1 on x86; 2 or 4 where the kernel prints instructions as words. On
    /// ARM, 2 means Thumb code.
    pub word_bytes: u8,
    /// Index of the marked byte, or of the first byte of the marked word, which is at the instruction
    /// pointer.
    pub marker: Option<usize>,
    /// What the kernel printed instead of bytes, such as `Bad RIP value.`
    pub unreadable: Option<String>,
    /// The mark is `(word)`, as on ARM and RISC-V, not `<word>`.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub is_parenthesised: bool,
    /// Words before the first byte could not be read.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(crate) begins_at_gap: bool,
    /// Words behind the last byte could not be read.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(crate) ends_at_gap: bool,
}

impl Default for Code {
    /// No bytes.
    fn default() -> Self {
        Self {
            span: Span::default(),
            bytes: Vec::new(),
            word_bytes: 1,
            marker: None,
            unreadable: None,
            is_parenthesised: false,
            begins_at_gap: false,
            ends_at_gap: false,
        }
    }
}

impl Code {
    /// Adds a further row. Of a row with a gap only what is on the mark's side is kept.
    pub(crate) fn append(&mut self, row: Self) {
        self.span.end = self.span.end.max(row.span.end);
        if self.ends_at_gap || self.bytes.len() > MAX_CODE_BYTES {
            return;
        }
        if row.begins_at_gap || row.bytes.is_empty() {
            // What comes before the gap is of no use without the mark.
            if self.marker.is_some() {
                self.ends_at_gap = true;
                return;
            }
            self.bytes.clear();
        }
        if self.bytes.is_empty() {
            self.word_bytes = row.word_bytes;
        }
        let at = self.bytes.len();
        self.marker = self.marker.or(row.marker.and_then(|marker| marker.checked_add(at)));
        self.bytes.extend(row.bytes);
        self.ends_at_gap = row.ends_at_gap;
        self.unreadable = self.bytes.is_empty().then(|| "XXXXXXXX".to_owned());
    }
}

/// More than any kernel prints.
const MAX_CODE_BYTES: usize = 1024;

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
