// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--watch`: reloads each time the file is another one, until Ctrl-C.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use libmodsys::{FileWatch, HeldSignals, Kernel};
use modcli::{Output, os_text};
use modkeep::loaded_build_id;

use super::preparation::is_loaded;
use super::version::read;

/// The file must not have changed for so long.
const QUIET: Duration = Duration::from_millis(200);

/// Calls `reload` now, if another build is loaded or none, and after each change of the file. An error in it
/// does not end this, but one in printing does.
pub(super) fn run(
    file: &Path,
    kernel: &dyn Kernel,
    out: &mut dyn Write,
    output: &mut Output,
    reload: &mut dyn FnMut(&mut dyn Write, &mut Output) -> Result<()>,
) -> Result<()> {
    let mut watch = FileWatch::new(file).with_context(|| os_text(file))?;
    loop {
        if is_another(file, kernel) {
            // Ctrl-C is for the time between two reloads.
            let _held = HeldSignals::new();
            reload(out, output)?;
            out.flush()?;
        }
        watch.wait(QUIET).with_context(|| os_text(file))?;
    }
}

/// Whether the file is a whole module, and another build than the one that is loaded.
fn is_another(file: &Path, kernel: &dyn Kernel) -> bool {
    let Ok(file) = read(file) else { return false };
    let Ok(module) = file.module() else { return false };
    !is_loaded(kernel, &module.name)
        || module.build_id.is_none()
        || loaded_build_id(kernel, &module.name) != module.build_id
}
