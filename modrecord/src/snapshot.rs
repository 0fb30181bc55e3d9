// SPDX-License-Identifier: MIT OR Apache-2.0
//! Copies of `/proc/kallsyms` and `/proc/modules` as `YYYYMMDDhhmmss.ksyms` and `.modules`, in UTC.
//!
//! Only where the directory exists: whoever wants them makes it. Nothing here may keep a module from being loaded, so that errors are only told.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use libmodsys::Kernel;

use crate::{Places, StateError, time};

/// The list of modules before a command changes it; `None` where no snapshots are wanted.
#[must_use]
pub fn before(kernel: &dyn Kernel, places: &Places) -> Option<Vec<u8>> {
    if !places.snapshots.is_dir() {
        return None;
    }
    kernel.modules_text().ok()
}

/// Takes a snapshot, if the directory is there.
///
/// # Errors
/// [`StateError`]
pub fn take(kernel: &dyn Kernel, places: &Places) -> Result<(), StateError> {
    if !places.snapshots.is_dir() {
        return Ok(());
    }
    let stamp = time::Utc::now().digits();
    for (ending, text) in [("ksyms", kernel.kallsyms()?), ("modules", kernel.modules_text()?)] {
        let path = places.snapshots.join(format!("{stamp}.{ending}"));
        write(&path, &text).map_err(|error| StateError::file("write", &path, &error))?;
    }
    Ok(())
}

/// Takes a snapshot if the list of modules is not what it was.
///
/// # Errors
/// [`StateError`]
pub fn take_if_changed(
    kernel: &dyn Kernel,
    places: &Places,
    before: Option<&[u8]>,
) -> Result<(), StateError> {
    match before {
        Some(before) if kernel.modules_text()? != before => take(kernel, places),
        _ => Ok(()),
    }
}

/// A link that somebody put there is not written through.
const NO_FOLLOW: i32 = nix::fcntl::OFlag::O_NOFOLLOW.bits();

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    // Addresses of the kernel are nobody's business but root's.
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .custom_flags(NO_FOLLOW)
        .open(path)?;
    file.write_all(text)?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use modtest::{FakeKernel, FakeModule};

    use super::*;

    #[test]
    fn only_into_a_directory_that_is_there() {
        let snapshots = std::env::temp_dir().join(format!("modrecord-snapshots-{}", std::process::id()));
        let places = Places { snapshots: snapshots.clone(), ..Places::default() };
        let kernel = FakeKernel::new();
        assert_eq!(before(&kernel, &places), None);
        take(&kernel, &places).unwrap();
        assert!(!snapshots.exists());
        fs::create_dir(&snapshots).unwrap();
        let list = before(&kernel, &places);
        take_if_changed(&kernel, &places, list.as_deref()).unwrap();
        assert_eq!(fs::read_dir(&snapshots).unwrap().count(), 0);
        kernel.add(FakeModule::new("foo"));
        take_if_changed(&kernel, &places, list.as_deref()).unwrap();
        assert_eq!(fs::read_dir(&snapshots).unwrap().count(), 2);
        fs::remove_dir_all(snapshots).unwrap();
    }
}
