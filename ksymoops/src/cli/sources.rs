// SPDX-License-Identifier: MIT OR Apache-2.0
//! From the options to the sources of symbols and lines.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use libksym::{FileSearch, Sources};
use libmodsys::{KALLSYMS, Kernel, files, node_name};

use super::args::Args;

/// A larger copy of `/proc/modules` is not read.
pub(super) const MAX_LSMOD_BYTES: u64 = 64 << 20;

/// Returns the sources that the user names, or rules out.
///
/// # Errors
/// An option is malformed.
pub(super) fn sources(args: &Args, kernel: &dyn Kernel) -> Result<Sources> {
    let named = |path: &Path| expanded(path, kernel);
    let chosen = |paths: &[PathBuf], no: bool| paths.last().filter(|_| !no).map(|path| named(path));
    let running_kallsyms = || args.dmesg.then(|| PathBuf::from(KALLSYMS)).filter(|_| !args.no_ksyms);
    let mut sources = Sources::default();
    sources.vmlinux = chosen(&args.vmlinux, args.no_vmlinux);
    sources.debug_dirs.clone_from(&args.debug_dir);
    sources.system_map = chosen(&args.system_map, args.no_system_map);
    sources.kallsyms = chosen(&args.ksyms, args.no_ksyms).or_else(running_kallsyms);
    if !args.no_object {
        sources.modules = args.object.iter().map(|path| named(path)).collect();
    }
    sources.modules_text = modules_text(args, kernel);
    sources.release.clone_from(&args.release);
    sources.kaslr.option = args.kaslr_offset.as_deref().map(kaslr_offset).transpose()?;
    sources.root.clone_from(&args.root);
    sources.discover.kernel = file_search(args, args.no_vmlinux);
    sources.discover.system_map = file_search(args, args.no_system_map);
    sources.discover.modules = file_search(args, args.no_object);
    Ok(sources)
}

/// The text of `/proc/modules`, from a copy or, if the log is the running kernel's, from the kernel. That a
/// copy cannot be read is said by `named_sources`.
fn modules_text(args: &Args, kernel: &dyn Kernel) -> Option<Vec<u8>> {
    if args.no_lsmod {
        return None;
    }
    match args.lsmod.last() {
        Some(path) => files::read_regular(&expanded(path, kernel), MAX_LSMOD_BYTES).ok(),
        None => kernel.modules_text().ok().filter(|_| args.dmesg),
    }
}

/// Where files of one kind may be searched; `no` is the option that rules them out.
fn file_search(args: &Args, no: bool) -> FileSearch {
    match (no, args.no_discovery) {
        (true, _) => FileSearch::Nowhere,
        (false, true) => FileSearch::Named,
        (false, false) => FileSearch::Usual,
    }
}

fn kaslr_offset(text: &str) -> Result<u64> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let Ok(offset) = u64::from_str_radix(digits, 16) else {
        bail!("--kaslr-offset takes up to 16 hexadecimal digits, not '{text}'");
    };
    ensure!(
        offset & 0xfff == 0,
        "--kaslr-offset '{text}': the offset must be a multiple of 0x1000, the page size"
    );
    Ok(offset)
}

/// Replaces `*r`, `*m`, `*n` and `*s` by the release, machine, node name and system name that `uname` prints.
pub(super) fn expanded(path: &Path, kernel: &dyn Kernel) -> PathBuf {
    let Some(text) = path.to_str().filter(|text| text.contains('*')) else { return path.to_owned() };
    let release = kernel.release().unwrap_or_default();
    let text = text.replace("*r", &release).replace("*m", std::env::consts::ARCH);
    PathBuf::from(text.replace("*n", &node_name()).replace("*s", "Linux"))
}
