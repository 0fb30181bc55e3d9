// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests the initramfs hook by booting: the data of a module that initramfs-tools loads before the root file
//! system is mounted must be kept.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::chroot::Root;
use crate::args::KernelArgs;
use crate::{fixtures, process, setup, ui};

/// Seconds until a boot that does not end is killed.
const BOOT_SECONDS: &str = "180";

/// A script that runs in the initramfs after modules were loaded.
const REPORT: &str = "#!/bin/sh
[ \"$1\" != prereqs ] || exit 0
while read -r line; do echo \"loaded: $line\"; done < /proc/modules > /dev/console
echo o > /proc/sysrq-trigger
sleep 60
";

/// Installs the package in the chroot, makes an initramfs there and boots it.
pub fn check(root: &Root) -> Result<()> {
    let kernel = setup::ready(&KernelArgs::default())?.kernel;
    let modules = fixtures::build(&kernel)?;
    ui::step("booting an initramfs with a module that is routed to our insmod", || {
        let release = &kernel.release;
        root.sh("dpkg --install /tmp/modpersist.deb")?;
        let extra = format!("lib/modules/{release}/extra");
        fs::create_dir_all(root.path(&extra))?;
        let meter = root.path(&format!("{extra}/meter.ko"));
        fs::copy(modules.join("meter.ko"), &meter).context("no fixture meter.ko")?;
        fs::write(root.path("etc/initramfs-tools/modules"), "meter scale=3\n")?;
        fs::write(root.path("etc/initramfs-tools/conf.d/list"), "MODULES=list\n")?;
        let report = root.path("etc/initramfs-tools/scripts/init-premount/report");
        fs::write(&report, REPORT)?;
        fs::set_permissions(&report, fs::Permissions::from_mode(0o755))?;
        // mkinitramfs reads here which compression the kernel knows.
        fs::create_dir_all(root.path("boot"))?;
        fs::write(root.path(&format!("boot/config-{release}")), "CONFIG_RD_GZIP=y\n")?;
        let make = format!("depmod {release}; mkinitramfs -o /tmp/initrd {release}; lsinitramfs /tmp/initrd");
        let insmod = "usr/lib/modpersist/insmod";
        let plain = root.sh(&make)?;
        ensure!(!plain.contains(insmod), "our insmod is in an initramfs that does not need it");
        root.sh("modpersist modprobe-conf meter > /etc/modprobe.d/persistent-meter.conf")?;
        let routed = root.sh(&make)?;
        for wanted in [insmod, "modprobe.d/persistent-meter.conf", "sbin/modinfo"] {
            ensure!(routed.contains(wanted), "the initramfs lacks {wanted}:\n{routed}");
        }
        let mut qemu = Command::new("timeout");
        qemu.args([BOOT_SECONDS, "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none"]);
        qemu.args(["-no-reboot", "-accel", "tcg", "-cpu", "max", "-m", "512M", "-serial", "stdio"]);
        qemu.args(["-append", "console=ttyS0 panic=-1"]).arg("-kernel").arg(&kernel.image);
        qemu.arg("-initrd").arg(root.path("tmp/initrd"));
        let console = String::from_utf8_lossy(&process::raw(&mut qemu)?.stdout).into_owned();
        for module in ["loaded: meter ", "loaded: meter__persist "] {
            ensure!(console.contains(module), "no \"{module}\" on the console:\n{console}");
        }
        Ok(())
    })
}
