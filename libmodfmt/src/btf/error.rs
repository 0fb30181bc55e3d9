// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can be wrong with BTF.

use thiserror::Error;

use super::{Kind, TypeId};

/// Why BTF cannot be read. Offsets and sizes are bytes.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum BtfError {
    /// The blob does not begin with the magic number in either byte order.
    #[error("not BTF: the magic number eb9f is missing")]
    Magic,
    /// The format's version is unknown.
    #[error("BTF header: version is {value}; only 1 is known")]
    Version {
        /// The version.
        value: u8,
    },
    /// The blob ends before the range that the header names.
    #[error("BTF {what} at offset {offset:#x}, size {size:#x}, lies outside of the blob ({blob:#x} bytes)")]
    OutOfBlob {
        /// `header`, `types` or `strings`.
        what: &'static str,
        /// Where it starts in the blob.
        offset: u64,
        /// Its size.
        size: u64,
        /// Size of the blob.
        blob: u64,
    },
    /// The string table is not a list of NUL-ended strings, or a kernel's does not begin with the empty
    /// one.
    #[error("BTF string table: no NUL at its {end}")]
    Strings {
        /// `start` or `end`.
        end: &'static str,
    },
    /// A module's blob has another byte order than its base.
    #[error("BTF of the module and of the kernel differ in byte order")]
    Order,
    /// A type ends past the type section.
    #[error("BTF type {id} at offset {offset:#x} of the types is cut off")]
    Truncated {
        /// Id of the type.
        id: TypeId,
        /// Where it starts.
        offset: u64,
    },
    /// A type is of a kind that this reader does not know: the size of the type is unknown too.
    #[error("BTF type {id} at offset {offset:#x} of the types has the unknown kind {kind}")]
    UnknownKind {
        /// Id of the type.
        id: TypeId,
        /// Where it starts.
        offset: u64,
        /// Number of the kind.
        kind: u32,
    },
    /// There is no type with this id.
    #[error("BTF has no type {id}; the last one is {last}")]
    NoType {
        /// The id.
        id: TypeId,
        /// The greatest id.
        last: TypeId,
    },
    /// A name is outside the string table or not UTF-8.
    #[error("BTF name at string offset {offset:#x} cannot be read")]
    Name {
        /// Offset in the strings; a module's strings follow its kernel's.
        offset: u32,
    },
    /// The type has no members, or no size.
    #[error("BTF type {id} is {kind}: it has no {what}")]
    Wrong {
        /// Id of the type.
        id: TypeId,
        /// Its kind.
        kind: Kind,
        /// What was asked for.
        what: &'static str,
    },
    /// Types refer to each other in a cycle, or are nested beyond reason.
    #[error("BTF type {id} is nested too deeply")]
    Depth {
        /// The type where the search ended.
        id: TypeId,
    },
    /// The size of an array overflows 64 bits.
    #[error("BTF array {id} is larger than 64 bits can count")]
    Overflow {
        /// Id of the array.
        id: TypeId,
    },
    /// There is a pointer, but no type `long` that tells how large it is.
    #[error("BTF has no type long, so the size of pointers is unknown")]
    PointerSize,
}
