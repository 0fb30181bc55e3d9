// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is wrong with a configuration file.

use std::path::PathBuf;

use libmodsys::{Errno, errno_text};
use thiserror::Error;

/// What is wrong with a configuration file, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// A line is no setting.
    #[error("{}:{line}: not a setting, which is NAME=VALUE", .file.display())]
    NoSetting {
        /// The file.
        file: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// There is no such setting.
    #[error("{}:{line}: unknown setting '{name}'", .file.display())]
    Unknown {
        /// The file.
        file: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// Its name.
        name: String,
    },
    /// A setting cannot have this value.
    #[error("{}:{line}: {name} is {allowed}, not '{value}'", .file.display())]
    Value {
        /// The file.
        file: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The setting.
        name: String,
        /// Its value.
        value: String,
        /// The values that it can have.
        allowed: &'static str,
    },
    /// Somebody else than root may have written a file.
    #[error("{}: not used, since it is not root's alone to write", .file.display())]
    Unsafe {
        /// The file or directory.
        file: PathBuf,
    },
    /// A file cannot be read.
    #[error("{}: {}", .file.display(), errno_text(*.errno))]
    System {
        /// The file or directory.
        file: PathBuf,
        /// Why.
        errno: Errno,
    },
    /// A file is not text.
    #[error("{}: not used, since it is not UTF-8", .file.display())]
    NoText {
        /// The file.
        file: PathBuf,
    },
}
