// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loading on an extended kernel: the file as it is, with a flag.

use std::ffi::CStr;
use std::os::fd::BorrowedFd;

use libmodfmt::persist::Header;
use libmodsys::{Kernel, LoadFlags};

use super::notes::{self, After, NoteNotLeft};
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
    /// What the file has; its owner is the module's name.
    pub header: &'a Header,
    /// What was kept when the load was planned.
    pub region: Option<&'a Region>,
    /// The file as it is on disk, or its decompressed content if the kernel does not decompress it itself.
    pub file: BorrowedFd<'a>,
    /// Flags for this load in any case.
    pub flags: LoadFlags,
}

impl ExtendedLoad<'_> {
    /// Loads it, and leaves the types of its variables with the kernel. If the kernel did not take those,
    /// nothing is lost, but later versions cannot be compared with them: the reason is returned.
    ///
    /// # Errors
    /// The kernel refuses the file, and what was kept before is still kept; or the kernel does not show
    /// afterwards that the module uses its region.
    pub fn run(&self, kernel: &dyn Kernel, params: &CStr) -> Result<Option<NoteNotLeft>, KeepError> {
        let mut flags = self.flags | LoadFlags::PERSIST;
        if self.region_use == RegionUse::Replace {
            flags |= LoadFlags::PERSIST_FRESH;
        }
        let kept = self.region.filter(|region| region.is_extended());
        if let Err(errno) = kernel.finit_module(self.file, params, flags) {
            // If its init has run, it counts as another build that has used the data. The reason for the
            // failure is what the user needs.
            if kept.is_some() {
                let _ = notes::leave(kernel, self.header, kept, After::FailedLoad);
            }
            return Err(KeepError::OwnerRefused { errno, keeper_left: None });
        }
        verify::owner_uses_region(kernel, &self.header.owner)?;
        let left = notes::leave(kernel, self.header, kept, After::Load);
        // Their data was to be dropped, and the kernel keeps the new data now.
        if let Some(region) = self.region.filter(|region| !region.is_extended()) {
            remove_stale(kernel, region)?;
            remove_all(kernel, region.generations.iter())?;
        }
        Ok(left.err())
    }
}
