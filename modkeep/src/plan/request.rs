// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the user asks for: a file, and what to do about its persistent data.

// With the feature `clap`, the documentation of the variants is also the help of insmod's `--keep`.
/// What to do about persistent data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum KeepMode {
    /// Keep it where that is possible, else load the module without and warn
    #[default]
    Auto,
    /// Keep it, or load nothing
    Require,
    /// Load the module as if it had none
    Off,
}

/// A file to be loaded.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The decompressed file.
    pub file: &'a [u8],
    /// `--keep`
    pub keep: KeepMode,
    /// `--fresh`: first drop what is kept for this owner.
    pub fresh: bool,
    /// Only look: decide as if the owner were not loaded, even if it is.
    pub assume_unloaded: bool,
}
