// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loading on an extended kernel: the file as it is, with a flag.

use std::ffi::CStr;
use std::os::fd::BorrowedFd;

use libmodsys::{Kernel, LoadFlags};

use crate::act::remove;
use crate::{Holder, KeepError, Region, Way, kernel_region};

/// One load by an extended kernel.
#[derive(Debug, Clone, Copy)]
pub struct Direct<'a> {
    /// How.
    pub way: Way,
    /// The module's name.
    pub owner: &'a str,
    /// What was kept when it was planned.
    pub region: Option<&'a Region>,
    /// The file, as it is on disk; or its decompressed content, where the kernel cannot do that.
    pub file: BorrowedFd<'a>,
    /// The flags that the load has anyhow.
    pub flags: LoadFlags,
}

impl Direct<'_> {
    /// Loads it.
    ///
    /// # Errors
    /// The kernel refuses it, and what was kept before is still kept; or the kernel does not show
    /// afterwards that the module uses its region.
    pub fn carry_out(&self, kernel: &dyn Kernel, params: &CStr) -> Result<(), KeepError> {
        let mut flags = self.flags | LoadFlags::PERSIST;
        if self.way == Way::Fresh {
            flags |= LoadFlags::PERSIST_FRESH;
        }
        kernel
            .finit_module(self.file, params, flags)
            .map_err(|errno| KeepError::Owner { errno, keeper_left: None })?;
        self.verify(kernel)?;
        match self.region.map(|region| &region.holder) {
            // Its data were to be dropped, and by now there are others.
            Some(Holder::Keeper(keeper)) => remove(kernel, keeper),
            _ => Ok(()),
        }
    }

    /// A load of the same file by another program may have won, and the kernel has reported its
    /// success to both.
    fn verify(&self, kernel: &dyn Kernel) -> Result<(), KeepError> {
        match kernel_region::find(kernel, self.owner)? {
            Some(region) if !region.users.is_empty() => Ok(()),
            _ => Err(KeepError::Verify {
                what: format!(
                    "{owner} is loaded, but without its kept data: another program has loaded it at the same \
                     time; to load it again: rmmod {owner}",
                    owner = self.owner
                ),
            }),
        }
    }
}
