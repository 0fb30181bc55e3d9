// SPDX-License-Identifier: MIT OR Apache-2.0
//! Parameters that `insmod --persist` keeps: saved when their module is removed, and by `--persist`.

use libmodsys::Kernel;
use modcli::{Output, Status, shown};
use modrecord::Paths;
use modrecord::parameters::{SaveLocation, save};

use crate::Target;

/// `rmmod --persist`: saves, removes nothing.
pub(crate) fn only_save(
    targets: &[Target],
    kernel: &dyn Kernel,
    places: &Paths,
    output: &mut Output,
) -> Status {
    let names = match targets {
        [] => SaveLocation::modules(places),
        named => named.iter().map(|target| target.name.clone()).collect(),
    };
    let mut status = Status::Success;
    for name in names {
        if !matches!(kernel.init_state(&name), Ok(Some(_))) {
            if targets.is_empty() {
                // It went without us.
                SaveLocation::forget(&name, places);
            } else {
                output.error(format_args!("Module {name} is not currently loaded"));
                status = Status::Failure;
            }
            continue;
        }
        status = status.and(before_removal(&name, kernel, places, output));
    }
    status
}

/// Saves the parameters of one module, if it was loaded so.
pub(crate) fn before_removal(name: &str, kernel: &dyn Kernel, places: &Paths, output: &mut Output) -> Status {
    let Some(location) = SaveLocation::of(name, kernel, places) else { return Status::Success };
    match save(kernel, name, &location) {
        Ok(()) => {
            // The values are those of what is loaded; modutils needed the file to find them, and saved nothing then.
            if location.module_file_changed() {
                output.warning(format_args!("Object for module {name} has changed since load"));
            }
            output.info(format_args!("parameters of {name} saved to {}", shown(&location.path)));
            Status::Success
        }
        Err(error) => {
            output.error(format_args!("could not save the parameters of {name}: {error}"));
            Status::Failure
        }
    }
}
