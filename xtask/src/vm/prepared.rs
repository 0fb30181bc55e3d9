// SPDX-License-Identifier: MIT OR Apache-2.0
//! A kernel and an initramfs that are ready to boot.

use std::fs;
use std::path::{Path, PathBuf};

use vmguest::KernelKind;

use crate::processors::Processor;

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
    /// The processor, if it is not this machine's.
    pub processor: Option<Processor>,
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
    /// The factor by which time limits are extended: they are for a machine that has nothing else to do.
    pub fn time_factor(&self) -> u32 {
        let of_kernel = if self.kind == KernelKind::Debug { 4 } else { 1 };
        of_kernel * busyness()
    }

    /// The directory where the consoles are saved.
    pub fn run_directory(&self) -> &Path {
        &self.run
    }
}

/// How many programs there are for each processor at least, at most 10.
fn busyness() -> u32 {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = text.split('.').next().and_then(|whole| whole.parse::<usize>().ok()).unwrap_or_default();
    u32::try_from(load / processors).unwrap_or(1).clamp(1, 10)
}
