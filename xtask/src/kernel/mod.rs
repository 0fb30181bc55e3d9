// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kernels to run: by name from the distribution, or by path.

mod bzimage;
mod distribution;
mod headers;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::args::KernelArgs;
use crate::process;

/// The kernel when none is asked for.
pub const DEFAULT: &str = "distribution";

/// A kernel that can be booted and built against.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// The release, as `uname -r` prints it.
    pub release: String,
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
    let path = Path::new(&args.kernel);
    ensure!(
        path.exists(),
        "--kernel {}: neither a file, nor a directory, nor one of {}",
        args.kernel,
        distribution::names().join(", ")
    );
    let path = fs::canonicalize(path)?;
    if path.is_dir() { from_tree(&path) } else { from_image(&path, args.headers.as_deref()) }
}

/// A tree in which `make` has been run.
fn from_tree(tree: &Path) -> Result<Kernel> {
    let file = tree.join("include/config/kernel.release");
    let release = fs::read_to_string(&file)
        .with_context(|| format!("{} is no built kernel tree: run make there", tree.display()))?;
    let image = tree.join("arch/x86/boot/bzImage");
    ensure!(image.is_file(), "{} does not exist: run make bzImage there", image.display());
    Ok(given(release.trim().to_owned(), image, tree.to_owned()))
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
    Kernel { compiler: compiler(&build), release, image, build, modules }
}

/// The compiler that the headers ask for where this machine has it, else gcc.
fn compiler(build: &Path) -> String {
    let wish = fs::read_to_string(build.join(".kernelvariables"))
        .ok()
        .and_then(|text| headers::compiler_wish(&text));
    wish.filter(|name| process::find(name).is_some()).unwrap_or_else(|| "gcc".to_owned())
}

impl Kernel {
    /// The first line of the compiler's version.
    pub fn compiler_version(&self) -> Result<String> {
        let text = process::output(Command::new(&self.compiler).arg("--version"))?;
        Ok(text.lines().next().unwrap_or_default().to_owned())
    }
}
