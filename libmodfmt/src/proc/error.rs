// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be wrong with a line.

use thiserror::Error;

/// Why a line cannot be read. Lines are counted from 1.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProcError {
    /// The line ends before this field.
    #[error("{file}, line {line}: {field} is missing")]
    Missing {
        /// `/proc/modules` or `/proc/kallsyms`.
        file: &'static str,
        /// Number of the line.
        line: u64,
        /// Name of the field.
        field: &'static str,
    },
    /// The field cannot have this value.
    #[error("{file}, line {line}: {field} is {value:?}")]
    Field {
        /// `/proc/modules` or `/proc/kallsyms`.
        file: &'static str,
        /// Number of the line.
        line: u64,
        /// Name of the field.
        field: &'static str,
        /// Its text, at most the first 64 bytes.
        value: String,
    },
    /// The line is longer than the kernel's buffers.
    #[error("{file}, line {line}: {length} bytes; the kernel writes at most {limit}")]
    TooLong {
        /// `/proc/modules` or `/proc/kallsyms`.
        file: &'static str,
        /// Number of the line.
        line: u64,
        /// Its length in bytes.
        length: usize,
        /// The greatest length.
        limit: usize,
    },
}
