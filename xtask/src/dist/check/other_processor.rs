// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checks what was made for another processor: what is in the archives, and that the package's programs run
//! the demo in an emulated machine.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::contents;
use crate::args::{Architecture, DEFAULT_KERNEL, KernelArgs};
use crate::dist::build::Built;
use crate::{demo, ui, vm, workspace};

/// Checks both.
pub fn run(built: &Built, architecture: Architecture) -> Result<()> {
    let read = |path| fs::read(path).with_context(|| format!("cannot read {}", built.package.display()));
    let programs = contents::of_package(&read(&built.package)?, architecture)?;
    let in_tarball = contents::of_tarball(&read(&built.tarball)?, architecture)?;
    ensure!(programs == in_tarball, "the tarball has other programs than the package");
    ui::line(&format!("  both have {} static programs for {}", programs.len(), architecture.uname()));
    let directory = workspace::target().join("dist").join(architecture.debian());
    fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
    for (name, content) in &programs {
        let path = directory.join(name);
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let args = KernelArgs { kernel: architecture.kernel(DEFAULT_KERNEL), ..KernelArgs::default() };
    let vm = vm::prepare_demo_of(&args, &directory)?;
    ensure!(demo::show(&vm)?, "the demo has failed with the programs of the package");
    Ok(())
}
