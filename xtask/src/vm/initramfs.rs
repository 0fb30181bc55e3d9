// SPDX-License-Identifier: MIT OR Apache-2.0
//! The guest's file system.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use vmguest::KernelKind;
use vmguest::ctx::LEFT_OUT;

use super::cpio::Archive;
use crate::fixtures;
use crate::kernel::Kernel;
use crate::setup::Userland;

/// Modules of the kernel itself: one that exports symbols, and one that does not import any.
const IN_TREE: &[&str] = &["drivers/net/mii", "drivers/net/dummy"];

/// The names under which kmod acts as each of its tools.
const KMOD_TOOLS: &[&str] = &["insmod", "rmmod", "modprobe", "lsmod", "modinfo", "depmod"];

/// Busybox applets that scripts may call by name.
const APPLETS: &[&str] = &["sh", "cat", "ls", "dmesg", "mount", "umount", "grep", "sleep", "xxd"];

/// Writes the archive. `others` are files with their places, below the root.
pub fn write(
    path: &Path,
    kernel: &Kernel,
    userland: &Userland,
    programs: &[(&str, PathBuf)],
    modules: &Path,
    others: &[(String, PathBuf)],
) -> Result<()> {
    let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    let mut archive = Archive::new(BufWriter::new(file));
    // The kernel opens the first process's console before anything is mounted.
    archive.device("dev/console", 5, 1)?;
    archive.file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")?;
    for directory in ["root", "var/log"] {
        archive.directory(directory)?;
    }
    add_programs(&mut archive, programs)?;
    add_userland(&mut archive, userland)?;
    for module in fixtures::modules(modules)? {
        let name = module.file_name().unwrap_or_default().to_string_lossy();
        archive.file(&format!("modules/{name}"), &read(&module)?)?;
    }
    for (place, file) in others {
        archive.program(place, &read(file)?)?;
    }
    archive.file(LEFT_OUT.trim_start_matches('/'), fixtures::left_out(modules)?.as_bytes())?;
    add_kernel_modules(&mut archive, kernel)?;
    archive.finish().with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}

fn add_programs(archive: &mut Archive<impl Write>, programs: &[(&str, PathBuf)]) -> Result<()> {
    for (name, file) in programs {
        let path = if *name == "vmguest" { "init".to_owned() } else { format!("bin/{name}") };
        archive.program(&path, &read(file)?)?;
    }
    Ok(())
}

fn add_userland(archive: &mut Archive<impl Write>, userland: &Userland) -> Result<()> {
    archive.program("bin/busybox", &read(&userland.busybox)?)?;
    for applet in APPLETS {
        archive.link(&format!("bin/{applet}"), "busybox")?;
    }
    archive.program("peer/kmod", &read(&userland.kmod)?)?;
    for tool in KMOD_TOOLS {
        archive.link(&format!("peer/{tool}"), "kmod")?;
    }
    for (place, file) in &userland.libraries {
        archive.program(place, &read(file)?)?;
    }
    for file in &userland.kmod34 {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        archive.program(&format!("peer34/{name}"), &read(file)?)?;
    }
    Ok(())
}

/// A few of the kernel's own modules, if they are available.
fn add_kernel_modules(archive: &mut Archive<impl Write>, kernel: &Kernel) -> Result<()> {
    let guest = format!("lib/modules/{}", kernel.release);
    if kernel.kind != KernelKind::Stock {
        return add_all_modules(archive, kernel, &guest);
    }
    for name in IN_TREE {
        let Some((file, suffix)) = kernel.modules.as_ref().and_then(|modules| in_tree(modules, name)) else {
            continue;
        };
        archive.file(&format!("{guest}/kernel/{name}{suffix}"), &read(&file)?)?;
    }
    for name in ["modules.order", "modules.builtin", "modules.builtin.modinfo"] {
        archive.file(&format!("{guest}/{name}"), b"")?;
    }
    Ok(())
}

/// All modules and index files of a kernel that we built, which has only a few.
fn add_all_modules(archive: &mut Archive<impl Write>, kernel: &Kernel, guest: &str) -> Result<()> {
    let Some(modules) = &kernel.modules else { return Ok(()) };
    let mut directories = vec![modules.clone()];
    while let Some(directory) = directories.pop() {
        let entries =
            fs::read_dir(&directory).with_context(|| format!("cannot read {}", directory.display()))?;
        for entry in entries {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() {
                directories.push(path);
            } else if kind.is_file() {
                let name = path.strip_prefix(modules)?.display();
                archive.file(&format!("{guest}/{name}"), &read(&path)?)?;
            }
        }
    }
    Ok(())
}

fn in_tree(modules: &Path, name: &str) -> Option<(PathBuf, &'static str)> {
    [".ko", ".ko.xz", ".ko.zst", ".ko.gz"]
        .into_iter()
        .map(|suffix| (modules.join(format!("kernel/{name}{suffix}")), suffix))
        .find(|(file, _)| file.is_file())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
