// SPDX-License-Identifier: MIT OR Apache-2.0
//! A line as it arrived, with its prefix.

use super::prefix::Prefix;
use super::strip::strip;

/// A line of the log. Its prefix is found once, here.
#[derive(Debug)]
pub(crate) struct LogLine<'t> {
    /// The bytes, line end included.
    pub text: &'t [u8],
    /// Offset of the first byte in the input.
    pub offset: u64,
    /// What is before the message.
    pub prefix: Prefix,
}

impl<'t> LogLine<'t> {
    /// A line at this offset in the input.
    pub fn new(text: &'t [u8], offset: u64) -> Self {
        Self { text, offset, prefix: strip(text) }
    }

    /// The message: what follows the prefix, without the line end.
    pub fn body(&self) -> &'t [u8] {
        self.text.get(self.prefix.body.clone()).unwrap_or_default()
    }
}
