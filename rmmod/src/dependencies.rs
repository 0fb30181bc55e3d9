// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--stacks`: also removes the modules that the removed one used, if nothing else uses them.

use std::ffi::CString;

use libmodfmt::proc;
use libmodsys::{Kernel, RemoveFlags};
use modcli::{Output, Status};
use modkeep::Region;
use modrecord::Paths;
use modrecord::journal::Recorder;
use modrecord::parameters::SaveLocation;
use modrecord::removed_pointers::Departure;

use crate::{persistent_data, save_params};

/// The modules that a loaded module uses.
pub(crate) fn of(name: &str, kernel: &dyn Kernel) -> Vec<String> {
    let Ok(text) = kernel.modules_text() else { return Vec::new() };
    proc::modules(&text)
        .filter_map(Result::ok)
        .filter(|module| module.users().any(|user| user == name.as_bytes()))
        .map(|module| String::from_utf8_lossy(module.name).into_owned())
        .collect()
}

/// Removes those modules that nothing uses, then what they used, and so on. It is no error if one stays, but
/// it is one if the parameters of one cannot be saved.
pub(crate) fn remove_unused(
    names: Vec<String>,
    kernel: &dyn Kernel,
    paths: &Paths,
    journal: &Recorder<'_>,
    output: &mut Output,
) -> Status {
    let mut pending = names;
    let mut status = Status::Success;
    while let Some(name) = pending.pop() {
        // Only --discard drops what a keeper holds.
        let may_be_keeper = !matches!(Region::of_keeper(kernel, &name), Ok(None));
        if may_be_keeper || kernel.refcount(&name) != Ok(Some(0)) {
            continue;
        }
        let below = of(&name, kernel);
        let Ok(text) = CString::new(name.as_str()) else { continue };
        let saved = save_params::before_removal(&name, kernel, paths, output);
        let departure = Departure::begin(kernel, &name, paths);
        match kernel.delete_module(&text, RemoveFlags::default()) {
            Ok(()) => {
                SaveLocation::forget(&name, paths);
                journal.removed(&name);
                status = status.and(saved);
                if let Some(departure) = departure {
                    persistent_data::warn_of_pointers(&name, departure, kernel, paths, output);
                }
                output.info(format_args!("{name} was not used by anything else and is removed as well"));
                pending.extend(below);
            }
            Err(errno) => {
                output.info(format_args!("{name} could not be removed: {}", output.strerror(errno)));
            }
        }
    }
    status
}
