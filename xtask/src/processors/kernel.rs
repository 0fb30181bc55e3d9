// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kernels of other processors in which scenarios are run, by names such as `arm64-6.1`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use vmguest::KernelKind;

use super::packages::Packages;
use super::rust;
use super::table::{PROCESSORS, Processor};
use crate::kernel::Kernel;
use crate::setup::packages::install_named;
use crate::setup::release::own_name;

/// The kernels that can be named: the distribution's name of the architecture, and the series. `newest` is
/// that of the backports to the newest release.
pub const KERNELS: &[&str] = &["arm64-6.1", "arm64-6.12", "arm64-newest"];

/// Those in which no scenarios are run, by names of the same kind. Images are made of their modules.
pub const WITHOUT_SCENARIOS: &[&str] = &["riscv64-6.12", "ppc64el-6.1", "s390x-6.1"];

/// The processor of a kernel that can be named, with the release of Debian that has this series.
pub fn find(name: &str) -> Option<Processor> {
    KERNELS.contains(&name).then(|| of_name(name))?
}

fn of_name(name: &str) -> Option<Processor> {
    let (architecture, series) = name.split_once('-')?;
    let processor = PROCESSORS.iter().find(|processor| processor.debian == architecture)?;
    let (release, is_backport) = match series {
        "6.1" => ("bookworm", false),
        "6.12" => ("trixie", false),
        _ => ("trixie", true),
    };
    Some(Processor { release: Some(release), is_backport, ..*processor })
}

/// The release and the modules of a kernel of another processor; `None` if the name is none of these.
pub fn modules_of(name: &str) -> Result<Option<(String, Option<PathBuf>)>> {
    let known = find(name).or_else(|| WITHOUT_SCENARIOS.contains(&name).then(|| of_name(name))?);
    let Some(processor) = known else { return Ok(None) };
    let Packages { release, modules, .. } = Packages::fetch(&processor)?;
    Ok(Some((release, modules)))
}

/// Downloads a kernel that can be named, and what its modules are built with.
pub fn kernel(name: &str) -> Result<Kernel> {
    let processor = find(name).with_context(|| format!("there is no kernel {name}"))?;
    let compiler = format!("{}gcc", processor.prefix);
    install_named(&[
        (processor.qemu, processor.qemu_package, "runs the test kernel"),
        (&compiler, processor.compiler, "compiles the test modules"),
    ])?;
    let Packages { release, image, build, modules, .. } = Packages::fetch(&processor)?;
    // A newer kernel takes options that only a newer compiler knows.
    let is_own = processor.release.is_none_or(|name| own_name().is_ok_and(|own| own == name));
    let root = if is_own { None } else { Some(rust::root(&processor)?) };
    let kind = KernelKind::Stock;
    Ok(Kernel { release, kind, image, build, compiler, root, modules, processor: Some(processor) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_a_processor() {
        assert!(KERNELS.iter().all(|name| find(name).is_some()));
        assert!(WITHOUT_SCENARIOS.iter().all(|name| find(name).is_none() && of_name(name).is_some()));
        assert!(find("6.1").is_none() && find("mips-6.1").is_none());
    }
}
