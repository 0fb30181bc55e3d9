// SPDX-License-Identifier: MIT OR Apache-2.0
//! What only an extended kernel has: `/proc/module_persist` and more flags of `finit_module`.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use nix::errno::Errno;

use super::{files, syscalls};
use crate::error::io_errno;
use crate::{LoadFlags, PersistSupport, SysError};

/// Asks the kernel without loading anything: it checks the flags first, then finds that the descriptor cannot
/// be read from.
///
/// A kernel without the list is not asked: what it keeps could not be seen, and a plain load makes the same
/// system calls as kmod.
pub(super) fn support(list: &Path) -> PersistSupport {
    if !list.exists() {
        return PersistSupport::Stock;
    }
    match syscalls::finit_nothing(LoadFlags::PERSIST) {
        Err(Errno::EBADF) => PersistSupport::Extended,
        Err(Errno::EINVAL | Errno::ENOSYS) => PersistSupport::Stock,
        _ => PersistSupport::Unknown,
    }
}

pub(super) fn list(path: &Path) -> Result<Option<Vec<u8>>, SysError> {
    files::read_if_there(path)
}

pub(super) fn release(path: &Path, owner: &str) -> Result<(), Errno> {
    let file = OpenOptions::new().write(true).open(path);
    let mut file = file.map_err(|error| io_errno(&error))?;
    // In one write: the kernel takes each write as a command.
    let written = file.write(format!("release {owner}").as_bytes());
    written.map(drop).map_err(|error| io_errno(&error))
}
