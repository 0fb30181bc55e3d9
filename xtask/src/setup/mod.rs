// SPDX-License-Identifier: MIT OR Apache-2.0
//! Prepares a machine that has only the Rust toolchain and a C compiler.
//!
//! Programs that must be installed are installed as packages, which needs root. Everything else (the kernel,
//! its headers, the guest's programs) is unpacked into the cache.

pub mod apt;
pub mod debug;
mod libraries;
pub mod missing;
pub mod packages;
pub mod release;
pub mod userland;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::KernelArgs;
use crate::kernel::{self, Kernel};
use crate::{cache, ui};

pub use missing::Missing;
pub use userland::Userland;

/// Everything that a virtual machine needs.
pub struct Ready {
    /// The kernel, and what its modules are built with.
    pub kernel: Kernel,
    /// Programs for the guest.
    pub userland: Userland,
}

/// Installs and downloads whatever is missing.
pub fn ready(args: &KernelArgs) -> Result<Ready> {
    packages::install()?;
    packages::install_optional();
    let kernel = kernel::find(args)?;
    let userland = Userland::fetch(kernel.processor.as_ref())?;
    Ok(Ready { kernel, userland })
}

/// The same for the demo, which needs neither clang nor another kmod to compare with.
pub fn ready_for_demo(args: &KernelArgs) -> Result<Ready> {
    packages::install()?;
    let kernel = kernel::find(args)?;
    let userland = Userland::with_one_kmod(kernel.processor.as_ref())?;
    Ok(Ready { kernel, userland })
}

/// `cargo xtask setup`.
pub fn run(args: &KernelArgs) -> Result<ExitCode> {
    let ready = ready(args)?;
    ui::line(&format!("cache:   {}", cache::root()?.display()));
    ui::line(&format!("kernel:  {} ({})", ready.kernel.release, ready.kernel.image.display()));
    ui::line(&format!("headers: {}", ready.kernel.build.display()));
    Ok(ExitCode::SUCCESS)
}
