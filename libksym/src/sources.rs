// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a caller knows about the kernel of a report, and where files may be looked for.

use super::BuildId;
use std::path::PathBuf;

/// Everything that symbols and lines may be taken from. Nothing here is required.
///
/// What is named here is used (unless build id or release contradict the report); what is not named
/// is looked for by release and build id in the usual places below `root`.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The kernel's file.
    pub vmlinux: Option<PathBuf>,
    /// Folders laid out like `/usr/lib/debug`; looked into before the usual one.
    pub debug_dirs: Vec<PathBuf>,
    /// The kernel's symbol table as text, with link-time addresses.
    pub system_map: Option<PathBuf>,
    /// A saved `/proc/kallsyms`, with run-time addresses.
    pub kallsyms: Option<PathBuf>,
    /// Module files, and folders that are searched recursively for them.
    pub modules: Vec<PathBuf>,
    /// A saved `/proc/modules`.
    pub modules_text: Option<Vec<u8>>,
    /// Loaded modules, from the report (build ids), or from the journal (section addresses).
    pub loaded: Vec<LoadedModule>,
    /// The kernel's release, such as `6.1.0-56-amd64`.
    pub release: Option<String>,
    /// The kernel's version as a report prints it behind the release: `#1  Debian 6.1.172-1`.
    pub version: Option<String>,
    /// The kernel's build id.
    pub build_id: Option<BuildId>,
    /// What is known of the kernel's slide.
    pub kaslr: KaslrHint,
    /// Where the usual places are; `/`, and another folder for tests and other machines' disks.
    pub root: PathBuf,
    /// Where files may be looked for.
    pub discover: Discover,
}

/// Where each kind of file may be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Discover {
    /// The kernel's file.
    pub kernel: Places,
    /// `System.map`.
    pub system_map: Places,
    /// Module files.
    pub modules: Places,
}

/// Where files of one kind may be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Places {
    /// Nowhere: none is used.
    Nowhere,
    /// Only what is named is read.
    Named,
    /// What is named, and then the usual places.
    Usual,
}

impl Discover {
    /// The same for each kind.
    #[must_use]
    pub const fn all(places: Places) -> Self {
        Self { kernel: places, system_map: places, modules: places }
    }
}

impl Default for Sources {
    fn default() -> Self {
        Self {
            vmlinux: None,
            debug_dirs: Vec::new(),
            system_map: None,
            kallsyms: None,
            modules: Vec::new(),
            modules_text: None,
            loaded: Vec::new(),
            release: None,
            version: None,
            build_id: None,
            kaslr: KaslrHint::default(),
            root: PathBuf::from("/"),
            discover: Discover::all(Places::Usual),
        }
    }
}

/// A module as it was in the kernel of the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadedModule {
    /// Its name; `-` and `_` are one.
    pub name: String,
    /// Its build id, from a frame's `[name 40hex]` or the journal.
    pub build_id: Option<BuildId>,
    /// Where each section was.
    pub sections: Vec<(String, u64)>,
    /// The file that it was loaded from.
    pub file: Option<PathBuf>,
}

/// What is known of how far the kernel was moved at boot. The first that is set counts, and those
/// that contradict it give a warning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KaslrHint {
    /// The user's word.
    pub option: Option<u64>,
    /// `Kernel Offset:` of the report.
    pub kernel_offset: Option<u64>,
    /// `Kernel Offset: disabled`: 0, where nobody else tells.
    pub disabled: bool,
    /// Places that the report gives both as address and as symbol.
    pub pairs: Vec<KaslrPair>,
    /// Run-time address of `_text` or `_stext`, from the journal.
    pub journal: Option<(String, u64)>,
}

/// One place in the kernel proper (not in a module), as address and as symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KaslrPair {
    /// The run-time address.
    pub address: u64,
    /// The symbol.
    pub symbol: String,
    /// Bytes from the symbol.
    pub offset: u64,
    /// The symbol's size as the report has it.
    pub size: Option<u64>,
}
