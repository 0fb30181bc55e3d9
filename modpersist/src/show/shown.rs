// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is shown, as `--json` prints it and as `--diff` reads it again. docs/modpersist-json.md is the
//! reference.

pub(crate) use modrecord::values_json::{SCHEMA, Shown, ShownField, ShownKind, ShownRun, ShownTarget};
use serde::{Deserialize, Serialize};

/// The kind of a chain that only says what was not followed.
pub(crate) const NOT_FOLLOWED: &str = "not followed";

/// What a list, a tree or a pointer leads to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ShownChain {
    /// The list's head, or the pointer.
    pub(crate) from: String,
    /// `list`, `hlist`, `tree`, `pointer`, `per-cpu`, or [`NOT_FOLLOWED`].
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
