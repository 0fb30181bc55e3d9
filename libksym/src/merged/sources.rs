// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the symbols of a merged map come from.

use std::path::PathBuf;

/// Where the symbols of a merged map come from. Nothing here is required.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MapSources {
    /// The kernel's file.
    pub vmlinux: Option<PathBuf>,
    /// A copy of `/proc/ksyms`, or of `/proc/kallsyms`.
    pub ksyms: Option<PathBuf>,
    /// The kernel's `System.map`, or a merged map.
    pub system_map: Option<PathBuf>,
    /// Object files of modules, and folders that are searched recursively for them.
    pub modules: Vec<PathBuf>,
    /// The text of `/proc/modules`.
    pub modules_text: Option<Vec<u8>>,
    /// Do not believe the paths that modutils recorded: the modules came from an initial RAM disk.
    pub ignore_insmod_paths: bool,
    /// Ignore everything that modutils recorded.
    pub ignore_insmod: bool,
}

impl MapSources {
    /// Whether any source of symbols is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.vmlinux.is_none() && self.ksyms.is_none() && self.system_map.is_none()
    }
}
