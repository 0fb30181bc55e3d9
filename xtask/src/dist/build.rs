// SPDX-License-Identifier: MIT OR Apache-2.0
//! Makes the tarball and the package, and writes them to `target/dist`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::release::VERSION;
use super::tree::{self, Layout, Parts};
use super::{deb, notices, programs, tarball};
use crate::{ui, workspace};

/// What the processor is called in the tarball's name.
const ARCHITECTURE: &str = "x86_64";

/// What was made.
pub struct Built {
    /// The tarball.
    pub tarball: PathBuf,
    /// The Debian package.
    pub package: PathBuf,
    /// The same with a lower version, to upgrade from.
    pub older: PathBuf,
}

/// The folder that everything in the tarball is in, which is also its name.
pub fn top() -> String {
    format!("modpersist-{VERSION}-{ARCHITECTURE}")
}

/// Makes both.
pub fn build() -> Result<Built> {
    let parts = Parts { programs: &programs::build()?, notices: &notices::make()? };
    let directory = workspace::target().join("dist");
    fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
    let tarball = directory.join(format!("{}.tar.gz", top()));
    write(&tarball, &tarball::make(&tree::files(&parts, Layout::Tarball)?, Some(&top()))?)?;
    let tree = tree::files(&parts, Layout::Package)?;
    let package = directory.join(format!("modpersist_{VERSION}_amd64.deb"));
    write(&package, &deb::make(&tree, VERSION)?)?;
    let older = workspace::target().join("package-before.deb");
    fs::write(&older, deb::make(&tree, &format!("{VERSION}~before"))?)
        .with_context(|| format!("cannot write {}", older.display()))?;
    Ok(Built { tarball, package, older })
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))?;
    ui::line(&format!("  {} ({} KiB)", path.display(), content.len() / 1024));
    Ok(())
}
