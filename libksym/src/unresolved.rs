// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a query has no answer, or none with lines.

use std::path::PathBuf;

use thiserror::Error;

/// Why a query has no answer, or none with lines.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unresolved {
    /// There is neither a vmlinux nor a System.map nor a kallsyms to look in.
    #[error("no symbols of the kernel")]
    NoKernel,
    /// There is no usable file of this module.
    #[error("no file of module {module}")]
    NoModule {
        /// The module.
        module: String,
    },
    /// The KASLR offset, which a run-time address needs, is not known.
    #[error("the kernel's slide (KASLR) is not known")]
    NoKaslrOffset,
    /// The address is in no known section of the kernel or of a loaded module.
    #[error("address {address:#x} is outside the kernel and every module whose place is known")]
    Outside {
        /// The run-time address.
        address: u64,
    },
    /// The file has no such symbol.
    #[error("no symbol {name} in {}", .file.display())]
    NoSymbol {
        /// The symbol.
        name: String,
        /// The file.
        file: PathBuf,
    },
    /// Symbols of that name have other sizes: the file is of another build.
    #[error(
        "{name} has {} bytes in {}, not {size:#x}: the file is of another build",
        sizes(.found),
        .file.display()
    )]
    SizeMismatch {
        /// The symbol.
        name: String,
        /// The size asked for, in bytes.
        size: u64,
        /// The sizes in the file, in bytes.
        found: Vec<u64>,
        /// The file.
        file: PathBuf,
    },
    /// The offset is past the end of the symbol.
    #[error("offset {offset:#x} is outside {name}, which has {size:#x} bytes in {}", .file.display())]
    OffsetOutside {
        /// The symbol.
        name: String,
        /// The offset, in bytes.
        offset: u64,
        /// The symbol's size in the file, in bytes.
        size: u64,
        /// The file.
        file: PathBuf,
    },
    /// The symbol is known but not its lines: there is no debug information for it.
    #[error("no debug information for this place in {}", .file.display())]
    NoDebugInfo {
        /// The file that was searched.
        file: PathBuf,
    },
    /// The debug information for the place is damaged.
    #[error("{}: {error}", .file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        error: String,
    },
}

fn sizes(found: &[u64]) -> String {
    let all: Vec<_> = found.iter().map(|size| format!("{size:#x}")).collect();
    all.join(" or ")
}
