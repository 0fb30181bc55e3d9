// SPDX-License-Identifier: MIT OR Apache-2.0
//! The life of the package in a Debian of its own: install, take over, reload, give back, purge.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail, ensure};

use super::chroot::{self, Root};
use super::early;
use crate::setup::{Missing, packages};
use crate::ui;

/// Checks a package file.
pub fn run(package: &Path) -> Result<()> {
    if !nix::unistd::geteuid().is_root() {
        return Err(Missing("the package is checked in a chroot, which takes root".into()).into());
    }
    packages::install_programs(&[("debootstrap", "makes a small Debian to check the package in")])?;
    let root = Root::copy(&chroot::base()?)?;
    ui::step("installing, taking over, giving back, purging", || life(&root, package))?;
    early::check(&root)
}

fn life(root: &Root, package: &Path) -> Result<()> {
    fs::copy(package, root.path("tmp/modpersist.deb"))?;
    let before = root.listing()?;
    let is_kmods = |what: &str| -> Result<()> {
        let text = root.sh("readlink -f \"$(command -v insmod)\"; insmod -V")?;
        ensure!(text.contains("kmod version"), "{what}: insmod is not kmod's: {text}");
        Ok(())
    };
    let is_ours = |what: &str| -> Result<()> {
        let text = root.sh("insmod -V; rmmod -V")?;
        ensure!(
            text.contains("insmod (modpersist)") && text.contains("rmmod (modpersist)"),
            "{what}: {text}"
        );
        Ok(())
    };
    root.sh("dpkg --install /tmp/modpersist.deb")?;
    is_kmods("installed")?;
    root.sh(
        "modpersist --version; /usr/lib/modpersist/insmod -V; test -f /usr/include/modpersist/persistent.h",
    )?;
    let listed = root.sh("/usr/lib/modpersist/kmod/insmod -V")?;
    ensure!(listed.contains("kmod version"), "kmod's own is not at hand: {listed}");
    for page in ["modpersist.8", "persistent.7", "modpersist-takeover.8"] {
        let (name, section) = page.split_once('.').unwrap_or((page, "8"));
        let text = root.sh(&format!("man --warnings --locale=C {section} {name} 2>&1"))?;
        ensure!(text.contains("SEE ALSO") && !text.contains("warning:"), "{page}: {text}");
    }

    root.sh("modpersist-takeover on")?;
    is_ours("taken over")?;
    root.sh("modpersist-takeover on; modpersist-takeover status | grep -q modpersist")?;
    let missing = root.sh("insmod /no/such.ko 2>&1 || true")?;
    let wanted = "insmod: ERROR: could not load module /no/such.ko: No such file or directory\n";
    ensure!(missing == wanted, "taken over, insmod says {missing:?}");
    for name in ["insmod", "rmmod"] {
        let text = root.sh(&format!("man --warnings --locale=C 8 {name} 2>&1"))?;
        ensure!(text.contains("modpersist") && !text.contains("warning:"), "{name}.8: {text}");
    }

    // A new version of either package leaves it as it is.
    root.sh("dpkg --install /tmp/modpersist.deb")?;
    is_ours("installed again")?;

    root.sh("modpersist-takeover off; modpersist-takeover off")?;
    is_kmods("given back")?;
    root.sh("modpersist-takeover on && dpkg --remove modpersist")?;
    is_kmods("removed")?;
    root.sh("dpkg --install /tmp/modpersist.deb && modpersist-takeover on && dpkg --purge modpersist")?;
    is_kmods("purged")?;
    let after = root.listing()?;
    if before != after {
        let only = |of: &str, other: &str| -> Vec<String> {
            of.lines().filter(|line| !other.lines().any(|known| known == *line)).map(str::to_owned).collect()
        };
        bail!("purge left {:?} and took {:?}", only(&after, &before), only(&before, &after));
    }
    let diverted = root.sh("dpkg-divert --list '*' | grep modpersist || true")?;
    ensure!(diverted.is_empty(), "diversions stayed: {diverted}");
    Ok(())
}
