// SPDX-License-Identifier: MIT OR Apache-2.0
//! Compares the version magic of a module with the kernel's.
//!
//! The kernel does not show its own version magic, so it is taken from one of the modules that are installed
//! for it. Without any, only the release is compared.

use libmodfmt::file::ModuleFile;
use libmodfmt::module::Module;
use libmodsys::Kernel;

use crate::MAX_IMAGE_BYTES;

/// Two version magics that differ.
pub(super) struct Mismatch {
    /// The module's.
    pub module: String,
    /// The kernel's, or just its release.
    pub kernel: String,
}

/// Compares them as the kernel does: in a module with symbol versions, the release, which is the first word,
/// does not count.
pub(super) fn mismatch(module: &Module<'_>, kernel: &dyn Kernel) -> Option<Mismatch> {
    let own = module.modinfo().ok()?.vermagic()?.trim_end().to_owned();
    let kernels = of_installed_module(kernel);
    let release = kernel.release().ok()?;
    let has_versions =
        module.object.section("__versions").is_some_and(|(_, section)| !section.data.is_empty());
    let is_same = match &kernels {
        Some(kernels) if has_versions && kernels.split(' ').any(|word| word == "modversions") => {
            without_release(kernels) == without_release(&own)
        }
        Some(kernels) => *kernels == own,
        None => has_versions || own.split(' ').next() == Some(release.as_str()),
    };
    (!is_same).then(|| Mismatch { module: own, kernel: kernels.unwrap_or(release) })
}

fn without_release(vermagic: &str) -> &str {
    vermagic.split_once(' ').map_or("", |(_, rest)| rest)
}

fn of_installed_module(kernel: &dyn Kernel) -> Option<String> {
    let file = kernel.exporting_module().ok()??;
    let file = ModuleFile::new(file.content, MAX_IMAGE_BYTES);
    Some(file.module().ok()?.modinfo().ok()?.vermagic()?.trim_end().to_owned())
}
