// SPDX-License-Identifier: MIT OR Apache-2.0
//! From the options to what reports are decoded with.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use libmodsys::Kernel;

use super::Args;
use crate::decode::Decoder;
use crate::{journal, persistent};
use libksym::{FileSearch, Sources};

/// Makes the decoder. What could not be read is named in `warnings`.
pub(super) fn decoder(args: &Args, kernel: &dyn Kernel, warnings: &mut Vec<String>) -> Result<Decoder> {
    let named = |path: &Path| expanded(path, kernel);
    let option = args.kaslr_offset.as_deref().map(offset).transpose()?;
    let modules_text = match args.lsmod.as_ref().filter(|_| !args.no_lsmod) {
        Some(path) => Some(fs::read(path).with_context(|| format!("cannot read {}", path.display()))?),
        None => None,
    };
    let live = |path: &str| args.dmesg.then(|| PathBuf::from(path));
    let mut sources = Sources::default();
    sources.vmlinux = args.vmlinux.as_deref().filter(|_| !args.no_vmlinux).map(named);
    sources.debug_dirs.clone_from(&args.debug_dir);
    sources.system_map = args.system_map.as_deref().filter(|_| !args.no_system_map).map(named);
    if !args.no_ksyms {
        sources.kallsyms = args.ksyms.as_deref().map(named).or_else(|| live("/proc/kallsyms"));
    }
    if !args.no_object {
        sources.modules = args.object.iter().map(|path| named(path)).collect();
    }
    sources.modules_text = match modules_text {
        None if args.dmesg && !args.no_lsmod => kernel.modules_text().ok(),
        text => text,
    };
    sources.release.clone_from(&args.release);
    sources.kaslr.option = option;
    sources.root.clone_from(&args.root);
    sources.discover.kernel = file_search(args, args.no_vmlinux);
    sources.discover.system_map = file_search(args, args.no_system_map);
    sources.discover.modules = file_search(args, args.no_object);
    let (types, persist): (Vec<_>, Vec<_>) =
        args.persist.iter().cloned().partition(|path| persistent::is_types(path));
    let mut places = persist.clone();
    let default = args.root.join(modrecord::paths::LOG_DIRECTORY.trim_start_matches('/'));
    if !args.no_journal && default.is_dir() {
        places.push(default);
    }
    let mut regions = persistent::load_saved(&persist, warnings);
    // Only a log that is certainly of this boot may be decoded with what holds in this boot.
    if args.dmesg {
        regions.extend(persistent::of_kernel(kernel, warnings));
    }
    let mut files = sources.modules.clone();
    files.extend(sources.debug_dirs.iter().cloned());
    let mut decoder = Decoder::default();
    decoder.sources = sources;
    decoder.journal = journal::load(&places, warnings);
    decoder.boot.clone_from(&args.boot);
    // The log of the running kernel is of this boot, if that has a journal.
    if let Some(running) = kernel.boot().ok().filter(|_| args.dmesg && args.boot.is_none()) {
        decoder.boot =
            decoder.journal.boots().iter().find(|boot| boot.id == running.id).map(|boot| boot.id.clone());
    }
    decoder.regions = regions;
    decoder.fields = persistent::Fields::new(files);
    let types = types.iter().filter_map(|path| fs::read(path).ok());
    let live = args.dmesg.then(|| kernel.vmlinux_btf().ok().flatten()).flatten();
    for types in types.chain(live) {
        decoder.fields = decoder.fields.with_kernel_types(types);
    }
    Ok(decoder)
}

/// Where files of one kind may be looked for, `no` being the option that wants none of them.
fn file_search(args: &Args, no: bool) -> FileSearch {
    match (no, args.no_discovery) {
        (true, _) => FileSearch::Nowhere,
        (false, true) => FileSearch::Named,
        (false, false) => FileSearch::Usual,
    }
}

fn offset(text: &str) -> Result<u64> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let offset = u64::from_str_radix(digits, 16)
        .with_context(|| format!("--kaslr-offset takes hexadecimal digits, not {text:?}"))?;
    ensure!(
        offset & 0xfff == 0,
        "--kaslr-offset {text}: a kernel is moved by whole pages, of 0x1000 bytes at least"
    );
    Ok(offset)
}

/// `*r`, `*m`, `*n` and `*s` stand for what `uname` says.
fn expanded(path: &Path, kernel: &dyn Kernel) -> PathBuf {
    let Some(text) = path.to_str().filter(|text| text.contains('*')) else { return path.to_owned() };
    let release = kernel.release().unwrap_or_default();
    let node = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let text = text.replace("*r", &release).replace("*m", std::env::consts::ARCH).replace("*n", node.trim());
    PathBuf::from(text.replace("*s", "Linux"))
}
