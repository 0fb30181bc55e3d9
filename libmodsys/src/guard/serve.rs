// SPDX-License-Identifier: MIT OR Apache-2.0
//! The guard's own work.

use std::ffi::{CString, OsString};
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::process::parent_id;
use std::process::ExitCode;

use super::process::{DISMISSAL, GUARD_ARGUMENT, READY};
use crate::{Kernel, Linux, RemoveFlags};

/// Does a guard's work if the arguments, without the program's name, say that this process is one.
/// `is_unused_keeper` tells whether a module is a keeper, by its note and its name, that nothing uses.
#[must_use]
pub fn serve(
    mut args: impl Iterator<Item = OsString>,
    is_unused_keeper: impl Fn(&dyn Kernel, &str) -> bool,
) -> Option<ExitCode> {
    if args.next()? != GUARD_ARGUMENT {
        return None;
    }
    let name = args.next()?.into_string().ok();
    let done = name.is_some_and(|name| {
        let module = Module { kernel: Linux::new(), name, is_unused_keeper };
        is_started_by_this_program() && guard(&module, io::stdin(), io::stdout())
    });
    Some(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether this process is a child of another that runs the same program, and reads from a pipe.
fn is_started_by_this_program() -> bool {
    let parent = fs::metadata(format!("/proc/{}/exe", parent_id()));
    let input = io::stdin().as_fd().try_clone_to_owned().and_then(|input| File::from(input).metadata());
    match (fs::metadata("/proc/self/exe"), parent, input) {
        (Ok(own), Ok(parent), Ok(input)) => is_same(&own, &parent) && input.file_type().is_fifo(),
        _ => false,
    }
}

fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// The module that is guarded.
trait Guarded {
    /// The kernel says that it is not loaded.
    fn is_absent(&self) -> bool;
    /// It is a keeper that nothing uses.
    fn is_unused_keeper(&self) -> bool;
    /// Removes it. The kernel refuses this if the owner is loaded or stuck in its init.
    fn remove(&self) -> bool;
}

struct Module<F> {
    kernel: Linux,
    name: String,
    is_unused_keeper: F,
}

impl<F: Fn(&dyn Kernel, &str) -> bool> Guarded for Module<F> {
    fn is_absent(&self) -> bool {
        !self.name.contains('/') && matches!(self.kernel.init_state(&self.name), Ok(None))
    }

    fn is_unused_keeper(&self) -> bool {
        (self.is_unused_keeper)(&self.kernel, &self.name)
    }

    fn remove(&self) -> bool {
        let name = CString::new(self.name.as_str()).ok();
        name.is_some_and(|name| self.kernel.delete_module(&name, RemoveFlags::default()).is_ok())
    }
}

/// Waits for the end of `input`, and removes the module unless that said that it need not. Returns whether
/// everything is as it should be.
fn guard(module: &impl Guarded, mut input: impl Read, mut output: impl Write) -> bool {
    if !module.is_absent() {
        return false;
    }
    // If nobody reads it, the other process is gone.
    let _ = output.write_all(READY).and_then(|()| output.flush());
    let mut said = Vec::new();
    let _ = input.read_to_end(&mut said);
    said == DISMISSAL || (module.is_unused_keeper() && module.remove())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A module that is loaded when the input has ended.
    struct Fake {
        is_loaded: Cell<bool>,
        is_unused_keeper: bool,
    }

    impl Guarded for Fake {
        fn is_absent(&self) -> bool {
            !self.is_loaded.replace(true)
        }

        fn is_unused_keeper(&self) -> bool {
            self.is_unused_keeper
        }

        fn remove(&self) -> bool {
            self.is_loaded.replace(false)
        }
    }

    /// What the guard says and returns, and whether the module is still loaded.
    fn guarded(was_loaded: bool, is_unused_keeper: bool, input: &[u8]) -> (Vec<u8>, bool, bool) {
        let module = Fake { is_loaded: Cell::new(was_loaded), is_unused_keeper };
        let mut output = Vec::new();
        let done = guard(&module, input, &mut output);
        (output, done, module.is_loaded.get())
    }

    #[test]
    fn only_a_keeper_that_was_made_meanwhile_is_removed() {
        assert_eq!(guarded(false, true, b""), (READY.to_vec(), true, false));
        assert_eq!(guarded(false, true, b"do"), (READY.to_vec(), true, false));
        assert_eq!(guarded(false, false, b""), (READY.to_vec(), false, true), "no keeper, or in use");
        assert_eq!(guarded(true, true, b""), (Vec::new(), false, true), "it was there before");
    }

    #[test]
    fn a_dismissed_guard_removes_nothing() {
        assert_eq!(guarded(false, true, DISMISSAL), (READY.to_vec(), true, true));
    }
}
