// SPDX-License-Identifier: MIT OR Apache-2.0
//! The debug information of the distribution's kernel: one package of 850 MB, of which the kernel's file and some folders of modules are kept.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::apt;
use crate::{cache, ui};

/// The cache's directory.
const CACHED: &str = "debug";

/// Folders of modules that are kept: of every size and kind some. All would be 5 GB.
const KEPT: &[&str] = &["fs", "net", "crypto", "lib", "drivers/md", "drivers/scsi", "drivers/usb"];

/// A folder laid out like `/usr/lib/debug`.
#[derive(Clone, Debug)]
pub struct Debug(PathBuf);

impl Debug {
    /// Where it is for a kernel, fetched or not.
    pub fn of(release: &str) -> Result<Self> {
        Ok(Self(cache::root()?.join(CACHED).join(release).join("usr/lib/debug")))
    }

    /// The folder, if it was fetched.
    pub fn folder(&self) -> Option<&Path> {
        Some(self.0.as_path()).filter(|folder| folder.is_dir())
    }

    /// The folder that was fetched last, of whatever kernel.
    pub fn newest() -> Option<PathBuf> {
        let folder = cache::newest(CACHED, "")?.join("usr/lib/debug");
        folder.is_dir().then_some(folder)
    }

    /// Fetches it, unless the cache has it.
    pub fn fetch(release: &str) -> Result<Self> {
        cache::entry(&format!("{CACHED}/{release}"), |directory| {
            let package = apt::package(&format!("linux-image-{release}-dbg"))?;
            let what = format!("fetching {}, 850 MB, and unpacking 2 GB of it", package.name);
            ui::step(&what, || apt::unpack_some(&package.name, directory, &unpack))
        })?;
        let this = Self::of(release)?;
        ensure!(this.vmlinux(release).is_file(), "{} is not there", this.vmlinux(release).display());
        Ok(this)
    }

    /// The kernel's file.
    pub fn vmlinux(&self, release: &str) -> PathBuf {
        self.0.join("boot").join(format!("vmlinux-{release}"))
    }
}

/// Unpacks what is kept of an archive.
fn unpack(archive: &Path, directory: &Path) -> Result<()> {
    let mut read = Command::new("dpkg-deb");
    read.arg("--fsys-tarfile").arg(archive).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut read = read.spawn().context("cannot start dpkg-deb")?;
    let mut write = Command::new("tar");
    write.args(["--extract", "--file=-", "--no-same-owner", "--wildcards", "--directory"]).arg(directory);
    write.args(["./usr/lib/debug/boot/*", "./usr/lib/debug/.build-id"]);
    write.args(KEPT.iter().map(|folder| format!("./usr/lib/debug/lib/modules/*/kernel/{folder}")));
    write.stdin(read.stdout.take().map_or_else(Stdio::null, Stdio::from));
    let (written, read) = (write.status().context("cannot start tar")?, read.wait()?);
    if !written.success() || !read.success() {
        bail!("cannot unpack {}: dpkg-deb ended with {read}, tar with {written}", archive.display());
    }
    Ok(())
}
