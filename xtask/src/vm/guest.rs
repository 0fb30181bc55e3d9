// SPDX-License-Identifier: MIT OR Apache-2.0
//! A virtual machine that is ready to boot.

use std::path::{Path, PathBuf};

use vmguest::KernelKind;

/// A kernel and a guest, ready to boot.
pub struct Vm {
    /// The release that runs.
    pub release: String,
    /// The same, told apart from another variant of one release.
    pub name: String,
    /// What it can do.
    pub kind: KernelKind,
    pub image: PathBuf,
    pub initramfs: PathBuf,
    /// The fixture modules, with their debug information.
    pub fixtures: PathBuf,
    pub accel: &'static str,
    pub run: PathBuf,
}

impl Vm {
    /// How many times longer than usual everything may take.
    pub fn patience(&self) -> u32 {
        if self.kind == KernelKind::Debug { 4 } else { 1 }
    }

    /// Where the consoles are kept.
    pub fn run_directory(&self) -> &Path {
        &self.run
    }
}
