// SPDX-License-Identifier: MIT OR Apache-2.0
//! A kernel that can be booted, and that modules can be built for: from a build tree, or from an image and
//! its headers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use vmguest::KernelKind;

use super::build_root::BuildRoot;
use super::{bzimage, headers};
use crate::process;
use crate::processors::Processor;

/// A kernel that can be booted and built against.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// The release, as `uname -r` prints it.
    pub release: String,
    /// Whether it is ours, and what it can do.
    pub kind: KernelKind,
    /// The bzImage.
    pub image: PathBuf,
    /// The build directory, for `make -C` to build modules.
    pub build: PathBuf,
    /// The compiler to build modules with.
    pub compiler: String,
    /// The system that modules are built in, if it is not this machine.
    pub root: Option<BuildRoot>,
    /// The directory of this kernel's own modules, if there is one.
    pub modules: Option<PathBuf>,
    /// The processor, if it is not this machine's.
    pub processor: Option<Processor>,
}

/// A kernel from a build tree in which `make` has been run.
pub fn from_tree(tree: &Path) -> Result<Kernel> {
    let file = tree.join("include/config/kernel.release");
    let release = fs::read_to_string(&file)
        .with_context(|| format!("{} is not a built kernel tree: run make there first", tree.display()))?;
    let image = tree.join("arch/x86/boot/bzImage");
    ensure!(image.is_file(), "{} does not exist: run `make bzImage` first", image.display());
    let mut kernel = given(release.trim().to_owned(), image, tree.to_owned());
    // `cargo xtask kernel` installs them here.
    let installed = tree.join("installed/lib/modules").join(&kernel.release);
    if installed.is_dir() {
        kernel.modules = Some(installed);
    }
    Ok(kernel)
}

pub fn from_image(image: &Path, headers: Option<&Path>) -> Result<Kernel> {
    let release = bzimage::release(image)?;
    let installed = PathBuf::from(format!("/lib/modules/{release}/build"));
    let build = match headers {
        Some(directory) => {
            fs::canonicalize(directory).with_context(|| format!("--headers {}", directory.display()))?
        }
        None if installed.exists() => fs::canonicalize(installed)?,
        None => {
            bail!("no headers for {release} in {}: install them, or use --headers DIR", installed.display())
        }
    };
    ensure!(
        build.join("Makefile").is_file(),
        "{} is not a kernel build directory: it has no Makefile",
        build.display()
    );
    Ok(given(release, image.to_owned(), build))
}

fn given(release: String, image: PathBuf, build: PathBuf) -> Kernel {
    let modules = Some(PathBuf::from(format!("/lib/modules/{release}"))).filter(|path| path.is_dir());
    let (compiler, kind) = (compiler(&build, None), kind_of(&build));
    Kernel { compiler, release, kind, image, build, root: None, modules, processor: None }
}

/// Determined from the tree's configuration; a kernel without one is not ours.
fn kind_of(build: &Path) -> KernelKind {
    let config = fs::read_to_string(build.join(".config")).unwrap_or_default();
    let has = |option: &str| config.lines().any(|line| line.strip_suffix("=y") == Some(option));
    match (has("CONFIG_MODULE_PERSIST"), has("CONFIG_KASAN")) {
        (true, true) => KernelKind::Debug,
        (true, false) => KernelKind::Extended,
        // The tree knows the option, but it is disabled.
        (false, _) if config.contains("# CONFIG_MODULE_PERSIST is not set") => KernelKind::Plain,
        (false, _) => KernelKind::Stock,
    }
}

/// The compiler that the headers ask for, if this machine or `root` has it, otherwise gcc.
pub fn compiler(build: &Path, root: Option<&BuildRoot>) -> String {
    requested(build, root).unwrap_or_else(|| "gcc".to_owned())
}

/// The compiler that the headers ask for, if this machine or `root` has it.
pub fn requested(build: &Path, root: Option<&BuildRoot>) -> Option<String> {
    let requested = fs::read_to_string(build.join(".kernelvariables"))
        .ok()
        .and_then(|text| headers::requested_compiler(&text));
    let is_there = |name: &String| match root {
        Some(root) => process::quiet(root.command(name).arg("--version")).is_ok(),
        None => process::find(name).is_some(),
    };
    // Debian has had the second name alone since 13, in the packages that headers depend on.
    let names = requested.into_iter().flat_map(|name| [name.clone(), format!("{NATIVE_PREFIX}{name}")]);
    names.into_iter().find(is_there)
}

/// kbuild's variables for a cross compiler that is not of the kernel's own release. BTF is not needed in
/// these modules, and an old pahole does not know the options of a newer kernel.
pub const FOR_OTHER_PROCESSORS: [&str; 2] =
    ["CONFIG_DEBUG_INFO_BTF_MODULES=", "DEBIAN_KERNEL_NO_CC_VERSION_CHECK=y"];

/// What the full names of this processor's compilers start with.
const NATIVE_PREFIX: &str = "x86_64-linux-gnu-";

impl Kernel {
    /// A directory name for files built for this kernel. Two variants of one tree have the same release.
    pub fn directory_name(&self) -> String {
        match self.kind {
            KernelKind::Stock => self.release.clone(),
            kind => format!("{}-{kind:?}", self.release).to_lowercase(),
        }
    }

    /// The first line of the compiler's version.
    pub fn compiler_version(&self) -> Result<String> {
        let text = process::output(self.command(&self.compiler).arg("--version"))?;
        Ok(text.lines().next().unwrap_or_default().to_owned())
    }

    /// A command that runs where modules are built.
    pub fn command(&self, program: &str) -> Command {
        self.root.as_ref().map_or_else(|| Command::new(program), |root| root.command(program))
    }

    /// The path of one of the kernel's files where modules are built.
    pub fn inside(&self, path: &Path) -> PathBuf {
        self.root.as_ref().map_or_else(|| path.to_owned(), |root| root.inside(path))
    }

    /// `make` for a directory of modules, without a target.
    pub fn make(&self, stage: &Path) -> Command {
        let mut make = self.command("make");
        // The options of an outer make (its job server, for example) are not meant for this one.
        make.env_remove("MAKEFLAGS").env_remove("MFLAGS");
        make.arg("-C").arg(self.inside(&self.build)).arg("-j2").arg("--no-print-directory");
        make.arg(format!("M={}", stage.display())).arg(format!("CC={}", self.compiler));
        if let Some(processor) = &self.processor {
            make.arg(format!("CROSS_COMPILE={}", processor.prefix)).args(FOR_OTHER_PROCESSORS);
        }
        make
    }

    /// The name of one of binutils' programs, such as `strip`, for this kernel's modules.
    pub fn binutils(&self, program: &str) -> String {
        format!("{}{program}", self.processor.map_or("", |processor| processor.prefix))
    }

    /// Whether modules can be compiled by clang as well.
    pub fn has_clang(&self) -> bool {
        self.root.is_none() && self.processor.is_none() && process::find("clang").is_some()
    }
}
