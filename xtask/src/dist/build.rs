// SPDX-License-Identifier: MIT OR Apache-2.0
//! Makes the tarball and the package, and writes them to `target/dist`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::installed_files::{Layout, Parts};
use super::release::VERSION;
use super::{deb, installed_files, notices, programs, tarball};
use crate::args::Architecture;
use crate::{ui, workspace};

/// What was made.
pub struct Built {
    /// The tarball.
    pub tarball: PathBuf,
    /// The Debian package.
    pub package: PathBuf,
    /// The same package with a lower version, to upgrade from.
    pub older: PathBuf,
}

/// The tarball's top folder, which is also its name.
pub fn top(architecture: Architecture) -> String {
    format!("modpersist-{VERSION}-{}", architecture.uname())
}

/// Makes both.
pub fn build(architecture: Architecture) -> Result<Built> {
    let parts = Parts { programs: &programs::build(architecture)?, notices: &notices::make()? };
    let (top, debian) = (top(architecture), architecture.debian());
    let directory = workspace::target().join("dist");
    fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
    let tarball = directory.join(format!("{top}.tar.gz"));
    write(&tarball, &tarball::make(&installed_files::files(&parts, Layout::Tarball)?, Some(&top))?)?;
    let tree = installed_files::files(&parts, Layout::Package)?;
    let package = directory.join(format!("modpersist_{VERSION}_{debian}.deb"));
    write(&package, &deb::make(&tree, VERSION, debian)?)?;
    let older = workspace::target().join(format!("package-before-{debian}.deb"));
    fs::write(&older, deb::make(&tree, &format!("{VERSION}~before"), debian)?)
        .with_context(|| format!("cannot write {}", older.display()))?;
    Ok(Built { tarball, package, older })
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))?;
    ui::line(&format!("  {} ({} KiB)", path.display(), content.len() / 1024));
    Ok(())
}
