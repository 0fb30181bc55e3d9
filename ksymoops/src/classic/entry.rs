// SPDX-License-Identifier: MIT OR Apache-2.0
//! What was collected from the lines of an oops.

/// Something to print when the oops is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// The program counter.
    ProgramCounter {
        /// What it is called.
        label: &'static str,
        /// Its value.
        address: u64,
    },
    /// A register, printed if it is the address of something.
    Register {
        /// Its name as in the log.
        name: String,
        /// Its value.
        value: u64,
    },
    /// The register that holds the return address.
    Return {
        /// What it is called.
        name: &'static str,
        /// Its value.
        value: u64,
    },
    /// An address in a call trace.
    Trace(u64),
    /// An address of `-A`.
    AdHoc(u64),
    /// A task that sysrq-t lists.
    Task(String),
    /// A line of the disassembled code.
    Code {
        /// Where the instruction is.
        address: u64,
        /// Its line as objdump would print it.
        text: String,
        /// It is before the program counter, where nobody knows where instructions of variable length begin.
        before: bool,
    },
}

/// Which entries are printed without a blank line between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    ProgramCounter,
    Register,
    Trace,
    AdHoc,
    Task,
    CodeBefore,
    Code,
}

impl Entry {
    pub(super) fn group(&self) -> Group {
        match self {
            Self::ProgramCounter { .. } => Group::ProgramCounter,
            Self::Register { .. } | Self::Return { .. } => Group::Register,
            Self::Trace(_) => Group::Trace,
            Self::AdHoc(_) => Group::AdHoc,
            Self::Task(_) => Group::Task,
            Self::Code { before: true, .. } => Group::CodeBefore,
            Self::Code { before: false, .. } => Group::Code,
        }
    }
}
