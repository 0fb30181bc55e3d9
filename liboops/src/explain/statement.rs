// SPDX-License-Identifier: MIT OR Apache-2.0
//! A statement: one sentence, and the numbers that it follows from.

use crate::report::Hex;

/// What a statement is about. The names are those of the JSON output and stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum StatementKind {
    /// NULL, or NULL plus an offset.
    NullPointer,
    /// An address that no page can have.
    NonCanonical,
    /// One bit away from an address in a range that the log names.
    OneBitAway,
    /// What `list_del()` and others leave in a pointer.
    ListPoison,
    /// What the slab allocator fills freed or new objects with.
    SlabPoison,
    /// An error number used as a pointer.
    ErrorPointer,
    /// The address whose shadow KASAN read.
    KasanShadow,
    /// Below the end of a stack.
    StackOverflow,
    /// The stack pointer is outside of the stack.
    OutsideOfStack,
    /// A call or jump to NULL.
    CallToNull,
    /// A call or jump to memory that is not executable.
    CallToData,
    /// A call or jump to where nothing is mapped.
    CallToUnmapped,
    /// How the first process ended.
    InitExit,
    /// A division by 0, or one whose result does not fit.
    Division,
    /// The kernel named the address without the displacement of the instruction.
    Displacement,
    /// An address of user space.
    UserPointer,
    /// A variable of each processor.
    PerCpu,
    /// A taint letter in words.
    Taint,
    /// The first place outside of the kernel's own tree.
    OutOfTree,
    /// An address in a module that had been unloaded.
    UnloadedModule,
    /// A parameter or local variable.
    Variable,
    /// The member of a structure that was accessed.
    Member,
}

/// A number that a statement follows from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Value {
    /// What it is: a register, `address`, `offset`.
    pub name: String,
    /// The number.
    pub value: Hex,
}

/// What follows from numbers in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Statement {
    /// What it is about.
    pub kind: StatementKind,
    /// One line in plain words. Names in it are from the log: escape it before it goes to a terminal.
    pub text: String,
    /// The numbers that it follows from.
    pub values: Vec<Value>,
}

impl Statement {
    /// A statement without numbers.
    #[must_use]
    pub fn new(kind: StatementKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), values: Vec::new() }
    }

    /// The statement with a further number.
    #[must_use]
    pub fn with(mut self, name: &str, value: u64) -> Self {
        self.values.push(Value { name: name.to_owned(), value: Hex(value) });
        self
    }
}
