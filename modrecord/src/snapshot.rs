// SPDX-License-Identifier: MIT OR Apache-2.0
//! Copies of `/proc/kallsyms` and `/proc/modules` as `YYYYMMDDhhmmss.ksyms` and `.modules`, in UTC.
//!
//! They are made only if the directory exists: whoever wants them creates it. A snapshot that fails must not
//! keep a module from being loaded or removed, so the commands only print the error.
//!
//! ```
//! use modrecord::{Paths, snapshot};
//! use modtest::FakeKernel;
//!
//! let paths = Paths { logs: "/no/such/directory".into(), ..Paths::default() };
//! snapshot::take(&FakeKernel::new(), &paths)?;
//! # Ok::<(), snapshot::SnapshotError>(())
//! ```

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use libmodsys::{Errno, Kernel, SysError, errno_text, files, io_errno};
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
    /// A file could not be written.
    #[error("could not write {}: {}", path.display(), errno_text(*errno))]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        errno: Errno,
    },
}

/// The list of modules, for [`take_if_changed`]; `None` if no snapshots are wanted.
#[must_use]
pub fn before(kernel: &dyn Kernel, paths: &Paths) -> Option<Vec<u8>> {
    if !paths.logs.is_dir() {
        return None;
    }
    kernel.modules_text().ok()
}

/// Takes a snapshot, if the directory exists.
///
/// # Errors
/// [`SnapshotError`]
pub fn take(kernel: &dyn Kernel, paths: &Paths) -> Result<(), SnapshotError> {
    if !paths.logs.is_dir() {
        return Ok(());
    }
    let time = Utc::now().digits();
    for (ending, text) in [("ksyms", kernel.kallsyms()?), ("modules", kernel.modules_text()?)] {
        let path = paths.logs.join(format!("{time}.{ending}"));
        write(&path, &text).map_err(|error| SnapshotError::Write { errno: io_errno(&error), path })?;
    }
    Ok(())
}

/// Takes a snapshot if the list of modules has changed since [`before`].
///
/// # Errors
/// [`SnapshotError`]
pub fn take_if_changed(
    kernel: &dyn Kernel,
    paths: &Paths,
    before: Option<&[u8]>,
) -> Result<(), SnapshotError> {
    match before {
        Some(before) if kernel.modules_text()? != before => take(kernel, paths),
        _ => Ok(()),
    }
}

/// The addresses in it are for root's eyes only.
fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = files::create_private(path)?;
    file.write_all(text)?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use modtest::{FakeKernel, FakeModule};

    use super::*;

    #[test]
    fn only_into_a_directory_that_exists() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("ksymoops");
        let paths = Paths { logs: logs.clone(), ..Paths::default() };
        let kernel = FakeKernel::new();
        assert_eq!(before(&kernel, &paths), None);
        take(&kernel, &paths).unwrap();
        assert!(!logs.exists());
        fs::create_dir(&logs).unwrap();
        let list = before(&kernel, &paths);
        take_if_changed(&kernel, &paths, list.as_deref()).unwrap();
        assert_eq!(fs::read_dir(&logs).unwrap().count(), 0);
        kernel.add(FakeModule::new("foo"));
        take_if_changed(&kernel, &paths, list.as_deref()).unwrap();
        assert_eq!(fs::read_dir(&logs).unwrap().count(), 2);
    }
}
