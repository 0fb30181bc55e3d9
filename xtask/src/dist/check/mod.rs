// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checks the tarball and the package in a small Debian, which is then booted with the package installed.

pub mod contents;
mod installed;
pub mod other_processor;
mod package;
mod tarball;

use std::fs;

use anyhow::Result;

use super::build::{self, Built};
use super::chroot::{self, Root};
use super::{debian_boot, initramfs_boot};
use crate::args::Architecture;
use crate::setup::{Missing, packages};
use crate::ui;

/// Checks both, made for this machine.
pub fn run(built: &Built) -> Result<()> {
    if !nix::unistd::geteuid().is_root() {
        return Err(Missing("the package is checked in a chroot, which takes root".into()).into());
    }
    packages::install_programs(&[("debootstrap", "makes a small Debian to check the package in")])?;
    let root = Root::copy(&chroot::base()?)?;
    fs::copy(&built.tarball, root.path("tmp/modpersist.tar.gz"))?;
    fs::copy(&built.package, root.path("tmp/modpersist.deb"))?;
    fs::copy(&built.older, root.path("tmp/older.deb"))?;
    ui::step("installing from the tarball, uninstalling", || {
        tarball::check(&root, &build::top(Architecture::Amd64))
    })?;
    ui::step("installing, taking over, upgrading, giving back, purging", || package::check(&root))?;
    debian_boot::check(&root)?;
    initramfs_boot::check(&root)
}
