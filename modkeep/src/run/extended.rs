// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loading on an extended kernel: the file as it is, with a flag.

use std::ffi::CStr;
use std::os::fd::BorrowedFd;

use libmodsys::{Kernel, LoadFlags};

use super::remove_keeper::{remove_all, remove_stale};
use super::verify;
use crate::error::KeepError;
use crate::plan::RegionUse;
use crate::region::Region;

/// One load on an extended kernel, as planned.
#[derive(Debug, Clone, Copy)]
pub struct ExtendedLoad<'a> {
    /// What happens to the region.
    pub region_use: RegionUse,
    /// The module's name.
    pub owner: &'a str,
    /// What was kept when the load was planned.
    pub region: Option<&'a Region>,
    /// The file as it is on disk, or its decompressed content if the kernel does not decompress it itself.
    pub file: BorrowedFd<'a>,
    /// Flags for this load in any case.
    pub flags: LoadFlags,
}

impl ExtendedLoad<'_> {
    /// Loads it.
    ///
    /// # Errors
    /// The kernel refuses the file, and what was kept before is still kept; or the kernel does not show
    /// afterwards that the module uses its region.
    pub fn run(&self, kernel: &dyn Kernel, params: &CStr) -> Result<(), KeepError> {
        let mut flags = self.flags | LoadFlags::PERSIST;
        if self.region_use == RegionUse::Replace {
            flags |= LoadFlags::PERSIST_FRESH;
        }
        kernel
            .finit_module(self.file, params, flags)
            .map_err(|errno| KeepError::OwnerRefused { errno, keeper_left: None })?;
        verify::owner_uses_region(kernel, self.owner)?;
        match self.region {
            // Their data was to be dropped, and the kernel keeps the new data now.
            Some(region) if !region.is_extended() => {
                remove_stale(kernel, region)?;
                remove_all(kernel, region.generations.iter())
            }
            _ => Ok(()),
        }
    }
}
