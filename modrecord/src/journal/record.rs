// SPDX-License-Identifier: MIT OR Apache-2.0
//! Appending to the journal of this boot.

use std::io::{Read, Write};
use std::path::Path;

use libmodfmt::journal::{Entry, Journal, LoadedModule, Stage, file_name};
use libmodsys::{Kernel, files};
use modkeep::Region;

use super::entries;
use super::error::JournalError;
use super::module_details::ModuleDetails;
use crate::paths::LOG_DIRECTORY;

/// A journal that has grown beyond this is left alone, in bytes.
const MAX_JOURNAL_BYTES: u64 = 64 << 20;

/// Records this boot, every module that is not recorded yet, and which modules are gone. `details` is about
/// the module that was just loaded, or with `about_to_load` the one that is loaded next.
///
/// One write, then the file is synced: what is loaded next may kill this process or the kernel.
///
/// # Errors
/// [`JournalError`]. If the directory does not exist, nothing is written, and that is no error.
pub fn record(
    kernel: &dyn Kernel,
    directory: &Path,
    details: Option<ModuleDetails<'_>>,
    about_to_load: bool,
) -> Result<(), JournalError> {
    if !directory.is_dir() {
        return Ok(());
    }
    let boot = kernel.boot()?;
    let path = directory.join(file_name(&boot.id));
    let failed = |source| JournalError::File { path: path.display().to_string(), source };
    // Nobody but root may read it: it gives addresses away.
    let mut file = files::append_private(&path).map_err(failed)?;
    let mut text = Vec::new();
    (&mut file).take(MAX_JOURNAL_BYTES).read_to_end(&mut text).map_err(failed)?;
    if u64::try_from(text.len()).is_ok_and(|length| length >= MAX_JOURNAL_BYTES) {
        return Ok(());
    }
    let journal = Journal::read(&text);
    let mut new = entries::new_entries(kernel, &journal, &boot, details)?;
    if let Some(details) = details.filter(|_| about_to_load) {
        new.push(Entry::Module(LoadedModule {
            boot: boot.id.clone(),
            name: details.name.to_owned(),
            stage: Stage::Loading,
            build_id: details.build_id.to_vec(),
            file: details.file.map(|file| file.to_string_lossy().into_owned()),
            persistent: details.header.cloned(),
            // Data that an extended kernel keeps stays where it is.
            sections: details.region.map(section_addresses).unwrap_or_default(),
            at: boot.uptime,
            ..LoadedModule::default()
        }));
    }
    let mut lines: Vec<u8> = new.iter().flat_map(Entry::to_line).collect();
    if lines.is_empty() {
        return Ok(());
    }
    // A line that was cut short by a crash must not spoil the next one.
    if text.last().is_some_and(|&last| last != b'\n') {
        lines.insert(0, b'\n');
    }
    file.write_all(&lines).and_then(|()| file.sync_all()).map_err(failed)
}

/// [`record`] in [`LOG_DIRECTORY`]; errors are dropped.
pub fn record_quietly(kernel: &dyn Kernel, details: Option<ModuleDetails<'_>>, about_to_load: bool) {
    let _ = record(kernel, Path::new(LOG_DIRECTORY), details, about_to_load);
}

fn section_addresses(region: &Region) -> Vec<(String, u64)> {
    let known = region.addresses.iter().filter_map(|(role, address)| Some((role, address.known()?)));
    known.map(|(role, address)| (role.section_name().to_owned(), address)).collect()
}
