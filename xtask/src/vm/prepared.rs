// SPDX-License-Identifier: MIT OR Apache-2.0
//! A kernel and a guest that are ready to boot.

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
    /// The kernel as a file.
    pub image: PathBuf,
    /// The guest as a file.
    pub initramfs: PathBuf,
    /// The fixture modules, with their debug information.
    pub fixtures: PathBuf,
    /// What QEMU executes the guest with.
    pub accel: &'static str,
    /// Where the consoles are kept.
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
