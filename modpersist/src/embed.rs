// SPDX-License-Identifier: MIT OR Apache-2.0
//! `modpersist embed FILE`: types go from the debug information into a note, which `strip -g` leaves alone.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use libmodfmt::file::ModuleFile;
use libmodfmt::persist::{
    EMBEDDED_TYPES_SECTION, PersistentDebugInfo, PersistentSection, embed_types, embedded_types,
};
use libmodsys::files;
use modcli::{escape, os_text};

/// Limit for a module in bytes.
const MAX_MODULE_BYTES: u64 = 512 << 20;

pub(crate) fn run(path: &Path, out: &mut dyn Write) -> Result<ExitCode> {
    let name = || os_text(path);
    let content = files::read_regular(path, MAX_MODULE_BYTES).with_context(name)?;
    let file = ModuleFile::new(content, MAX_MODULE_BYTES);
    if file.compression().is_some() {
        bail!("{}: it is compressed, and was left as it is; embed before you compress it", name());
    }
    if file.signature().with_context(name)?.is_some() {
        bail!(
            "{}: it is signed, and was left as it is, since a change would invalidate the signature; embed \
             before you sign it",
            name()
        );
    }
    let module = file.module().with_context(name)?;
    let is_persistent = |name: &[u8]| PersistentSection::from_name(name).is_some();
    if !module.object.sections.iter().any(|section| is_persistent(&section.name)) {
        escape::write_line(out, format_args!("{}: has no persistent data; left as it is", name()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let PersistentDebugInfo { variables, types, types_left_out, .. } =
        PersistentDebugInfo::read(&module.object, None);
    if types.is_empty() {
        if let Some((variables, _)) = embedded_types(&module.object).with_context(name)? {
            let count = counted(variables.len());
            escape::write_line(
                out,
                format_args!("{}: the types of {count} are in it already; left as it is", name()),
            )?;
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(bytes) = types_left_out {
            bail!(
                "{}: the types of its persistent data have {} KiB, more than the 256 KiB that a header can \
                 have; it was left as it is",
                name(),
                bytes.div_ceil(1024)
            );
        }
        bail!(
            "{}: has no debug information about its persistent data, and was left as it is; build it with -g, \
             and embed before strip",
            name()
        );
    }
    let mut object = module.object.clone();
    embed_types(&mut object, &variables, &types);
    let image = object.write().with_context(name)?;
    files::rewrite(path, &image).with_context(|| format!("{}: cannot be replaced", name()))?;
    let bytes = types.to_bytes().len();
    let count = counted(variables.len());
    escape::write_line(
        out,
        format_args!(
            "{}: embedded the types of {count} ({bytes} bytes, section {EMBEDDED_TYPES_SECTION})",
            name()
        ),
    )?;
    Ok(ExitCode::SUCCESS)
}

/// `1 variable`, `2 variables`
fn counted(variables: usize) -> String {
    format!("{variables} variable{}", if variables == 1 { "" } else { "s" })
}
