// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is shown, as `--json` prints it and as `--diff` reads it again. docs/modpersist-json.md is the
//! reference.
//!
//! Numbers of variables are strings: as JSON numbers they would lose bits above 2^53.

use serde::{Deserialize, Serialize};

/// The version of this form. It grows when something is removed or means something else.
pub(crate) const SCHEMA: u32 = 1;

/// A value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shown {
    #[serde(flatten)]
    pub(crate) kind: ShownKind,
    /// It changed while it was read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unstable: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum ShownKind {
    Number {
        value: String,
    },
    Char {
        value: String,
    },
    Float {
        value: String,
    },
    Bool {
        /// `0` and `1`, or what else stands there.
        value: String,
    },
    Enum {
        value: String,
        names: Vec<String>,
        /// The bits without a name, if others have names.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rest: Option<String>,
    },
    /// An array of `char`, up to the NULs at its end.
    Text {
        /// None if it is not UTF-8.
        text: Option<String>,
        /// Without the NULs at the end.
        bytes: String,
        /// Whether there is a NUL at the end.
        terminated: bool,
    },
    Pointer {
        address: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<ShownTarget>,
    },
    Array {
        len: u64,
        runs: Vec<ShownRun>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        cut: bool,
    },
    Struct {
        fields: Vec<ShownField>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        cut: bool,
    },
    Union {
        fields: Vec<ShownField>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        cut: bool,
    },
    /// The type is not known: a text by its name and its size.
    Untyped {
        text: String,
    },
    /// The type does not tell how to read these.
    Bytes {
        bytes: String,
    },
    Missing {
        why: String,
    },
}

/// What a pointer leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShownTarget {
    /// `null`, `error`, `poison`, `kept`, `symbol`, `module`, `gone`, `slab`, `heap`, `vmalloc`, `per-cpu`,
    /// `user`, `near-null`.
    pub(crate) kind: String,
    pub(crate) name: String,
}

/// Equal elements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ShownRun {
    pub(crate) first: u64,
    pub(crate) count: u64,
    pub(crate) value: Shown,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ShownField {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    /// Its size in bits, if it is a bit-field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bits: Option<u64>,
    pub(crate) value: Shown,
    /// Type and name as C writes them; not in JSON, which has both.
    #[serde(skip)]
    pub(crate) declaration: String,
}

/// What a list, a tree or a pointer leads to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ShownChain {
    /// The list's head, or the pointer.
    pub(crate) from: String,
    /// `list`, `hlist`, `tree`, `pointer`, `per-cpu`.
    pub(crate) kind: String,
    /// The type of the objects; none if it is not known.
    #[serde(rename = "type")]
    pub(crate) type_name: Option<String>,
    /// The member by which they are in the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) member: Option<String>,
    pub(crate) objects: Vec<ShownObject>,
    /// How it ends, if not as it should: in a circle, at unreadable memory, at the limit. Or why there is no
    /// type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<String>,
}

/// One object of a chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ShownObject {
    pub(crate) address: String,
    /// Which CPU's it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cpu: Option<u64>,
    /// What the address is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Shown>,
}
