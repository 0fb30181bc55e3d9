// SPDX-License-Identifier: MIT OR Apache-2.0
//! A small Debian to install the package in.
//!
//! debootstrap makes it once, from the machine's own release, and it is cached. Each check works in a copy.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::setup::release;
use crate::{cache, process, ui};

/// A small system with kmod, and the tools that make an initramfs.
pub fn base() -> Result<PathBuf> {
    let name = release::own_name()?;
    cache::entry(&format!("debootstrap/{name}-2"), |directory| {
        let mut make = Command::new("debootstrap");
        make.args(["--variant=minbase", "--include=kmod,initramfs-tools,man-db", &name]).arg(directory);
        make.arg(release::own_mirror()?);
        ui::step(&format!("making a Debian {name}"), || process::quiet(&mut make))
    })
}

/// A copy that is removed when it is dropped.
pub struct Root(PathBuf);

impl Root {
    /// Copies the base system.
    pub fn copy(base: &Path) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("modpersist-dist-{}", std::process::id()));
        process::quiet(Command::new("cp").args(["--archive", "--reflink=auto"]).arg(base).arg(&path))?;
        Ok(Self(path))
    }

    /// The path, outside of the chroot, of something inside.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.0.join(inside)
    }

    /// Runs a shell script in it and returns the output.
    pub fn sh(&self, script: &str) -> Result<String> {
        let mut command = Command::new("chroot");
        command.arg(&self.0).args(["/bin/sh", "-ec", script]);
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("DEBIAN_FRONTEND", "noninteractive");
        process::output(&mut command).with_context(|| format!("in the chroot: {script}"))
    }

    /// Lists every file with its kind, size and link target, except logs, caches and dpkg's database.
    pub fn listing(&self) -> Result<String> {
        self.sh(
            "find / -xdev ! -type d \\( -path /var/lib/dpkg -o -path /var/log -o -path /var/cache -o -path /proc -o -path /tmp \
             \\) -prune -o ! -type d -printf '%p %y %s %l\\n' | \
             grep -v -e '^/var/lib/dpkg' -e '^/var/log' -e '^/var/cache' -e '^/tmp' -e '^/boot' | sort",
        )
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        // A copy that cannot be removed only costs disk space.
        let _ = fs::remove_dir_all(&self.0);
    }
}
