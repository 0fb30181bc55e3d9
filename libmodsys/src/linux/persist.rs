// SPDX-License-Identifier: MIT OR Apache-2.0
//! What only an extended kernel has: `/proc/module_persist`, and the flags of `finit_module`.

use std::fs::{self, OpenOptions};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;

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
    let Ok(nothing) = OpenOptions::new().read(true).custom_flags(OFlag::O_PATH.bits()).open("/") else {
        return PersistSupport::Unknown;
    };
    match syscalls::finit_module(nothing.as_fd(), c"", LoadFlags::PERSIST) {
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
    let written = std::io::Write::write(&mut file, format!("release {owner}").as_bytes());
    written.map(drop).map_err(|error| io_errno(&error))
}

/// A file in memory with this content, sealed and open for reading only, as the kernel demands of a module
/// file.
pub(crate) fn sealed(content: &[u8]) -> Result<fs::File, Errno> {
    use nix::fcntl::{FcntlArg, SealFlag, fcntl};
    use nix::sys::memfd::{MFdFlags, memfd_create};
    use std::io::Write;
    use std::os::fd::AsRawFd;

    let memory = memfd_create(c"module", MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?;
    let mut writer = fs::File::from(memory);
    writer.write_all(content).map_err(|error| io_errno(&error))?;
    let seals =
        SealFlag::F_SEAL_WRITE | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_SEAL;
    fcntl(&writer, FcntlArg::F_ADD_SEALS(seals))?;
    let path = format!("/proc/self/fd/{}", writer.as_raw_fd());
    fs::File::open(path).map_err(|error| io_errno(&error))
}
