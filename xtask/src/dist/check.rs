// SPDX-License-Identifier: MIT OR Apache-2.0
//! The life of the package in a Debian of its own: install, take over, reload, give back, purge.
//!
//! The system is made once by debootstrap from the machine's own release and kept in the cache; each check works in a copy.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::setup::{Missing, packages, release};
use crate::{cache, process, ui};

/// Checks a package file.
pub fn run(package: &Path) -> Result<()> {
    if !nix::unistd::geteuid().is_root() {
        return Err(Missing("the package is checked in a chroot, which takes root".into()).into());
    }
    packages::install_programs(&[("debootstrap", "makes a small Debian to check the package in")])?;
    let base = base()?;
    let root = Root::copy(&base)?;
    let result = ui::step("checking the package in a Debian of its own", || life(&root, package));
    result.inspect_err(|_| ui::line("  the package was not changed; see packaging/"))
}

/// A small system with kmod, and the tools that make an initramfs.
fn base() -> Result<PathBuf> {
    let name = release::own_name()?;
    cache::entry(&format!("debootstrap/{name}-2"), |directory| {
        let mut make = Command::new("debootstrap");
        make.args(["--variant=minbase", "--include=kmod,initramfs-tools,man-db", &name]).arg(directory);
        make.arg(release::own_mirror()?);
        ui::step(&format!("making a Debian {name}"), || process::quiet(&mut make))
    })
}

/// A copy that is removed again.
struct Root(PathBuf);

impl Root {
    fn copy(base: &Path) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("modpersist-dist-{}", std::process::id()));
        process::quiet(Command::new("cp").args(["--archive", "--reflink=auto"]).arg(base).arg(&path))?;
        Ok(Self(path))
    }

    fn sh(&self, script: &str) -> Result<String> {
        let mut command = Command::new("chroot");
        command.arg(&self.0).args(["/bin/sh", "-ec", script]);
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("DEBIAN_FRONTEND", "noninteractive");
        process::output(&mut command).with_context(|| format!("in the chroot: {script}"))
    }

    /// Every file with its kind, size and link target, but for logs, caches and dpkg's own notes.
    fn listing(&self) -> Result<String> {
        self.sh(
            "find / -xdev ! -type d \\( -path /var/lib/dpkg -o -path /var/log -o -path /var/cache -o -path /proc -o -path /tmp \
             \\) -prune -o ! -type d -printf '%p %y %s %l\\n' | \
             grep -v -e '^/var/lib/dpkg' -e '^/var/log' -e '^/var/cache' -e '^/tmp' -e '^/boot' | sort",
        )
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        // A copy that stays costs room only.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn life(root: &Root, package: &Path) -> Result<()> {
    fs::copy(package, root.0.join("tmp/modpersist.deb"))?;
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
    initramfs(root)?;

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

/// The hook copies our insmod into an initramfs once a module is routed to it, and not before.
fn initramfs(root: &Root) -> Result<()> {
    let make = "mkdir -p /lib/modules/0.0/kernel && depmod 0.0 && mkinitramfs -o /tmp/initrd 0.0 && lsinitramfs /tmp/initrd";
    let plain = root.sh(make)?;
    ensure!(!plain.contains("modpersist/insmod"), "insmod is in an initramfs that does not need it");
    root.sh("modpersist modprobe-conf dummy > /etc/modprobe.d/persistent-dummy.conf")?;
    let routed = root.sh(make)?;
    for wanted in ["usr/lib/modpersist/insmod", "modprobe.d/persistent-dummy.conf", "sbin/modinfo"] {
        ensure!(routed.contains(wanted), "the initramfs lacks {wanted}:\n{routed}");
    }
    root.sh("rm -r /etc/modprobe.d/persistent-dummy.conf /lib/modules/0.0 /tmp/initrd")?;
    Ok(())
}
