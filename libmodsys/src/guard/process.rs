// SPDX-License-Identifier: MIT OR Apache-2.0
//! The guard as the guarded process sees it.

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::lock::Lock;

/// The argument that makes a program the guard; the module's name follows.
pub(super) const GUARD_ARGUMENT: &str = "--take-back-when-killed";

/// What the guard reads if it is not needed any more.
pub(super) const DISMISSAL: &[u8] = b"done";

/// What the guard writes when it has seen that the module is not loaded yet.
pub(super) const READY: &[u8] = b"ready";

/// A process that removes a module unless it is dismissed.
#[derive(Debug)]
pub struct Guard {
    child: Child,
}

impl Guard {
    /// Starts the guard for a module that is not loaded yet. `program` must call [`serve`](super::serve).
    ///
    /// # Errors
    /// The process cannot be started, or refuses to guard this module.
    pub fn start(program: &Path, module: &str, lock: Option<&Lock>) -> io::Result<Self> {
        let lock = match lock {
            Some(Lock::Held(held)) => Stdio::from(held.file()?),
            _ => Stdio::null(),
        };
        let mut child = Command::new(program)
            .args([GUARD_ARGUMENT, module])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Held open, not written to: the lock is released with its last descriptor.
            .stderr(lock)
            .process_group(0)
            .spawn()?;
        let mut answer = Vec::new();
        if let Some(out) = child.stdout.take() {
            out.take(READY.len() as u64).read_to_end(&mut answer)?;
        }
        if answer != READY {
            child.wait()?;
            return Err(io::ErrorKind::Unsupported.into());
        }
        Ok(Self { child })
    }

    /// Ends the guard: everything went well, or was undone.
    pub fn dismiss(mut self) {
        if let Some(mut pipe) = self.child.stdin.take() {
            // If the guard was killed, it can do no harm any more.
            let _ = pipe.write_all(DISMISSAL);
        }
        let _ = self.child.wait();
    }
}
