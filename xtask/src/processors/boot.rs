// SPDX-License-Identifier: MIT OR Apache-2.0
//! Boots a processor's kernel, loads the modules that oops, and keeps the console.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::keep::{self, Images};
use super::modules::WAYS;
use super::packages::Packages;
use super::table::Processor;
use super::tools::Tools;
use crate::vm::Archive;

/// How long a boot may take. On an idle machine the slowest takes 15 s.
const LIMIT: Duration = Duration::from_secs(300);

/// Announces a module on the console, before it is loaded.
pub const MARK: &str = "== loading oops_";

/// Runs the module with persistent data and those that oops, and returns the file with the console.
pub fn run(
    processor: &Processor,
    from: (&Tools, &Packages),
    modules: &Path,
    images: &Images,
    directory: &Path,
) -> Result<PathBuf> {
    let initramfs = directory.join("initramfs");
    write_initramfs(&initramfs, from.1, modules, images)?;
    machine(processor, from, &initramfs, directory)
}

/// Runs a machine to its end and returns the file with its console.
pub fn machine(
    processor: &Processor,
    (tools, packages): (&Tools, &Packages),
    initramfs: &Path,
    directory: &Path,
) -> Result<PathBuf> {
    let console = directory.join("console.log");
    let mut qemu = tools.command(processor.qemu);
    qemu.args(processor.machine).args(["-nodefaults", "-display", "none", "-no-reboot", "-m", "512M"]);
    qemu.arg("-kernel").arg(&packages.image).arg("-initrd").arg(initramfs);
    qemu.arg("-append").arg(format!("console={} panic=-1", processor.console));
    qemu.arg("-serial").arg(format!("file:{}", console.display()));
    qemu.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(directory.join("qemu.log"))?);
    let mut child = qemu.spawn().with_context(|| format!("cannot start {}", processor.qemu))?;
    let start = Instant::now();
    loop {
        if child.try_wait()?.is_some() {
            return Ok(console);
        }
        if start.elapsed() > LIMIT {
            child.kill()?;
            child.wait()?;
            bail!("the machine did not stop within {} s; see {}", LIMIT.as_secs(), console.display());
        }
        thread::sleep(Duration::from_millis(100));
    }
}

fn write_initramfs(path: &Path, packages: &Packages, modules: &Path, images: &Images) -> Result<()> {
    let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    let mut archive = Archive::new(BufWriter::new(file));
    archive.device("dev/console", 5, 1)?;
    archive.directory("proc")?;
    archive.program("bin/busybox", &fs::read(&packages.busybox)?)?;
    let mut script = String::from(
        "#!/bin/busybox sh\nbusybox=/bin/busybox\n$busybox mount -t proc proc /proc\n\
         $busybox mount -t devtmpfs dev /dev\necho 7 > /proc/sys/kernel/printk\n",
    );
    archive.file("keeper.ko", &fs::read(&images.keeper)?)?;
    archive.file("owner.ko", &fs::read(&images.owner)?)?;
    script.push_str(keep::SCRIPT);
    for (name, _) in WAYS {
        let module = format!("oops_{name}.ko");
        archive.file(&module, &fs::read(modules.join(&module))?)?;
        script.push_str(&format!("echo '{MARK}{name}' > /dev/kmsg\n$busybox insmod /{module}\n"));
    }
    script.push_str("$busybox sleep 1\n$busybox poweroff -f\n");
    archive.program("init", script.as_bytes())?;
    archive.finish().with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}
