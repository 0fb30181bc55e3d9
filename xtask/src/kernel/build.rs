// SPDX-License-Identifier: MIT OR Apache-2.0
//! Builds kernels from the distribution's source with our patches, in three variants.
//!
//! The cache has one entry for the patched source and one for each build, named after a hash of the inputs.
//! `plain` is a copy of `extended` in which the option is turned off and `make` run again: both trees have
//! the same signing key and differ only in the option.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};

use super::ours::Ours;
use super::series::Series;
use super::source;
use super::tree::{Kernel, from_tree};
use super::variant::Variant;
use crate::args::KernelBuildArgs;
use crate::setup::packages;
use crate::{cache, process, ui, workspace};

/// `cargo xtask kernel`.
pub fn run(args: &KernelBuildArgs) -> Result<ExitCode> {
    let kernel = build(Ours { variant: args.variant, series: args.series })?;
    ui::line(&format!("{} in {}", kernel.release, kernel.build.display()));
    Ok(ExitCode::SUCCESS)
}

/// Builds a kernel, unless the cache has it.
pub fn build(ours: Ours) -> Result<Kernel> {
    let Ours { variant, series } = ours;
    packages::install_for_kernel()?;
    let source = source::patched(series)?;
    let config = configuration(ours)?;
    let (twin, key) = match variant {
        Variant::Plain => {
            let twin = build(Ours { variant: Variant::Extended, series })?.build;
            let key = fs::read(twin.join("certs/signing_key.pem"))?;
            (Some(twin), key)
        }
        Variant::Extended | Variant::Debug => (None, Vec::new()),
    };
    let identity = source::hash(&[config.as_bytes(), source.as_os_str().as_encoded_bytes(), &key]);
    let mut name = format!("{variant:?}").to_lowercase();
    if series != Series::DEFAULT {
        name = format!("{name}-{}", series.name());
    }
    let entry = format!("kernel-builds/{name}-{identity:016x}");
    let tree = cache::entry(&entry, |tree| {
        ui::step(&format!("building the kernel {name}, which takes several minutes"), || match &twin {
            None => from_source(&source, tree, &config),
            Some(twin) => from_twin(&source, tree, twin),
        })
    })?;
    let mut kernel = from_tree(&tree)?;
    kernel.kind = variant.kind();
    if let Some(twin) = &twin {
        // Modules that were built and signed for one must load on the other.
        kernel.modules = from_tree(twin)?.modules;
    }
    Ok(kernel)
}

fn configuration(ours: Ours) -> Result<String> {
    let directory = workspace::root().join("kernel/config");
    let mut text = String::new();
    for name in ours.fragments() {
        let path = directory.join(name);
        text += &fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    }
    Ok(text)
}

fn from_source(source: &Path, tree: &Path, config: &str) -> Result<()> {
    let fragment = tree.join("fragment.config");
    fs::write(&fragment, config)?;
    let mut make = make(source, tree);
    make.arg(format!("KCONFIG_ALLCONFIG={}", fragment.display())).arg("allnoconfig");
    process::quiet(&mut make)?;
    check_config(config, &fs::read_to_string(tree.join(".config"))?)?;
    compile(source, tree)
}

fn from_twin(source: &Path, tree: &Path, twin: &Path) -> Result<()> {
    process::quiet(Command::new("cp").arg("-a").arg(twin.join(".")).arg(tree))?;
    let installed = tree.join("installed");
    fs::remove_dir_all(&installed).with_context(|| format!("cannot remove {}", installed.display()))?;
    let mut set = Command::new(source.join("scripts/config"));
    set.arg("--file").arg(tree.join(".config")).args(["--disable", "MODULE_PERSIST"]);
    process::quiet(&mut set)?;
    process::quiet(make(source, tree).arg("olddefconfig"))?;
    // In another directory, make rebuilds its tools, and then every object that such a tool has processed.
    // The tools are the same, so give them their old time stamps.
    process::quiet(make(source, tree).arg("prepare"))?;
    let mut age = Command::new("find");
    age.arg(tree.join("tools")).args(["-exec", "touch", "--no-dereference", "--reference"]);
    process::quiet(age.arg(twin.join(".config")).args(["{}", "+"]))?;
    compile(source, tree)
}

fn compile(source: &Path, tree: &Path) -> Result<()> {
    let jobs = std::thread::available_parallelism().map_or(2, usize::from);
    process::quiet(make(source, tree).arg(format!("-j{jobs}")).args(["bzImage", "modules"]))?;
    let installed: PathBuf = tree.join("installed");
    let mut install = make(source, tree);
    install.arg(format!("INSTALL_MOD_PATH={}", installed.display()));
    process::quiet(install.args(["INSTALL_MOD_STRIP=1", "modules_install"]))?;
    let makefile = tree.join("Makefile");
    let text = fs::read_to_string(&makefile)?;
    fs::write(&makefile, wherever_it_is(&text))
        .with_context(|| format!("cannot write {}", makefile.display()))
}

/// The tree's makefile, for a tree that is moved: since 6.13 it says where the tree was built.
fn wherever_it_is(makefile: &str) -> String {
    const OUTPUT: &str = "export KBUILD_OUTPUT";
    let line = |line: &str| match line.starts_with(OUTPUT) {
        true => format!("{OUTPUT} := $(CURDIR)\n"),
        false => format!("{line}\n"),
    };
    makefile.lines().map(line).collect()
}

fn make(source: &Path, tree: &Path) -> Command {
    let mut make = Command::new("make");
    make.env_remove("MAKEFLAGS").env_remove("MFLAGS");
    // The same text in every build, so that builds do not depend on user and host.
    make.env("KBUILD_BUILD_USER", "test").env("KBUILD_BUILD_HOST", "test");
    make.arg("-s").arg("-C").arg(source).arg(format!("O={}", tree.display()));
    make
}

/// kconfig silently drops options whose dependencies are not met, so check that all are set. The last mention
/// of an option counts.
fn check_config(asked: &str, got: &str) -> Result<()> {
    let lines = asked.lines().filter_map(|line| Some((line.split_once('=')?.0, line)));
    let wanted: BTreeMap<&str, &str> = lines.filter(|(name, _)| name.starts_with("CONFIG_")).collect();
    let set = |line: &&str| !line.ends_with("=n");
    let lost: Vec<&str> =
        wanted.into_values().filter(set).filter(|line| !got.lines().any(|other| other == *line)).collect();
    ensure!(lost.is_empty(), "kconfig dropped these options: {}", lost.join(", "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_option_is_named() {
        let error = check_config("# x\nCONFIG_A=y\nCONFIG_B=m\nCONFIG_C=n\n", "CONFIG_A=y\n").unwrap_err();
        assert!(error.to_string().ends_with(": CONFIG_B=m"), "{error}");
    }

    #[test]
    fn a_tree_can_be_moved() {
        let before = "# made\nexport KBUILD_OUTPUT = /tree\ninclude /source/Makefile\n";
        let after = "# made\nexport KBUILD_OUTPUT := $(CURDIR)\ninclude /source/Makefile\n";
        assert_eq!(wherever_it_is(before), after);
        assert_eq!(wherever_it_is("include /source/Makefile\n"), "include /source/Makefile\n");
    }

    #[test]
    fn an_option_can_be_taken_back() {
        assert!(check_config("CONFIG_A=y\nCONFIG_A=n\n", "# CONFIG_A is not set\n").is_ok());
    }
}
