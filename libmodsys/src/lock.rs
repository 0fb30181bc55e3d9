// SPDX-License-Identifier: MIT OR Apache-2.0
//! One tool at a time per owner.
//!
//! insmod and rmmod look at the kernel, decide, and then act. Two of them working on one owner would decide
//! by what the other is about to change, so each holds `/run/modpersist/OWNER.lock` meanwhile. The lock is an
//! `flock`: the kernel releases it when its holder ends, however that happens.
//!
//! ```no_run
//! use std::time::Duration;
//! use libmodsys::lock::{self, Lock};
//!
//! let lock = lock::acquire("foo", Duration::from_secs(10))?;
//! if let Lock::Unlocked { reason } = &lock {
//!     eprintln!("continuing without a lock: {reason}");
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
use nix::fcntl::{Flock, FlockArg, OFlag};

use crate::error::{errno_text, io_errno};
use crate::files::effective_user;
use crate::paths::RUN_DIRECTORY;

/// Time between two attempts.
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// Locks a module file as `insmod -L` of modutils did, so that several loads of it run one after the other.
/// Waits as long as it takes; the lock is released when the result is dropped.
///
/// # Errors
/// The system's error number.
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
    /// There is no place for a lock (no `/run`, or it is read-only or full): continue, but tell the user at
    /// `-v`.
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
    /// The file again: the lock is held until this is closed as well, unless it is released before.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn file(&self) -> io::Result<File> {
        self.file.try_clone()
    }
}

/// Why the lock could not be taken although there is a place for it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process held it for longer than we waited.
    #[error(
        "another insmod, rmmod or modpersist{} is busy with {owner}; waited {} s for {}",
        pid.map(|pid| format!(" (process {pid})")).unwrap_or_default(), waited.as_secs(), path.display()
    )]
    Busy {
        /// The owner that was to be locked.
        owner: String,
        /// The lock file.
        path: PathBuf,
        /// The process ID that was written to it last.
        pid: Option<u32>,
        /// How long that was.
        waited: Duration,
    },
    /// The directory is not safe: another user could hold locks or plant links there.
    #[error("{} must be a directory that belongs to this user alone (mode 0700)", path.display())]
    Unsafe {
        /// The directory.
        path: PathBuf,
    },
    /// The owner's name cannot be a file name.
    #[error("'{owner}' cannot be the name of a module")]
    Name {
        /// The name.
        owner: String,
    },
    /// The lock file cannot be opened or locked.
    #[error("could not lock {}: {}", path.display(), errno_text(*errno))]
    File {
        /// The lock file.
        path: PathBuf,
        /// Why.
        errno: Errno,
    },
}

/// Locks an owner in [`RUN_DIRECTORY`]. Waits at most `limit`.
///
/// # Errors
/// [`LockError`]. If there is no place for locks, that is not an error but [`Lock::Unlocked`].
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
    if let Err(reason) = create(directory) {
        return Ok(Lock::Unlocked { reason });
    }
    if let Some(reason) = check(directory)? {
        return Ok(Lock::Unlocked { reason });
    }
    let path = directory.join(format!("{owner}.lock"));
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        // The directory is for this user alone; should it not always have been, this still follows no link.
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
        .open(&path)
        .map_err(|error| io_errno(&error));
    match opened {
        Ok(file) => wait(file, owner, path, limit),
        // The directory was made before the file system became read-only or full.
        Err(errno @ (Errno::EROFS | Errno::ENOSPC)) => {
            Ok(Lock::Unlocked { reason: format!("could not open {}: {}", path.display(), errno_text(errno)) })
        }
        Err(errno) => Err(LockError::File { path, errno }),
    }
}

fn wait(mut file: File, owner: &str, path: PathBuf, limit: Duration) -> Result<Lock, LockError> {
    let start = Instant::now();
    loop {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(mut locked) => {
                // Only for the message of a process that waits in vain: failing to write it is no reason to
                // stop.
                let _ = locked.set_len(0).and_then(|()| writeln!(*locked, "{}", std::process::id()));
                return Ok(Lock::Held(HeldLock { file: locked }));
            }
            Err((back, Errno::EWOULDBLOCK | Errno::EINTR)) => file = back,
            Err((_, errno)) => return Err(LockError::File { path, errno }),
        }
        let waited = start.elapsed();
        if waited >= limit {
            return Err(LockError::Busy { owner: owner.to_owned(), pid: last_holder(file), path, waited });
        }
        thread::sleep(RETRY_INTERVAL.min(limit - waited));
    }
}

fn last_holder(mut file: File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// Creates the directory if it is missing. Its parent (`/run`) is not ours to create.
fn create(directory: &Path) -> Result<(), String> {
    match DirBuilder::new().mode(0o700).create(directory) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => {
            Err(format!("could not create {}: {}", directory.display(), errno_text(io_errno(&error))))
        }
    }
}

/// Checks that the directory is safe. Returns a reason if it is, but not for this user to use.
fn check(directory: &Path) -> Result<Option<String>, LockError> {
    match fs::symlink_metadata(directory) {
        Ok(found) if !found.is_dir() || found.mode() & 0o077 != 0 => {
            Err(LockError::Unsafe { path: directory.to_owned() })
        }
        Ok(found) if found.uid() == effective_user() => Ok(None),
        // The kernel has its own message for a user who is not root.
        Ok(found) if found.uid() == 0 => Ok(Some(format!("only root may use {}", directory.display()))),
        Ok(_) => Err(LockError::Unsafe { path: directory.to_owned() }),
        Err(error) => Err(LockError::File { path: directory.to_owned(), errno: io_errno(&error) }),
    }
}
