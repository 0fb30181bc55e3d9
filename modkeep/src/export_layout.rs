// SPDX-License-Identifier: MIT OR Apache-2.0
//! How the running kernel lays out export tables. A wrong answer would corrupt memory, so it is
//! read off the kernel where possible and looked up only where not.
//!
//! The rungs, best first: the kernel's BTF; an export table in a module file of the running
//! release; the kernel headers of the running release; a table by release and machine.

use libmodfmt::btf::Btf;
use libmodfmt::compress;
use libmodfmt::elf::Ident;
use libmodfmt::export::{ExportLayout, Release, Sample};
use libmodfmt::module::Module;
use libmodfmt::signature;
use libmodsys::Kernel;

use crate::{KeepError, Obstacle};

/// No module of a distribution comes near, decompressed; in bytes.
const SAMPLE_LIMIT: u64 = 256 << 20;

/// Where the answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
    /// `/sys/kernel/btf/vmlinux`
    Btf,
    /// A module file of the running release.
    Sample,
    /// The kernel headers of the running release.
    Headers,
    /// A table of releases.
    Release,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    /// The layout.
    pub layout: ExportLayout,
    /// How it was learnt.
    pub rung: Rung,
    /// The size of `struct module` in the kernel, in bytes, where it is known.
    pub module_size: Option<u64>,
}

/// Climbs down the ladder.
///
/// # Errors
/// The kernel cannot be asked. That no rung holds is the obstacle in the answer.
pub fn detect(kernel: &dyn Kernel, ident: Ident) -> Result<Result<Detected, Obstacle>, KeepError> {
    if let Some(found) = kernel.vmlinux_btf()?.and_then(|bytes| from_btf(&bytes, ident)) {
        return Ok(Ok(found));
    }
    if let Some(found) = kernel.exporting_module()?.and_then(|file| from_sample(&file.content, ident)) {
        return Ok(Ok(found));
    }
    if let Some(found) = from_headers(kernel, ident)? {
        return Ok(Ok(found));
    }
    let release = kernel.release()?;
    Ok(match Release::parse(&release).map(|release| ExportLayout::for_release(ident.machine, release)) {
        Some(layout) => Ok(Detected { layout, rung: Rung::Release, module_size: None }),
        None => {
            let tried = format!("no BTF, no module file to look at, release {release} has no number");
            Err(Obstacle::Layout { tried })
        }
    })
}

fn from_headers(kernel: &dyn Kernel, ident: Ident) -> Result<Option<Detected>, KeepError> {
    let Some(release) = Release::parse(&kernel.release()?) else { return Ok(None) };
    let text = |path| -> Result<String, KeepError> {
        let bytes = kernel.header(path)?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let autoconf = text("include/generated/autoconf.h")?;
    // Without the configuration nothing tells which of two declarations holds.
    if autoconf.is_empty() {
        return Ok(None);
    }
    let module_h = text("include/linux/module.h")?;
    for path in ["kernel/module/internal.h", "include/linux/export.h"] {
        let declaration = text(path)?;
        let layout = ExportLayout::from_headers(&declaration, &autoconf, &module_h, ident.machine, release);
        if let Some(layout) = layout {
            return Ok(Some(Detected { layout, rung: Rung::Headers, module_size: None }));
        }
    }
    Ok(None)
}

fn from_btf(bytes: &[u8], ident: Ident) -> Option<Detected> {
    let btf = Btf::parse(bytes).ok()?;
    let layout = ExportLayout::from_btf(&btf, ident.machine).ok()?;
    let module_size = btf.find_struct("module").and_then(|found| btf.size_of(found).ok());
    Some(Detected { layout, rung: Rung::Btf, module_size })
}

fn from_sample(content: &[u8], ident: Ident) -> Option<Detected> {
    let plain;
    let content = if compress::detect(content).is_some() {
        plain = compress::decompress(content, SAMPLE_LIMIT).ok()?;
        &plain
    } else {
        content
    };
    let (bytes, _) = signature::split(content).ok()?;
    let module = Module::parse(bytes).ok()?;
    if module.object.ident != ident {
        return None;
    }
    let layout = ExportLayout::from_sample(&Sample::of(&module.object).ok()?).ok()?;
    let module_size = module.object.section(libmodfmt::module::THIS_MODULE).map(|(_, section)| section.size);
    Some(Detected { layout, rung: Rung::Sample, module_size })
}
