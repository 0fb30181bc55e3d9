// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kernels to run: by name from the distribution, or by path.

mod built;
mod bzimage;
mod distribution;
mod headers;
pub mod source;
mod variant;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use vmguest::KernelKind;

use crate::args::KernelArgs;
use crate::process;

pub use built::{build, run};
pub use variant::Variant;

/// The kernel when none is asked for.
pub const DEFAULT: &str = "distribution";

/// A kernel that can be booted and built against.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// The release, as `uname -r` prints it.
    pub release: String,
    /// What it can do.
    pub kind: KernelKind,
    /// The bzImage.
    pub image: PathBuf,
    /// The directory for `make -C` that builds modules.
    pub build: PathBuf,
    /// The compiler to build modules with.
    pub compiler: String,
    /// The directory with this kernel's own modules, where there is one.
    pub modules: Option<PathBuf>,
}

/// Finds or fetches the kernel that was asked for.
pub fn find(args: &KernelArgs) -> Result<Kernel> {
    if let Some(source) = distribution::source(&args.kernel) {
        return source.fetch();
    }
    if let Some(variant) = Variant::named(&args.kernel) {
        return build(variant);
    }
    let path = Path::new(&args.kernel);
    ensure!(
        path.exists(),
        "--kernel {}: neither a file, nor a directory, nor one of {}",
        args.kernel,
        [distribution::names(), Variant::names()].concat().join(", ")
    );
    let path = fs::canonicalize(path)?;
    if path.is_dir() { from_tree(&path) } else { from_image(&path, args.machine.headers.as_deref()) }
}

/// A tree in which `make` has been run.
fn from_tree(tree: &Path) -> Result<Kernel> {
    let file = tree.join("include/config/kernel.release");
    let release = fs::read_to_string(&file)
        .with_context(|| format!("{} is no built kernel tree: run make there", tree.display()))?;
    let image = tree.join("arch/x86/boot/bzImage");
    ensure!(image.is_file(), "{} does not exist: run make bzImage there", image.display());
    let mut kernel = given(release.trim().to_owned(), image, tree.to_owned());
    // Where `cargo xtask kernel` has them installed.
    let installed = tree.join("installed/lib/modules").join(&kernel.release);
    if installed.is_dir() {
        kernel.modules = Some(installed);
    }
    Ok(kernel)
}

fn from_image(image: &Path, headers: Option<&Path>) -> Result<Kernel> {
    let release = bzimage::release(image)?;
    let installed = PathBuf::from(format!("/lib/modules/{release}/build"));
    let build = match headers {
        Some(directory) => {
            fs::canonicalize(directory).with_context(|| format!("--headers {}", directory.display()))?
        }
        None if installed.exists() => fs::canonicalize(installed)?,
        None => bail!(
            "no headers for {release}: give them with --headers DIR, or install them (they are looked for in {})",
            installed.display()
        ),
    };
    ensure!(
        build.join("Makefile").is_file(),
        "{} has no Makefile: it is no kernel build directory",
        build.display()
    );
    Ok(given(release, image.to_owned(), build))
}

fn given(release: String, image: PathBuf, build: PathBuf) -> Kernel {
    let modules = Some(PathBuf::from(format!("/lib/modules/{release}"))).filter(|path| path.is_dir());
    Kernel { compiler: compiler(&build), release, kind: kind_of(&build), image, build, modules }
}

/// By the configuration in its tree; a kernel without one is none of ours.
fn kind_of(build: &Path) -> KernelKind {
    let config = fs::read_to_string(build.join(".config")).unwrap_or_default();
    let has = |option: &str| config.lines().any(|line| line.strip_suffix("=y") == Some(option));
    match (has("CONFIG_MODULE_PERSIST"), has("CONFIG_KASAN")) {
        (true, true) => KernelKind::Debug,
        (true, false) => KernelKind::Extended,
        // A tree that knows the option, and has it switched off.
        (false, _) if config.contains("# CONFIG_MODULE_PERSIST is not set") => KernelKind::Plain,
        (false, _) => KernelKind::Stock,
    }
}

/// The compiler that the headers ask for where this machine has it, else gcc.
fn compiler(build: &Path) -> String {
    let wish = fs::read_to_string(build.join(".kernelvariables"))
        .ok()
        .and_then(|text| headers::compiler_wish(&text));
    wish.filter(|name| process::find(name).is_some()).unwrap_or_else(|| "gcc".to_owned())
}

impl Kernel {
    /// A name for what is made for this kernel: two variants of one tree have one release.
    pub fn directory_name(&self) -> String {
        match self.kind {
            KernelKind::Stock => self.release.clone(),
            kind => format!("{}-{kind:?}", self.release).to_lowercase(),
        }
    }

    /// The first line of the compiler's version.
    pub fn compiler_version(&self) -> Result<String> {
        let text = process::output(Command::new(&self.compiler).arg("--version"))?;
        Ok(text.lines().next().unwrap_or_default().to_owned())
    }
}
