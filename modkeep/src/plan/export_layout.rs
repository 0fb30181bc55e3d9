// SPDX-License-Identifier: MIT OR Apache-2.0
//! How the running kernel lays out export tables. A wrong answer would corrupt memory, so the kernel itself
//! is asked first and a table comes last.
//!
//! The sources, best first: the kernel's BTF; an export table in a module file of the running release; the
//! kernel headers of the running release; a table by release and machine.

use libmodfmt::btf::{Btf, search_prefix};
use libmodfmt::elf::Ident;
use libmodfmt::export::{ExportLayout, Release, Sample};
use libmodfmt::file::ModuleFile;
use libmodsys::Kernel;

use super::obstacle::Obstacle;
use crate::error::KeepError;

/// Limit for a decompressed sample module, in bytes. No distribution module comes near it.
const MAX_SAMPLE_BYTES: u64 = 256 << 20;

/// The layout of export tables, with what came along with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DetectedLayout {
    /// The layout.
    pub(crate) layout: ExportLayout,
    /// The size of the kernel's `struct module` in bytes, if it is known.
    pub(crate) module_size: Option<u64>,
}

/// Asks one source after the other.
///
/// # Errors
/// The kernel cannot be asked. That no source knows is the obstacle in the answer.
pub(crate) fn detect(
    kernel: &dyn Kernel,
    ident: Ident,
) -> Result<Result<DetectedLayout, Obstacle>, KeepError> {
    let read = |offset, length, into: &mut Vec<u8>| kernel.read_vmlinux_btf(offset, length, into);
    if let Some(found) = search_prefix(read, |btf| from_btf(btf, ident))? {
        return Ok(Ok(found));
    }
    if let Some(found) = kernel.exporting_module()?.and_then(|file| from_sample(file.content, ident)) {
        return Ok(Ok(found));
    }
    let release = kernel.release()?;
    let text = |path: &str| -> Result<String, KeepError> {
        let bytes = kernel.header(path)?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    if let Some(found) = from_headers(&release, ident, &text)? {
        return Ok(Ok(found));
    }
    Ok(match Release::parse(&release).map(|release| ExportLayout::for_release(ident.machine, release)) {
        Some(layout) => Ok(DetectedLayout { layout, module_size: None }),
        None => {
            let tried = format!("no BTF, no module file to look at, release {release} has no number");
            Err(Obstacle::Layout { tried })
        }
    })
}

/// By the headers of this release; `text` reads one, and is empty for what is not there.
pub(crate) fn from_headers<E>(
    release: &str,
    ident: Ident,
    text: &dyn Fn(&str) -> Result<String, E>,
) -> Result<Option<DetectedLayout>, E> {
    let Some(release) = Release::parse(release) else { return Ok(None) };
    let autoconf = text("include/generated/autoconf.h")?;
    // Without the configuration, nothing tells which of two declarations applies.
    if autoconf.is_empty() {
        return Ok(None);
    }
    let module_h = text("include/linux/module.h")?;
    for path in ["kernel/module/internal.h", "include/linux/export.h"] {
        let declaration = text(path)?;
        let layout = ExportLayout::from_headers(&declaration, &autoconf, &module_h, ident.machine, release);
        if let Some(layout) = layout {
            return Ok(Some(DetectedLayout { layout, module_size: None }));
        }
    }
    Ok(None)
}

fn from_btf(btf: &Btf<'_>, ident: Ident) -> Option<DetectedLayout> {
    let layout = ExportLayout::from_btf(btf, ident.machine).ok()?;
    let module_size = btf.find_struct("module").and_then(|found| btf.size_of(found).ok());
    Some(DetectedLayout { layout, module_size })
}

/// By the export tables of a module file.
pub(crate) fn from_sample(content: Vec<u8>, ident: Ident) -> Option<DetectedLayout> {
    let file = ModuleFile::new(content, MAX_SAMPLE_BYTES);
    let module = file.module().ok()?;
    if module.object.ident != ident {
        return None;
    }
    let layout = ExportLayout::from_sample(&Sample::of(&module.object).ok()?).ok()?;
    let module_size = module.object.section(libmodfmt::module::THIS_MODULE).map(|(_, section)| section.size);
    Some(DetectedLayout { layout, module_size })
}
