// SPDX-License-Identifier: MIT OR Apache-2.0
//! Copies of `/proc/kallsyms` and `/proc/modules` as `YYYYMMDDhhmmss.ksyms` and `.modules`, in UTC.
//!
//! modutils made them at each load and removal, and ksymoops can read them. They cost many times what
//! loading a module costs, so they are made only where `--snapshot` asks for them, and once a boot at most:
//! a file `boot-ID.snapshot` says that this boot has one. The directory must exist and be private, as for
//! the journal.
//!
//! ```
//! use modrecord::{Paths, snapshot};
//! use modtest::FakeKernel;
//!
//! let paths = Paths { logs: "/no/such/directory".into(), ..Paths::default() };
//! let error = snapshot::take(&FakeKernel::new(), &paths).unwrap_err();
//! assert_eq!(error.to_string(), "/no/such/directory does not exist");
//! ```

use std::io::Write;
use std::path::PathBuf;

use libmodfmt::journal::file_name;
use libmodsys::{Errno, Kernel, PrivateDirectory, PrivateFileError, SysError, io_errno};
use thiserror::Error;

use crate::paths::Paths;
use crate::time::Utc;

/// Why a snapshot was not made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The kernel could not be asked.
    #[error(transparent)]
    Sys(#[from] SysError),
    /// There is no directory for it.
    #[error("{} does not exist", path.display())]
    NoDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// A file could not be written, or is not safe to write to.
    #[error(transparent)]
    File(#[from] PrivateFileError),
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Snapshot {
    /// It was taken.
    Taken,
    /// This boot has one already.
    AlreadyTaken,
}

/// Takes a snapshot, unless this boot has one.
///
/// # Errors
/// [`SnapshotError`]
pub fn take(kernel: &dyn Kernel, paths: &Paths) -> Result<Snapshot, SnapshotError> {
    let missing = || SnapshotError::NoDirectory { path: paths.logs.clone() };
    let directory = PrivateDirectory::open(&paths.logs)?.ok_or_else(missing)?;
    let mark = mark_name(&kernel.boot_id()?);
    if directory.create(&mark)?.is_none() {
        return Ok(Snapshot::AlreadyTaken);
    }
    let written = write(kernel, &directory);
    if written.is_err() {
        // Let the next command try again.
        let _ = directory.remove(&mark);
    }
    written.map(|()| Snapshot::Taken)
}

fn write(kernel: &dyn Kernel, directory: &PrivateDirectory) -> Result<(), SnapshotError> {
    let time = Utc::now().digits();
    for (ending, text) in [("ksyms", kernel.kallsyms()?), ("modules", kernel.modules_text()?)] {
        let name = format!("{time}.{ending}");
        let failed = |errno| PrivateFileError::System { path: directory.path().join(&name), errno };
        let mut file = directory.create(&name)?.ok_or_else(|| failed(Errno::EEXIST))?;
        file.write_all(&text).map_err(|error| failed(io_errno(&error)))?;
    }
    Ok(())
}

/// The name of the file that says that a boot has a snapshot: it stands beside the boot's journal.
fn mark_name(boot: &str) -> String {
    let journal = file_name(boot);
    format!("{}.snapshot", journal.rsplit_once('.').map_or(journal.as_str(), |(stem, _)| stem))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use libmodsys::{BootIdentity, Flaw};
    use modtest::FakeKernel;

    use super::*;

    #[test]
    fn on_request_once_a_boot_into_a_private_directory() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().canonicalize().unwrap().join("ksymoops");
        let paths = Paths { logs: logs.clone(), ..Paths::default() };
        let kernel = FakeKernel::new();
        let boot = |id: &str| {
            let boot = BootIdentity { id: id.into(), ..BootIdentity::default() };
            kernel.set(|settings| settings.boot = Some(boot));
        };
        boot("b-1");
        assert!(matches!(take(&kernel, &paths), Err(SnapshotError::NoDirectory { .. })));
        assert!(!logs.exists());
        fs::create_dir(&logs).unwrap();
        fs::set_permissions(&logs, PermissionsExt::from_mode(0o770)).unwrap();
        let refused = take(&kernel, &paths).unwrap_err();
        let flaw = Flaw::Mode { mode: 0o770, directory: true };
        assert_eq!(refused, PrivateFileError::Unsafe { path: logs.clone(), flaw }.into());
        fs::set_permissions(&logs, PermissionsExt::from_mode(0o700)).unwrap();
        assert_eq!(take(&kernel, &paths), Ok(Snapshot::Taken));
        for entry in fs::read_dir(&logs).unwrap() {
            assert_eq!(entry.unwrap().metadata().unwrap().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(&logs).unwrap().count(), 3);
        assert_eq!(take(&kernel, &paths), Ok(Snapshot::AlreadyTaken));
        assert_eq!(fs::read_dir(&logs).unwrap().count(), 3);
        assert!(logs.join("boot-b-1.snapshot").exists());
        // A failed one does not count: here the second that was taken in the same second.
        boot("b-2");
        if take(&kernel, &paths).is_err() {
            assert!(!logs.join("boot-b-2.snapshot").exists());
        }
    }
}
