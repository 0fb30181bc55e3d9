// SPDX-License-Identifier: MIT OR Apache-2.0
//! Values in JSON, as `modpersist show --json` and `modpersist save` write them. docs/modpersist-json.md is
//! the reference.
//!
//! Numbers of variables are strings: as JSON numbers they would lose bits above 2^53.
//!
//! ```
//! use modrecord::values_json::{Shown, ShownKind};
//!
//! let value: Shown = serde_json::from_str(r#"{"kind": "number", "value": "-3"}"#)?;
//! assert_eq!(value.kind, ShownKind::Number { value: "-3".to_owned() });
//! # Ok::<(), serde_json::Error>(())
//! ```

use serde::{Deserialize, Serialize};

/// The version of this form. It grows when something is removed or means something else.
pub const SCHEMA: u32 = 1;

/// A value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// What it is.
    #[serde(flatten)]
    pub kind: ShownKind,
    /// It changed while it was read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unstable: bool,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ShownKind {
    /// A number.
    Number {
        /// In decimal.
        value: String,
    },
    /// A `char` that is not in an array.
    Char {
        /// Its number.
        value: String,
    },
    /// A floating-point number.
    Float {
        /// In decimal, exactly.
        value: String,
    },
    /// A truth value.
    Bool {
        /// `0` and `1`, or what else stands there.
        value: String,
    },
    /// A value of an enumeration.
    Enum {
        /// Its number.
        value: String,
        /// The enumerator, or several of an enumeration of flags; none if it has no name.
        names: Vec<String>,
        /// The bits without a name, if others have names.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rest: Option<String>,
    },
    /// An array of `char`, up to the NULs at its end.
    Text {
        /// None if it is not UTF-8.
        text: Option<String>,
        /// In hexadecimal, without the NULs at the end.
        bytes: String,
        /// Whether there is a NUL at the end.
        terminated: bool,
    },
    /// A pointer.
    Pointer {
        /// In hexadecimal, with `0x`.
        address: String,
        /// What is there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<ShownTarget>,
    },
    /// An array.
    Array {
        /// How many elements it has.
        len: u64,
        /// The elements.
        runs: Vec<ShownRun>,
        /// There are more of them.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        cut: bool,
    },
    /// A structure.
    Struct {
        /// Its fields, as they are declared.
        fields: Vec<ShownField>,
        /// There are more of them.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        cut: bool,
    },
    /// A union.
    Union {
        /// Its members, as they are declared.
        fields: Vec<ShownField>,
        /// There are more of them.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        cut: bool,
    },
    /// The type is not known: a text by its name and its size.
    Untyped {
        /// For people.
        text: String,
    },
    /// The type does not tell how to read these.
    Bytes {
        /// In hexadecimal.
        bytes: String,
    },
    /// There is no value.
    Missing {
        /// Why.
        why: String,
    },
}

/// What a pointer leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownTarget {
    /// `null`, `error`, `poison`, `kept`, `symbol`, `module`, `gone`, `slab`, `heap`, `vmalloc`, `per-cpu`,
    /// `user`, `near-null`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// Equal elements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShownRun {
    /// Index of the first one.
    pub first: u64,
    /// How many there are.
    pub count: u64,
    /// The value of each.
    pub value: Shown,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShownField {
    /// Its name; nothing for an anonymous structure or union.
    pub name: String,
    /// Its type in C.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Its size in bits, if it is a bit-field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<u64>,
    /// Its value.
    pub value: Shown,
    /// Type and name as C writes them; not in JSON, which has both.
    #[serde(skip)]
    pub declaration: String,
}
