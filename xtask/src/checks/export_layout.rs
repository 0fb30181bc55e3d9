// SPDX-License-Identifier: MIT OR Apache-2.0
//! All ways to find the layout of export tables must agree on a real kernel: a module file that exports
//! something, the kernel's headers, and the table by release. The kernel's BTF is not read here, because
//! every keeper of the scenarios is made by it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use libmodfmt::elf::{Ident, Object};
use libmodfmt::export::{ExportLayout, Release, Sample};
use libmodfmt::file::ModuleFile;

use crate::kernel::Kernel;

/// How many modules are read. A distribution has hundreds that export something; a few will do.
const MAX_SAMPLES: usize = 20;

/// The size limit of a decompressed module. No module of a distribution comes near.
const MAX_MODULE_BYTES: u64 = 256 << 20;

/// Compares them. A kernel without modules of its own has only headers and table.
pub fn check(kernel: &Kernel) -> Result<bool> {
    let release = Release::parse(&kernel.release).with_context(|| kernel.release.clone())?;
    let machine = Ident::X86_64.machine;
    let table = ExportLayout::for_release(machine, release);
    let read = |path: &str| fs::read_to_string(kernel.build.join(path)).unwrap_or_default();
    let autoconf = read("include/generated/autoconf.h");
    let module_h = header(kernel, "include/linux/module.h");
    let export_h = header(kernel, "include/linux/export.h");
    if let Some(layout) = ExportLayout::from_headers(&export_h, &autoconf, &module_h, machine, release) {
        ensure!(layout == table, "the headers give {layout:?}, the table {table:?}");
    } else {
        ensure!(release >= Release::new(6, 5), "export.h of {} has no kernel_symbol", kernel.release);
    }
    let Some(modules) = &kernel.modules else { return Ok(true) };
    let mut seen = 0;
    for file in module_files(modules)? {
        if seen == MAX_SAMPLES {
            break;
        }
        let content = ModuleFile::new(fs::read(&file)?, MAX_MODULE_BYTES);
        let Ok(object) = Object::parse(content.unsigned_image()?) else { continue };
        let Ok(sample) = Sample::of(&object) else { continue };
        let layout = ExportLayout::from_sample(&sample)?;
        ensure!(layout == table, "{} shows {layout:?}, the table has {table:?}", file.display());
        seen += 1;
    }
    ensure!(seen > 0, "no module in {} exports anything", modules.display());
    Ok(true)
}

/// Reads a header of a kernel. Distributions keep the headers that all flavours share in a directory of their
/// own; a tree that was built outside of its source has a link to the source.
pub fn header(kernel: &Kernel, path: &str) -> String {
    let own = [kernel.build.join(path), kernel.build.join("source").join(path)];
    let common = fs::read_dir(kernel.build.parent().unwrap_or(Path::new("/")))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join(path)));
    own.into_iter().chain(common).find_map(|file| fs::read_to_string(file).ok()).unwrap_or_default()
}

/// The module files below a directory.
pub fn module_files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).with_context(|| directory.display().to_string())? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                directories.push(path);
            } else if entry.file_name().to_string_lossy().split('.').any(|part| part == "ko") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
