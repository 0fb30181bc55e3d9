// SPDX-License-Identifier: MIT OR Apache-2.0
//! Saves the parameters of modules that were loaded with `insmod --persist`: when they are removed, and at
//! `rmmod --persist`.

use libmodsys::Kernel;
use modcli::{Level, Output, Status, os_text};
use modrecord::Paths;
use modrecord::parameters::{SaveLocation, save};

use crate::Target;

/// `rmmod --persist`: saves the parameters of these modules, or of all such modules if there are none, and
/// removes nothing.
pub(crate) fn save_only(
    targets: &[Target],
    kernel: &dyn Kernel,
    paths: &Paths,
    output: &mut Output,
) -> Status {
    let names = match targets {
        [] => SaveLocation::modules(paths),
        named => named.iter().map(|target| target.name.clone()).collect(),
    };
    let mut status = Status::Success;
    for name in names {
        if !matches!(kernel.init_state(&name), Ok(Some(_))) {
            if targets.is_empty() {
                // Another program has removed it.
                SaveLocation::forget(&name, paths);
            } else {
                output.error(format_args!("Module {name} is not currently loaded"));
                status = Status::Failure;
            }
            continue;
        }
        status = status.and(before_removal(&name, kernel, paths, output));
    }
    status
}

/// Saves the parameters of a module, if it was loaded with `insmod --persist`.
pub(crate) fn before_removal(name: &str, kernel: &dyn Kernel, paths: &Paths, output: &mut Output) -> Status {
    let Some(location) = SaveLocation::of(name, kernel, paths) else { return Status::Success };
    match save(kernel, name, &location) {
        Ok(not_saved) => {
            for parameter in &not_saved {
                output.always(Level::Warning, format_args!("{}: {parameter}", os_text(&location.path)));
            }
            // modutils found the values through the file, and then saved nothing. These come from the kernel.
            if location.module_file_changed() {
                output.warning(format_args!("Object for module {name} has changed since load"));
            }
            output.info(format_args!("parameters of {name} saved to {}", os_text(&location.path)));
            Status::Success
        }
        Err(error) => {
            output.error(format_args!("could not save the parameters of {name}: {error}"));
            Status::Failure
        }
    }
}
