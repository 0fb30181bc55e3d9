// SPDX-License-Identifier: MIT OR Apache-2.0
//! Boots the Debian with the package installed and insmod and rmmod taken over: a module is loaded, used,
//! unloaded and loaded again. Afterwards kmod's commands are back and work, and the kept data is still in the
//! kernel.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::chroot::Root;
use crate::args::KernelArgs;
use crate::{fixtures, process, setup, ui};

/// Seconds until a boot that does not end is killed.
const BOOT_SECONDS: &str = "300";

/// The first process.
const INIT: &str = r#"#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
exec > /dev/console 2>&1
say() { echo "said: $*"; }
fail() { say "FAILED: $*"; }
insmod /root/meter.ko scale=3 || fail "first load"
for value in 5 -3 12; do echo $value > /dev/meter; done
say "first $(head -n 1 /dev/meter)"
rmmod meter || fail "first removal"
insmod /root/meter.ko || fail "second load"
say "second $(head -n 1 /dev/meter)"
modpersist list | grep -q 'in use' || fail "list"
insmod /root/meter.ko && fail "it was loaded twice"
modpersist-takeover off || fail "off"
say "back $(rmmod -V | head -n 1)"
rmmod meter || fail "kmod's rmmod"
grep -q '^meter__persist ' /proc/modules || fail "the data went with kmod's rmmod"
modpersist-takeover on || fail "on"
insmod /root/meter.ko || fail "third load"
say "third $(head -n 1 /dev/meter)"
rmmod --discard meter || fail "discard"
grep -q '^meter' /proc/modules && fail "something stayed"
dpkg --purge modpersist > /dev/null || fail "purge"
insmod /root/meter.ko || fail "kmod's insmod"
say "fourth $(head -n 1 /dev/meter)"
rmmod meter || fail "kmod's rmmod after purge"
say "end"
echo o > /proc/sysrq-trigger
sleep 60
"#;

/// How the lines that it prints must begin, in this order. The generation counts the loads that used the
/// data.
const SAID: &[&str] = &[
    "first generation 1, 3 samples",
    "second generation 2, 3 samples",
    "back kmod version",
    "third generation 3, 3 samples",
    "fourth generation 1, 0 samples",
    "end",
];

/// Installs the package in the chroot, packs the chroot and boots it.
pub fn check(root: &Root) -> Result<()> {
    let kernel = setup::ready(&KernelArgs::default())?.kernel;
    let modules = fixtures::build(&kernel)?;
    ui::step("booting the Debian, taken over: load, unload, reload, give back, purge", || {
        root.sh("dpkg --install /tmp/modpersist.deb && modpersist-takeover on")?;
        fs::copy(modules.join("meter.ko"), root.path("root/meter.ko")).context("no fixture meter.ko")?;
        fs::write(root.path("init"), INIT)?;
        root.sh(
            "chmod 755 /init; cd /; find . -xdev \\( -path ./proc -o -path ./sys -o -path ./tmp -o -path ./boot -o -path ./var/cache \
             -o -path ./var/lib/apt -o -path ./usr/share/locale -o -path ./usr/share/i18n -o -path ./usr/lib/gcc \\) -prune -o -print \
             | cpio --quiet -o -H newc > /tmp/debian.cpio",
        )?;
        // The mount points were left out together with their contents.
        root.sh("cd /tmp; mkdir -p mounts/proc mounts/sys mounts/tmp mounts/var/cache; cd mounts; find . | cpio --quiet -o -H newc > /tmp/mounts.cpio; cat /tmp/mounts.cpio >> /tmp/debian.cpio")?;
        let mut qemu = Command::new("timeout");
        qemu.args([BOOT_SECONDS, "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none"]);
        qemu.args(["-no-reboot", "-accel", "tcg", "-cpu", "max", "-m", "1536M", "-serial", "stdio"]);
        qemu.args(["-append", "console=ttyS0 panic=-1 quiet"]).arg("-kernel").arg(&kernel.image);
        qemu.arg("-initrd").arg(root.path("tmp/debian.cpio"));
        let console = String::from_utf8_lossy(&process::raw(&mut qemu)?.stdout).into_owned();
        root.sh("modpersist-takeover off; dpkg --purge modpersist; rm -rf /init /root/meter.ko /tmp/debian.cpio /tmp/mounts*")?;
        let said: Vec<&str> =
            console.lines().filter_map(|line| Some(line.trim().split_once("said: ")?.1)).collect();
        let as_wanted =
            said.len() == SAID.len() && said.iter().zip(SAID).all(|(said, wanted)| said.starts_with(wanted));
        ensure!(as_wanted, "it said {said:#?}, wanted {SAID:#?}; the console:\n{console}");
        Ok(())
    })
}
