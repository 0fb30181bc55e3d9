// SPDX-License-Identifier: MIT OR Apache-2.0
//! What was wrong with the sources of a merged map.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

/// A source of symbols of the kernel proper, the most credible first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MapSource {
    /// The kernel's file.
    Vmlinux,
    /// `System.map`.
    SystemMap,
    /// `/proc/ksyms`, or `/proc/kallsyms`.
    Ksyms,
}

impl fmt::Display for MapSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vmlinux => "vmlinux",
            Self::SystemMap => "System.map",
            Self::Ksyms => "ksyms",
        })
    }
}

/// Something about the sources that the user should know. The map is made nevertheless.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MapWarning {
    /// A file cannot be read.
    #[error("{}: {error}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        error: String,
    },
    /// A file was read, and has no symbols.
    #[error("{}: no symbols of the kernel", .file.display())]
    NoSymbols {
        /// The file.
        file: PathBuf,
    },
    /// Two sources give other addresses for the same symbols.
    #[error(
        "{other} and {believed} disagree on {}, {believed} is used; the first is {symbol}: {other_address:x} and \
         {believed_address:x}",
        symbols(*.count)
    )]
    Mismatch {
        /// The source whose addresses are used.
        believed: MapSource,
        /// The other.
        other: MapSource,
        /// How many symbols.
        count: usize,
        /// The first one.
        symbol: String,
        /// Its address in the source that is believed.
        believed_address: u64,
        /// Its address in the other.
        other_address: u64,
    },
    /// A source has symbols that a better one lacks.
    #[error("{other} has {} that {believed} lacks, not used; the first is {symbol}", symbols(*.count))]
    NotFound {
        /// The source that lacks them.
        believed: MapSource,
        /// The source that has them.
        other: MapSource,
        /// How many symbols.
        count: usize,
        /// The first one.
        symbol: String,
    },
    /// A map with symbols of modules was given together with ksyms, which has them too.
    #[error("{} has symbols of modules already: those of ksyms are not used", .file.display())]
    MergedTwice {
        /// The map.
        file: PathBuf,
    },
    /// `/proc/modules` lists a module that ksyms has no symbols of.
    #[error("module {module} is in lsmod but not in ksyms")]
    OnlyInLsmod {
        /// The module.
        module: String,
    },
    /// ksyms has symbols of a module that `/proc/modules` does not list.
    #[error("module {module} is in ksyms but not in lsmod")]
    OnlyInKsyms {
        /// The module.
        module: String,
    },
    /// No object file is that of a module, or several may be.
    #[error("module {module}: {found} object files fit, so only its exported symbols are used")]
    NoObject {
        /// The module.
        module: String,
        /// How many files fit.
        found: usize,
    },
    /// The module's file is not the one that was loaded.
    #[error("{}: changed after module {module} was loaded", .file.display())]
    ChangedSince {
        /// The module.
        module: String,
        /// The file.
        file: PathBuf,
    },
}

fn symbols(count: usize) -> String {
    if count == 1 { "1 symbol".to_owned() } else { format!("{count} symbols") }
}
