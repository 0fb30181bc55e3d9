// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the user asks for: a file, and what to do about its persistent data.

use libmodfmt::file::ModuleFile;

/// `--keep`: what to do about persistent data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeepMode {
    /// Keep it if possible, else load the module without and warn.
    #[default]
    Auto,
    /// Keep it, or load nothing.
    Require,
    /// Load the module as if it had none.
    Off,
}

/// A file to be loaded.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The file.
    pub file: &'a ModuleFile,
    /// `--keep`
    pub keep: KeepMode,
    /// `--fresh`: first drop what is kept for this owner.
    pub fresh: bool,
    /// Only look: decide as if the owner were not loaded, even if it is.
    pub assume_unloaded: bool,
}
