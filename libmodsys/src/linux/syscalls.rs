// SPDX-License-Identifier: MIT OR Apache-2.0
//! The three module system calls.

use std::ffi::CStr;
use std::fs::OpenOptions;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::kmod::{DeleteModuleFlags, ModuleInitFlags};

use crate::error::io_errno;
use crate::{LoadFlags, RemoveFlags};

pub(super) fn finit_module(file: BorrowedFd<'_>, params: &CStr, flags: LoadFlags) -> Result<(), Errno> {
    // Retain: nix knows neither the flag for compressed files nor those of an extended kernel.
    nix::kmod::finit_module(file, params, ModuleInitFlags::from_bits_retain(flags.bits()))
}

/// Asks what `finit_module` says before it looks at a file: whether this process may load modules, then
/// whether the flags are known, then `EBADF`, since this descriptor cannot be read from. Loads nothing.
pub(super) fn finit_nothing(flags: LoadFlags) -> Result<(), Errno> {
    let mut options = OpenOptions::new();
    let nothing = options.read(true).custom_flags(OFlag::O_PATH.bits()).open("/");
    let nothing = nothing.map_err(|error| io_errno(&error))?;
    finit_module(nothing.as_fd(), c"", flags)
}

pub(super) fn init_module(image: &[u8], params: &CStr) -> Result<(), Errno> {
    nix::kmod::init_module(image, params)
}

pub(super) fn delete_module(name: &CStr, flags: RemoveFlags) -> Result<(), Errno> {
    let mut bits = DeleteModuleFlags::O_NONBLOCK;
    if flags.force {
        bits |= DeleteModuleFlags::O_TRUNC;
    }
    nix::kmod::delete_module(name, bits)
}
