// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the resolver noticed about its sources.

use std::path::PathBuf;

use thiserror::Error;

use crate::build_id::BuildId;
use crate::kaslr_hint::KaslrSource;

/// A file that was not used, or sources that contradict each other.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The file has another build id.
    #[error("{} has build id {found}, the report's {what} has {wanted}: not used", .file.display())]
    BuildId {
        /// The file.
        file: PathBuf,
        /// `kernel` or the module's name.
        what: String,
        /// Build id of the file.
        found: BuildId,
        /// Build id of the report.
        wanted: BuildId,
    },
    /// The file is of another release.
    #[error("{} is of release {found}, the report is of {wanted}: not used", .file.display())]
    Release {
        /// The file.
        file: PathBuf,
        /// Release in the file.
        found: String,
        /// Release of the report.
        wanted: String,
    },
    /// The file is of the same release but of another build of it.
    #[error("{} is of version {found}, the report is of {wanted}: not used", .file.display())]
    Version {
        /// The file.
        file: PathBuf,
        /// The file's `linux_banner`.
        found: String,
        /// Version of the report.
        wanted: String,
    },
    /// The separate debug file does not belong to the file.
    #[error("{} does not belong to {}: not used", .debug.display(), .file.display())]
    DebugFile {
        /// The file.
        file: PathBuf,
        /// The debug file.
        debug: PathBuf,
    },
    /// The file cannot be read.
    #[error("{}: {error}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What is wrong, with its causes.
        error: String,
    },
    /// Two sources say different KASLR offsets.
    #[error("the kernel's slide is {used:#x} by {source_used}, but {other:#x} by {source_other}")]
    KaslrOffset {
        /// The offset that is used, in bytes.
        used: u64,
        /// Where it is from.
        source_used: KaslrSource,
        /// The other one, in bytes.
        other: u64,
        /// Where that one is from.
        source_other: KaslrSource,
    },
}
