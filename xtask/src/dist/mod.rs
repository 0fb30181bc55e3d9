// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask dist`: a tarball and a Debian package, both of static programs.
//!
//! What is installed, and where, is one list ([`tree`]); both forms are made from it.

mod check;
mod chroot;
mod complete;
mod deb;
mod early;
mod man;
mod pages;
mod programs;
mod reload;
mod tarball;
mod tree;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::args::DistArgs;
use crate::{ui, workspace};

/// The version of everything.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Its day, on the manual pages.
const DATE: &str = "2026-11-25";

/// The same in seconds, for the files in the archives: the same input is to give the same bytes.
const TIME: u64 = 1_795_564_800;

/// `cargo xtask dist`.
pub fn run(args: &DistArgs) -> Result<ExitCode> {
    let built = build()?;
    if args.check {
        check::run(&built.package, &built.older)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes both and checks the package in a Debian of its own.
pub fn check() -> Result<()> {
    let built = build()?;
    check::run(&built.package, &built.older)
}

/// What was made.
struct Built {
    /// The Debian package.
    package: PathBuf,
    /// The same with a lower version, to upgrade from.
    older: PathBuf,
}

/// Makes both.
fn build() -> Result<Built> {
    let programs = programs::build()?;
    let tree = tree::files(&programs)?;
    let directory = workspace::target().join("dist");
    fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
    let tarball = directory.join(format!("modpersist-{VERSION}-x86_64-linux.tar.gz"));
    write(&tarball, &tarball::make(&tree)?)?;
    let package = directory.join(format!("modpersist_{VERSION}_amd64.deb"));
    write(&package, &deb::make(&tree, VERSION)?)?;
    let older = workspace::target().join("package-before.deb");
    fs::write(&older, deb::make(&tree, &format!("{VERSION}~before"))?)
        .with_context(|| format!("cannot write {}", older.display()))?;
    Ok(Built { package, older })
}

fn write(path: &std::path::Path, content: &[u8]) -> Result<()> {
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))?;
    ui::line(&format!("  {} ({} KiB)", path.display(), content.len() / 1024));
    Ok(())
}
