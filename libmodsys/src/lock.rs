// SPDX-License-Identifier: MIT OR Apache-2.0
//! One tool at a time per owner.
//!
//! insmod and rmmod look at the kernel, decide, and then act; two of them on one owner would decide on what
//! the other is about to change. So each holds `/run/modpersist/OWNER.lock` meanwhile. The lock is an
//! `flock`: it goes with the process that holds it, whatever its end.
//!
//! ```no_run
//! use std::time::Duration;
//! use libmodsys::lock::{self, Lock};
//!
//! let lock = lock::acquire("foo", Duration::from_secs(10))?;
//! if let Lock::Unlocked { reason } = &lock {
//!     eprintln!("going on without a lock: {reason}");
//! }
//! # Ok::<(), lock::LockError>(())
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use crate::error::{errno_text, io_errno};
use crate::files::effective_user;
use crate::paths::RUN_DIRECTORY;

/// How long to sleep between two attempts.
const PAUSE: Duration = Duration::from_millis(20);

/// Locks a module file as modutils' `insmod -L` did, so that of several loads one goes after the other. Waits
/// for as long as it takes; the lock is released when the result is dropped.
///
/// # Errors
/// The system's number.
pub fn module_file(file: &File) -> Result<HeldLock, Errno> {
    let copy = file.try_clone().map_err(|error| io_errno(&error))?;
    let locked = Flock::lock(copy, FlockArg::LockExclusive).map_err(|(_, errno)| errno)?;
    Ok(HeldLock { file: locked })
}

/// A lock, or the reason for going on without one.
#[derive(Debug)]
#[must_use = "the lock is released when this is dropped"]
pub enum Lock {
    /// Held until this is dropped.
    Held(HeldLock),
    /// There is no place for a lock (no `/run`, or read-only): go on, but tell the user at `-v`.
    Unlocked {
        /// Why, as a clause.
        reason: String,
    },
}

/// A lock that is held.
#[derive(Debug)]
pub struct HeldLock {
    file: Flock<File>,
}

impl HeldLock {
    /// The file again: the lock is held until this is closed, too, unless it is released before.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn file(&self) -> io::Result<File> {
        self.file.try_clone()
    }
}

/// Why a lock was not got though there is a place for it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process holds it for longer than we wait.
    #[error(
        "another insmod, rmmod or modpersist{} is busy with {owner}; waited {} s for {}",
        pid.map(|pid| format!(" (process {pid})")).unwrap_or_default(), waited.as_secs(), path.display()
    )]
    Busy {
        /// The owner that was to be locked.
        owner: String,
        /// The lock file.
        path: PathBuf,
        /// Who wrote its process number there last.
        pid: Option<u32>,
        /// How long we waited.
        waited: Duration,
    },
    /// The directory is not safe: another user could hold locks or plant links.
    #[error("{} must be a directory that belongs to this user alone (mode 0700)", path.display())]
    Unsafe {
        /// The directory.
        path: PathBuf,
    },
    /// An owner's name that is no file name.
    #[error("'{owner}' cannot be the name of a module")]
    Name {
        /// The name.
        owner: String,
    },
    /// The lock file cannot be used.
    #[error("could not lock {}: {}", path.display(), errno_text(*errno))]
    File {
        /// The lock file.
        path: PathBuf,
        /// Why.
        errno: Errno,
    },
}

/// Locks an owner in [`RUN_DIRECTORY`], waiting at most `limit`.
///
/// # Errors
/// [`LockError`]; that there is no place for locks is [`Lock::Unlocked`], not an error.
pub fn acquire(owner: &str, limit: Duration) -> Result<Lock, LockError> {
    acquire_in(Path::new(RUN_DIRECTORY), owner, limit)
}

/// As [`acquire`], in a directory of the caller's choice.
///
/// # Errors
/// As [`acquire`].
pub fn acquire_in(directory: &Path, owner: &str, limit: Duration) -> Result<Lock, LockError> {
    if owner.is_empty() || owner.contains(['/', '\0']) {
        return Err(LockError::Name { owner: owner.to_owned() });
    }
    if let Err(reason) = make(directory) {
        return Ok(Lock::Unlocked { reason });
    }
    if let Some(reason) = check(directory)? {
        return Ok(Lock::Unlocked { reason });
    }
    let path = directory.join(format!("{owner}.lock"));
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(|error| LockError::File { path: path.clone(), errno: io_errno(&error) })?;
    wait(file, owner, path, limit)
}

fn wait(mut file: File, owner: &str, path: PathBuf, limit: Duration) -> Result<Lock, LockError> {
    let start = Instant::now();
    loop {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(mut locked) => {
                // Only for the words of whoever waits in vain: failing to write it is no reason to stop.
                let _ = locked.set_len(0).and_then(|()| writeln!(*locked, "{}", std::process::id()));
                return Ok(Lock::Held(HeldLock { file: locked }));
            }
            Err((back, Errno::EWOULDBLOCK | Errno::EINTR)) => file = back,
            Err((_, errno)) => return Err(LockError::File { path, errno }),
        }
        let waited = start.elapsed();
        if waited >= limit {
            return Err(LockError::Busy { owner: owner.to_owned(), pid: holder(file), path, waited });
        }
        thread::sleep(PAUSE.min(limit - waited));
    }
}

fn holder(mut file: File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// Makes the directory if it is missing; its parent (`/run`) is not ours to make.
fn make(directory: &Path) -> Result<(), String> {
    match DirBuilder::new().mode(0o700).create(directory) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => {
            Err(format!("could not create {}: {}", directory.display(), errno_text(io_errno(&error))))
        }
    }
}

/// Whether the directory is safe; a reason if it is, but not for this user.
fn check(directory: &Path) -> Result<Option<String>, LockError> {
    match fs::symlink_metadata(directory) {
        Ok(found) if !found.is_dir() || found.mode() & 0o077 != 0 => {
            Err(LockError::Unsafe { path: directory.to_owned() })
        }
        Ok(found) if found.uid() == effective_user() => Ok(None),
        // The kernel will have its own words for someone who is not root.
        Ok(found) if found.uid() == 0 => Ok(Some(format!("only root may use {}", directory.display()))),
        Ok(_) => Err(LockError::Unsafe { path: directory.to_owned() }),
        Err(error) => Err(LockError::File { path: directory.to_owned(), errno: io_errno(&error) }),
    }
}
