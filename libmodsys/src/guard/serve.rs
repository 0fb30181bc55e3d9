// SPDX-License-Identifier: MIT OR Apache-2.0
//! The guard's own work.

use std::ffi::{CString, OsStr, OsString};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;

use super::process::{DISMISSAL, GUARD_ARGUMENT};
use crate::{Kernel, Linux, RemoveFlags};

/// Does a guard's work if the arguments, without the program's name, say that this process is one.
#[must_use]
pub fn serve(mut args: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    if args.next()? != GUARD_ARGUMENT {
        return None;
    }
    let module = args.next()?;
    let mut input = Vec::new();
    let _ = io::stdin().read_to_end(&mut input);
    Some(if input == DISMISSAL || remove(&module) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The kernel refuses this if the owner is loaded or stuck in its init.
fn remove(module: &OsStr) -> bool {
    let name = CString::new(module.as_bytes()).ok();
    name.is_some_and(|name| Linux::new().delete_module(&name, RemoveFlags::default()).is_ok())
}
