// SPDX-License-Identifier: MIT OR Apache-2.0
//! A module image as a file, for a kernel that loads from files only.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};

use crate::error::io_errno;

/// A file in memory with this content, sealed so that nobody can change it and open for reading only, as
/// [`Kernel::finit_module`](crate::Kernel::finit_module) needs it. Needs `/proc`.
///
/// # Errors
/// The system's error number.
pub fn sealed_file(content: &[u8]) -> Result<File, Errno> {
    let memory = memfd_create(c"module", MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?;
    let mut writer = File::from(memory);
    writer.write_all(content).map_err(|error| io_errno(&error))?;
    let seals =
        SealFlag::F_SEAL_WRITE | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_SEAL;
    fcntl(&writer, FcntlArg::F_ADD_SEALS(seals))?;
    // The kernel refuses a descriptor that is open for writing.
    File::open(format!("/proc/self/fd/{}", writer.as_raw_fd())).map_err(|error| io_errno(&error))
}
