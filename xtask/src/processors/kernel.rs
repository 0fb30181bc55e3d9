// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kernels of other processors in which scenarios are run, by names such as `arm64-6.1`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use vmguest::KernelKind;

use super::packages::Packages;
use super::rust;
use super::table::{PROCESSORS, Processor};
use crate::args::DEFAULT_KERNEL;
use crate::kernel::Kernel;
use crate::setup::packages::install_named;
use crate::setup::release::own_name;

/// The kernels that can be named: the distribution's name of the architecture, or of the flavour of the kernel
/// if there are several, and the series. `newest` is that of the backports to the newest release.
pub const KERNELS: &[&str] = &[
    "arm64-6.1",
    "arm64-6.12",
    "arm64-newest",
    "arm64-16k-6.12",
    "riscv64-6.12",
    "ppc64el-6.1",
    "s390x-6.1",
    "armhf-6.1",
    "i386-6.1",
];

/// Kernels whose modules can be named, and that run no scenarios.
const MODULES_ONLY: &[&str] = &["mips64el-6.1", "mipsel-6.1", "loong64-sid"];

/// A machine whose processor has pages of 16 KB: many have only those of 4 and 64 KB.
const PAGES_OF_16_KB: &[&str] = &["-M", "virt", "-cpu", "cortex-a76"];

/// The processor of a kernel that can be named, with the release of Debian that has this series.
pub fn find(name: &str) -> Option<Processor> {
    of_name(KERNELS.iter().find(|known| **known == name)?)
}

/// The same, also of kernels that run no scenarios.
fn find_for_modules(name: &str) -> Option<Processor> {
    of_name(KERNELS.iter().chain(MODULES_ONLY).find(|known| **known == name)?)
}

fn of_name(name: &'static str) -> Option<Processor> {
    let (flavour, series) = name.rsplit_once('-')?;
    let architecture = flavour.split('-').next()?;
    let processor = of_architecture(architecture)?;
    let flavour = if flavour == architecture { processor.flavour } else { flavour };
    let (release, is_backport) = match series {
        "6.1" => ("bookworm", false),
        "6.12" => ("trixie", false),
        "sid" => ("sid", false),
        _ => ("trixie", true),
    };
    let machine = if flavour.ends_with("-16k") { PAGES_OF_16_KB } else { processor.machine };
    Some(Processor { release: Some(release), is_backport, flavour, machine, ..*processor })
}

/// The processor of an architecture, by the distribution's name of it.
pub fn of_architecture(debian: &str) -> Option<&'static Processor> {
    PROCESSORS.iter().find(|processor| processor.debian == debian)
}

/// The name of a processor's kernel, by that of one of this machine's: a series, `newest`, or
/// `distribution`, the kernel of the machine's own release or of the first that has one.
pub fn kernel_name(processor: &Processor, name: &str) -> String {
    let series = match name {
        DEFAULT_KERNEL => match own_name() {
            Ok(own) if own == "bookworm" => "6.1",
            _ => "6.12",
        },
        series => series,
    };
    format!("{}-{series}", processor.debian)
}

/// The release and the modules of a kernel of another processor; `None` if the name is none of these.
pub fn modules_of(name: &str) -> Result<Option<(String, Option<PathBuf>)>> {
    let Some(processor) = find_for_modules(name) else { return Ok(None) };
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
    let root = if takes_newer_compiler(&build)? { Some(rust::root(&processor)?) } else { None };
    let kind = KernelKind::Stock;
    Ok(Kernel { release, kind, image, build, compiler, root, modules, processor: Some(processor) })
}

/// Whether the kernel's modules are compiled by an option that gcc has had since 14, and this machine's has
/// not: `-fmin-function-alignment`.
fn takes_newer_compiler(build: &Path) -> Result<bool> {
    let config = build.join(".config");
    let text = fs::read_to_string(&config).with_context(|| format!("cannot read {}", config.display()))?;
    Ok(has_minimal_alignment(&text))
}

fn has_minimal_alignment(config: &str) -> bool {
    let value = |option: &str| {
        config.lines().find_map(|line| line.strip_prefix("CONFIG_")?.strip_prefix(option)?.strip_prefix('='))
    };
    value("CC_HAS_MIN_FUNCTION_ALIGNMENT") == Some("y")
        && value("FUNCTION_ALIGNMENT").is_some_and(|bytes| bytes != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_is_newer_by_its_options() {
        let config = "CONFIG_FUNCTION_ALIGNMENT_4B=y\nCONFIG_FUNCTION_ALIGNMENT=8\n";
        let has_option = "CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT=y\n";
        assert!(has_minimal_alignment(&format!("{config}{has_option}")));
        assert!(!has_minimal_alignment(config));
        assert!(!has_minimal_alignment(&format!("CONFIG_FUNCTION_ALIGNMENT=0\n{has_option}")));
    }

    #[test]
    fn each_name_has_a_processor() {
        // Each can run scenarios.
        assert!(KERNELS.iter().all(|name| find(name).is_some_and(|found| found.ports.is_some())));
        assert_eq!(find("arm64-16k-6.12").map(|found| found.flavour), Some("arm64-16k"));
        assert_eq!(find("arm64-6.12").map(|found| found.flavour), Some("arm64"));
        assert!(find("6.1").is_none() && find("mips-6.1").is_none());
    }
}
