// SPDX-License-Identifier: MIT OR Apache-2.0
//! `--stacks`: the modules that a module used, where nothing uses them any more.

use std::ffi::CString;

use libmodfmt::proc;
use libmodsys::{Kernel, RemoveFlags};
use modcli::{Output, Status};
use modkeep::Region;
use modrecord::Paths;
use modrecord::parameters::SaveLocation;

use crate::saving;

/// Modules that this one uses now.
pub(crate) fn used_by(name: &str, kernel: &dyn Kernel) -> Vec<String> {
    let Ok(text) = kernel.modules_text() else { return Vec::new() };
    proc::modules(&text)
        .filter_map(Result::ok)
        .filter(|module| module.users().any(|user| user == name.as_bytes()))
        .map(|module| String::from_utf8_lossy(module.name).into_owned())
        .collect()
}

/// Removes those that nothing uses, and what they used, and so on. One that stays is no error; one whose parameters cannot be saved as `insmod
/// --persist` said is.
pub(crate) fn remove_unused(
    names: Vec<String>,
    kernel: &dyn Kernel,
    places: &Paths,
    output: &mut Output,
) -> Status {
    let mut waiting = names;
    let mut status = Status::Success;
    while let Some(name) = waiting.pop() {
        // What a keeper holds is given up by --discard alone.
        let keeper = !matches!(Region::of_keeper(kernel, &name), Ok(None));
        if keeper || kernel.refcount(&name) != Ok(Some(0)) {
            continue;
        }
        let below = used_by(&name, kernel);
        let Ok(text) = CString::new(name.as_str()) else { continue };
        let saved = saving::before_removal(&name, kernel, places, output);
        match kernel.delete_module(&text, RemoveFlags::default()) {
            Ok(()) => {
                SaveLocation::forget(&name, places);
                status = status.and(saved);
                output.info(format_args!("{name} removed, too"));
                waiting.extend(below);
            }
            Err(errno) => output.info(format_args!("{name} stays: {}", output.strerror(errno))),
        }
    }
    status
}
