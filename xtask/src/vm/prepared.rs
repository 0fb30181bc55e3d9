// SPDX-License-Identifier: MIT OR Apache-2.0
//! A kernel and an initramfs that are ready to boot.

use std::path::{Path, PathBuf};

use vmguest::KernelKind;

/// A kernel and an initramfs, ready to boot.
#[derive(Clone, Debug)]
pub struct Vm {
    /// The kernel's release.
    pub release: String,
    /// The release, with the variant if it is a kernel that we built.
    pub name: String,
    /// Whether the kernel is ours, and what it can do.
    pub kind: KernelKind,
    /// The bzImage.
    pub image: PathBuf,
    /// The initramfs.
    pub initramfs: PathBuf,
    /// The fixture modules, with their debug information.
    pub fixtures: PathBuf,
    /// QEMU's accelerator.
    pub accel: &'static str,
    /// The directory of this run.
    pub run: PathBuf,
}

impl Vm {
    /// The factor by which time limits are extended.
    pub fn time_factor(&self) -> u32 {
        if self.kind == KernelKind::Debug { 4 } else { 1 }
    }

    /// The directory where the consoles are saved.
    pub fn run_directory(&self) -> &Path {
        &self.run
    }
}
