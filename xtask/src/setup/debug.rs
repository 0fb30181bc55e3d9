// SPDX-License-Identifier: MIT OR Apache-2.0
//! The debug information of the distribution's kernel: one package of 850 MB, from which vmlinux and the
//! modules in some directories are kept.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::apt;
use crate::{cache, ui};

/// The directory in the cache.
const CACHED: &str = "debug";

/// Directories of modules that are unpacked: some of every size and kind. All of them would take 5 GB.
const MODULE_DIRECTORIES: &[&str] =
    &["fs", "net", "crypto", "lib", "drivers/gpu/drm/amd", "drivers/md", "drivers/scsi", "drivers/usb"];

/// A directory laid out like `/usr/lib/debug`.
#[derive(Clone, Debug)]
pub struct Debug(PathBuf);

impl Debug {
    /// The directory for a kernel, whether or not it has been fetched.
    pub fn of(release: &str) -> Result<Self> {
        Ok(Self(cache::root()?.join(CACHED).join(release).join("usr/lib/debug")))
    }

    /// The directory, if it has been fetched.
    pub fn directory(&self) -> Option<&Path> {
        Some(self.0.as_path()).filter(|directory| directory.is_dir())
    }

    /// The directory that was fetched last, for any kernel.
    pub fn newest() -> Option<PathBuf> {
        let directory = cache::newest(CACHED, "")?.join("usr/lib/debug");
        directory.is_dir().then_some(directory)
    }

    /// Downloads it, unless the cache has it.
    pub fn fetch(release: &str) -> Result<Self> {
        cache::entry(&format!("{CACHED}/{release}"), |directory| {
            let package = apt::package(&format!("linux-image-{release}-dbg"))?;
            let what = format!("downloading {} (850 MB) and unpacking 2 GB of it", package.name);
            ui::step(&what, || apt::unpack_some(&package.name, directory, &unpack))
        })?;
        let this = Self::of(release)?;
        ensure!(
            this.vmlinux(release).is_file(),
            "{} was not in the package",
            this.vmlinux(release).display()
        );
        Ok(this)
    }

    /// The debug information of a module, by the module's path below the folder of modules.
    pub fn of_module(&self, release: &str, module: &Path) -> PathBuf {
        self.0.join("lib/modules").join(release).join(module)
    }

    /// The path of vmlinux.
    pub fn vmlinux(&self, release: &str) -> PathBuf {
        self.0.join("boot").join(format!("vmlinux-{release}"))
    }
}

/// Unpacks the parts of the archive that are kept.
fn unpack(archive: &Path, directory: &Path) -> Result<()> {
    let mut read = Command::new("dpkg-deb");
    read.arg("--fsys-tarfile").arg(archive).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut read = read.spawn().context("cannot start dpkg-deb")?;
    let mut write = Command::new("tar");
    write.args(["--extract", "--file=-", "--no-same-owner", "--wildcards", "--directory"]).arg(directory);
    write.args(["./usr/lib/debug/boot/*", "./usr/lib/debug/.build-id"]);
    write.args(MODULE_DIRECTORIES.iter().map(|name| format!("./usr/lib/debug/lib/modules/*/kernel/{name}")));
    write.stdin(read.stdout.take().map_or_else(Stdio::null, Stdio::from));
    let (written, read) = (write.status().context("cannot start tar")?, read.wait()?);
    if !written.success() || !read.success() {
        bail!("cannot unpack {}: dpkg-deb ended with {read}, tar with {written}", archive.display());
    }
    Ok(())
}
