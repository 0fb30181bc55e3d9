// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the user asks for: a file, and what to do about its persistent data.

use libmodfmt::file::ModuleFile;
use libmodfmt::persist::{SavedValues, Variable};

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

/// Saved values for the first load of a module: `--restore`.
#[derive(Debug, Clone, Copy)]
pub struct Restore<'a> {
    /// The values.
    pub values: &'a SavedValues,
    /// Variables that the file need not have: the module did not have them any more when they were saved.
    pub unused: &'a [Variable],
}

/// A file to be loaded.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The file.
    pub file: &'a ModuleFile,
    /// `--keep`
    pub keep: KeepMode,
    /// `--fresh`: start from the file's initial values, and drop what is kept in the end.
    pub fresh: bool,
    /// `--fresh=VAR`: only these variables.
    pub fresh_variables: &'a [String],
    /// `--renamed OLD=NEW`: variables that have another name now.
    pub renamed: &'a [(String, String)],
    /// `--drop=FIELD`: fields that may be lost when a variable is converted.
    pub drops: &'a [String],
    /// `--restore`: values that variables start with. Nothing may be kept then.
    pub restore: Option<Restore<'a>>,
    /// Only look: decide as if the owner were not loaded, even if it is.
    pub assume_unloaded: bool,
}

impl<'a> Request<'a> {
    /// A load of this file with the default options.
    #[must_use]
    pub const fn new(file: &'a ModuleFile) -> Self {
        Self {
            file,
            keep: KeepMode::Auto,
            fresh: false,
            fresh_variables: &[],
            renamed: &[],
            drops: &[],
            restore: None,
            assume_unloaded: false,
        }
    }
}
