// SPDX-License-Identifier: MIT OR Apache-2.0
//! Takes a module back should this process be killed.
//!
//! A signal that arrives while the kernel runs the init function of a module kills insmod as soon as that
//! returns, before it can take back the keeper that it has made. Catching the signal would not do: an init
//! function that was interrupted (`-ERESTARTSYS`) would be started again. So a second process waits for the
//! end of the first one, out of reach of the terminal's signals, and with the owner's lock: it is released
//! only when both are done. It is this program again; its `main` calls [`serve`] first.

use std::ffi::{CString, OsStr, OsString};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

use crate::lock::Lock;
use crate::{Kernel, Linux, RemoveFlags};

/// The argument that makes a program the guard; its module follows.
const ARGUMENT: &str = "--take-back-when-killed";

/// What the guard reads when it is not needed any more.
const DISMISSED: &[u8] = b"done";

/// A process that removes a module unless it is dismissed.
#[derive(Debug)]
pub struct Guard {
    child: Child,
}

impl Guard {
    /// Starts the guard for a module; `program` calls [`serve`].
    ///
    /// # Errors
    /// The process cannot be started.
    pub fn start(program: &Path, module: &str, lock: Option<&Lock>) -> io::Result<Self> {
        let lock = match lock {
            Some(Lock::Held(held)) => Stdio::from(held.file()?),
            _ => Stdio::inherit(),
        };
        let child = Command::new(program)
            .args([ARGUMENT, module])
            .stdin(Stdio::piped())
            // Held open, not written to: the lock goes with its last descriptor.
            .stdout(lock)
            .process_group(0)
            .spawn()?;
        Ok(Self { child })
    }

    /// Everything went as it should, or was taken back: the guard ends.
    pub fn dismiss(mut self) {
        if let Some(mut pipe) = self.child.stdin.take() {
            // A guard that was killed does no harm any more.
            let _ = pipe.write_all(DISMISSED);
        }
        let _ = self.child.wait();
    }
}

/// Does a guard's work, if the arguments (without the program's name) say that this is one.
#[must_use]
pub fn serve(mut args: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    if args.next()? != ARGUMENT {
        return None;
    }
    let module = args.next()?;
    let mut said = Vec::new();
    let _ = io::stdin().read_to_end(&mut said);
    Some(if said == DISMISSED || take_back(&module) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The kernel refuses this where the owner is loaded, or stuck in its init.
fn take_back(module: &OsStr) -> bool {
    let name = CString::new(module.as_bytes()).ok();
    name.is_some_and(|name| Linux::new().delete_module(&name, RemoveFlags::default()).is_ok())
}
