// SPDX-License-Identifier: MIT OR Apache-2.0
//! What there is to say about a line.

use libksym::Answer;
use libksym::code::Listing;
use liboops::explain::Statement;
use liboops::report::Span;

use crate::persistent::{PersistentAddress, TokenAddress};

/// Something to say about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// Index of the line in the block.
    pub line: usize,
    /// Index of the report in the block.
    pub report: usize,
    /// The part of the input that it is about.
    pub span: Span,
    /// What to say.
    pub kind: AnnotationKind,
}

/// What to say about something in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnnotationKind {
    /// About the report as a whole: the journal's boot, the KASLR offset.
    Summary(Vec<String>),
    /// A place in code.
    Code {
        /// What it is in the report: `RIP`, or nothing for an entry of a call trace.
        label: Option<&'static str>,
        /// The symbol or address, as the log has it.
        name: String,
        /// Where that is in the source.
        answer: Answer,
    },
    /// An address in persistent data.
    Persistent {
        /// What held the address: a register, `stack`.
        label: String,
        /// What is there.
        address: Box<PersistentAddress>,
    },
    /// An address that a token of the kernel leads to.
    Token {
        /// What held the address.
        label: String,
        /// What is there.
        address: Box<TokenAddress>,
    },
    /// An address of other data, with a symbol.
    Data {
        /// What held the address.
        label: String,
        /// The address.
        address: u64,
        /// The symbol.
        answer: Answer,
    },
    /// A register or an instruction pointer in words.
    Explained(String),
    /// The `Code:` line, disassembled.
    Instructions(Box<Listing>),
    /// The processor was to execute this address, where there is no code.
    CalledAddress(u64),
    /// Why the `Code:` line is not disassembled.
    NoInstructions(String),
    /// What follows from the numbers of the report, as a whole.
    Why(Vec<Statement>),
}
