// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a caller knows about the kernel of a report, and where files may be looked for.

use std::path::PathBuf;

use crate::build_id::BuildId;
use crate::kaslr_hint::KaslrHint;

/// Everything that symbols and lines may be taken from. Nothing here is required.
///
/// A file that is named here is used unless its build id or release contradicts the report. Files that
/// are not named are looked for by release and build id in the usual places below `root`, as far as
/// `discover` allows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Sources {
    /// The kernel's file.
    pub vmlinux: Option<PathBuf>,
    /// Folders laid out like `/usr/lib/debug`; searched before that one.
    pub debug_dirs: Vec<PathBuf>,
    /// The kernel's `System.map`, which has linked addresses.
    pub system_map: Option<PathBuf>,
    /// A saved `/proc/kallsyms`, which has run-time addresses.
    pub kallsyms: Option<PathBuf>,
    /// Module files, and folders that are searched recursively for them.
    pub modules: Vec<PathBuf>,
    /// The text of a saved `/proc/modules`.
    pub modules_text: Option<Vec<u8>>,
    /// Loaded modules of which the build id or the section addresses are known.
    pub loaded: Vec<LoadedModule>,
    /// The kernel's release, such as `6.1.0-56-amd64`.
    pub release: Option<String>,
    /// The kernel's version as a report prints it after the release: `#1  Debian 6.1.172-1`.
    pub version: Option<String>,
    /// The kernel's build id.
    pub build_id: Option<BuildId>,
    /// What is known of the KASLR offset.
    pub kaslr: KaslrHint,
    /// The folder that the usual places are in: `/`, or where another machine's disk is mounted.
    pub root: PathBuf,
    /// Where files may be looked for.
    pub discover: Discover,
}

impl Sources {
    /// No files are named yet, and every kind may be looked for in this way.
    #[must_use]
    pub fn new(search: FileSearch) -> Self {
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
            discover: Discover::all(search),
        }
    }
}

impl Default for Sources {
    fn default() -> Self {
        Self::new(FileSearch::Usual)
    }
}

/// Where each kind of file may be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Discover {
    /// The kernel's file.
    pub kernel: FileSearch,
    /// `System.map`.
    pub system_map: FileSearch,
    /// Module files.
    pub modules: FileSearch,
}

impl Discover {
    /// The same for each kind.
    #[must_use]
    pub const fn all(search: FileSearch) -> Self {
        Self { kernel: search, system_map: search, modules: search }
    }
}

/// Where files of one kind may be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSearch {
    /// Nowhere: no file of this kind is used, not even a named one.
    Nowhere,
    /// Only files and folders that [`Sources`] names.
    Named,
    /// What [`Sources`] names, and then the usual places (`/boot`, `/lib/modules`, `/usr/lib/debug`).
    Usual,
}

/// A module as it was in the kernel of the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadedModule {
    /// Its name, `-` and `_` being one.
    pub name: String,
    /// Its build id, which call traces of kernels since 5.14 may print.
    pub build_id: Option<BuildId>,
    /// Names and run-time addresses of its sections, as in `/sys/module/NAME/sections/`.
    pub sections: Vec<(String, u64)>,
    /// The file that it was loaded from, in the system whose root directory is [`Sources::root`].
    pub file: Option<PathBuf>,
}

impl LoadedModule {
    /// A module of which nothing else is known yet.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
}
