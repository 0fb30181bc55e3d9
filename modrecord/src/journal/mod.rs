// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writing the journal (`docs/journal-format.md`): where `/var/log/ksymoops` exists, every load and removal notes what an oops of this boot will
//! need, and the running kernel will not be there to tell.
//!
//! It is an aid and nothing more: where it cannot be written, loading and removing go on without a word.

mod entries;

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use libmodfmt::journal::{Entry, Journal, LoadedModule, Stage, file_name};
use libmodfmt::persist::Header;
use libmodsys::{Kernel, SysError};
use thiserror::Error;

use modkeep::Region;

/// Where the journal is. modutils had its logs there, and wrote them only where the folder exists.
pub const DIRECTORY: &str = "/var/log/ksymoops";

/// A journal of more than this is left alone, in bytes.
const MOST: u64 = 64 << 20;

/// Addresses are secrets.
const MODE: u32 = 0o600;

/// Why nothing was written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The kernel cannot be asked.
    #[error(transparent)]
    Sys(#[from] SysError),
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        source: io::Error,
    },
}

/// What the caller knows of a module that the kernel does not tell.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Its name.
    pub name: &'a str,
    /// The file that it is loaded from.
    pub file: Option<&'a Path>,
    /// Its persistent data.
    pub header: Option<&'a Header>,
    /// Its build id; empty where it has none.
    pub build_id: &'a [u8],
    /// What the kernel itself keeps for it already.
    pub region: Option<&'a Region>,
}

fn places(region: &Region) -> Vec<(String, u64)> {
    let known = region.addresses.iter().filter_map(|(role, address)| Some((role, address.known()?)));
    known.map(|(role, address)| (role.section_name().to_owned(), address)).collect()
}

/// Notes the boot and every module that is not noted yet, and that others are gone. `known` is the module that was just loaded, or with
/// `about_to_load` is loaded next.
///
/// One write, then the file is synced: what is loaded next may end this process, or the kernel.
///
/// # Errors
/// [`JournalError`]. No such folder is none.
pub fn record(
    kernel: &dyn Kernel,
    directory: &Path,
    known: Option<Known<'_>>,
    about_to_load: bool,
) -> Result<(), JournalError> {
    if !directory.is_dir() {
        return Ok(());
    }
    let boot = kernel.boot()?;
    let path = directory.join(file_name(&boot.id));
    let failed = |source| JournalError::File { path: path.display().to_string(), source };
    let mut file =
        OpenOptions::new().read(true).append(true).create(true).mode(MODE).open(&path).map_err(failed)?;
    let mut text = Vec::new();
    (&mut file).take(MOST).read_to_end(&mut text).map_err(failed)?;
    if u64::try_from(text.len()).is_ok_and(|length| length >= MOST) {
        return Ok(());
    }
    let journal = Journal::read(&text);
    let mut new = entries::new_entries(kernel, &journal, &boot, known)?;
    if let Some(known) = known.filter(|_| about_to_load) {
        new.push(Entry::Module(LoadedModule {
            boot: boot.id.clone(),
            name: known.name.to_owned(),
            stage: Stage::Loading,
            build_id: known.build_id.to_vec(),
            file: known.file.map(|file| file.to_string_lossy().into_owned()),
            persistent: known.header.cloned(),
            // Where the kernel keeps its data, they are where they were.
            sections: known.region.map(places).unwrap_or_default(),
            at: boot.uptime,
            ..LoadedModule::default()
        }));
    }
    let mut lines: Vec<u8> = new.iter().flat_map(Entry::to_line).collect();
    if lines.is_empty() {
        return Ok(());
    }
    // A line that a crash cut must not take the next one with it.
    if text.last().is_some_and(|&last| last != b'\n') {
        lines.insert(0, b'\n');
    }
    file.write_all(&lines).and_then(|()| file.sync_all()).map_err(failed)
}

/// [`record`], with nothing said whatever becomes of it.
pub fn note(kernel: &dyn Kernel, known: Option<Known<'_>>, about_to_load: bool) {
    let _ = record(kernel, Path::new(DIRECTORY), known, about_to_load);
}
