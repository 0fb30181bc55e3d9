// SPDX-License-Identifier: MIT OR Apache-2.0
//! The distribution's kernel source, with our patches applied and one example module added as built-in code.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::place::Archive;
use super::series::Series;
use crate::{cache, process, ui, workspace};

/// Returns the patched source tree, which is created unless the cache has it.
pub fn patched(series: Series) -> Result<PathBuf> {
    let patches = patches(series)?;
    let mut contents = patches.iter().map(fs::read).collect::<Result<Vec<_>, _>>()?;
    contents.extend([example()?, fs::read(header())?]);
    let identity = hash(&contents.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let (archive, package) =
        match (series.find(), cache::newest("kernel-sources", &format!("{}_", series.package()))) {
            (Ok(found), _) => found,
            // No package lists, but an earlier run has created it with the same patches.
            (Err(_), Some(entry)) if entry.to_string_lossy().ends_with(&format!("{identity:016x}")) => {
                return Ok(entry);
            }
            (Err(error), _) => return Err(error),
        };
    cache::entry(&format!("kernel-sources/{}-{identity:016x}", package.cache_name()), |directory| {
        ui::step("downloading and unpacking the kernel's source", || unpack(&archive, series, directory))?;
        patches.iter().try_for_each(|patch| apply(patch, directory))?;
        add_example(directory)
    })
}

/// A hash of these contents, for names in the cache.
pub fn hash(contents: &[&[u8]]) -> u64 {
    let mut hasher = DefaultHasher::new();
    contents.hash(&mut hasher);
    hasher.finish()
}

/// An example module, which must also work as built-in code. Without the lines for the harness: no kernel has
/// to be built anew for them.
fn example() -> Result<Vec<u8>> {
    let path = workspace::root().join("kernel/examples/foo_p.c");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines = text.split_inclusive('\n').filter(|line| !line.starts_with("//#"));
    Ok(lines.collect::<String>().into_bytes())
}

fn header() -> PathBuf {
    workspace::root().join("kernel/persistent.h")
}

/// Adds the example under another name, so that the module itself can be loaded as well.
fn add_example(source: &Path) -> Result<()> {
    let misc = source.join("drivers/misc");
    let own = misc.join("modpersist");
    fs::create_dir_all(&own)?;
    fs::write(own.join("foo_p_builtin.c"), example()?)?;
    fs::copy(header(), own.join("persistent.h"))?;
    fs::write(
        own.join("Makefile"),
        "ccflags-y := -I$(srctree)/drivers/misc/modpersist\nobj-y += foo_p_builtin.o\n",
    )?;
    let makefile = misc.join("Makefile");
    let mut text = fs::read_to_string(&makefile)?;
    text.push_str("obj-$(CONFIG_MODULE_PERSIST) += modpersist/\n");
    fs::write(&makefile, text).with_context(|| format!("cannot write {}", makefile.display()))
}

/// Our patches, in order.
pub fn patches(series: Series) -> Result<Vec<PathBuf>> {
    let directory = series.patches();
    let mut files = Vec::new();
    for entry in fs::read_dir(&directory).with_context(|| format!("cannot read {}", directory.display()))? {
        let path = entry?.path();
        // The letter that introduces them, and what checkpatch leaves next to a patch.
        let is_letter = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("0000-"));
        if !is_letter && path.extension().is_some_and(|extension| extension == "patch") {
            files.push(path);
        }
    }
    ensure!(!files.is_empty(), "{} contains no patches", directory.display());
    files.sort();
    Ok(files)
}

fn unpack(archive: &Archive, series: Series, directory: &Path) -> Result<()> {
    let package = directory.join(".package");
    fs::create_dir_all(&package)?;
    archive.unpack(&[series.package()], &package)?;
    let archive = package.join(format!("usr/src/{}.tar.xz", series.package()));
    let mut tar = Command::new("tar");
    tar.arg("--extract").arg("--file").arg(&archive).arg("--strip-components=1");
    process::quiet(tar.arg("--directory").arg(directory))?;
    fs::remove_dir_all(&package).with_context(|| format!("cannot remove {}", package.display()))
}

fn apply(patch: &Path, directory: &Path) -> Result<()> {
    let file = File::open(patch).with_context(|| format!("cannot open {}", patch.display()))?;
    let mut command = Command::new("patch");
    command.args(["--strip=1", "--forward", "--fuzz=0", "--quiet", "--directory"]).arg(directory);
    let output = command.stdin(Stdio::from(file)).output().context("cannot start patch")?;
    if !output.status.success() {
        bail!("{} does not apply:\n{}", patch.display(), String::from_utf8_lossy(&output.stdout));
    }
    Ok(())
}
