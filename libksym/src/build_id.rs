// SPDX-License-Identifier: MIT OR Apache-2.0
//! Build ids, which tell builds of one file apart.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

/// The descriptor of an `NT_GNU_BUILD_ID` note. As text it is hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BuildId(Vec<u8>);

/// The text is not a build id.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
#[error("{text:?} is no build id: expected an even number of hexadecimal digits, at most 128")]
pub struct BuildIdError {
    /// The text.
    pub text: String,
}

impl BuildId {
    /// A build id from the bytes of the note.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The bytes of the note.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Where the debug file of this build is below a folder like `/usr/lib/debug`:
    /// `.build-id/ab/cdef.debug`.
    #[must_use]
    pub fn debug_path(&self) -> PathBuf {
        let text = self.to_string();
        let (folder, file) = text.split_at_checked(2).unwrap_or((&text, ""));
        PathBuf::from(".build-id").join(folder).join(format!("{file}.debug"))
    }
}

impl FromStr for BuildId {
    type Err = BuildIdError;

    fn from_str(text: &str) -> Result<Self, BuildIdError> {
        let error = || BuildIdError { text: text.chars().take(160).collect() };
        if text.is_empty() || text.len() > 128 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(error());
        }
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if !rest.is_empty() {
            return Err(error());
        }
        let byte = |pair: &[u8; 2]| {
            std::str::from_utf8(pair)
                .ok()
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                .ok_or_else(error)
        };
        pairs.iter().map(byte).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for BuildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BuildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BuildId({self})")
    }
}
