// SPDX-License-Identifier: MIT OR Apache-2.0
//! The three module system calls.

use std::ffi::CStr;
use std::os::fd::BorrowedFd;

use nix::errno::Errno;
use nix::kmod::{DeleteModuleFlags, ModuleInitFlags};

use crate::{LoadFlags, RemoveFlags};

pub(super) fn finit_module(file: BorrowedFd<'_>, params: &CStr, flags: LoadFlags) -> Result<(), Errno> {
    // Retain: nix knows neither the flag for compressed files nor those of an extended kernel.
    nix::kmod::finit_module(file, params, ModuleInitFlags::from_bits_retain(flags.bits()))
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
