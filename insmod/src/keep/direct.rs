// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loading on a kernel that keeps persistent data itself: the file on disk, byte for byte.

use std::fs::File;
use std::os::fd::AsFd;

use libmodsys::{Errno, Kernel, LoadFlags};
use modcli::Output;
use modkeep::{ExtendedLoad, KeepError, Region, RegionUse};

use crate::{Job, plain};

/// Loads the file so that the kernel keeps its data.
pub(super) fn load(
    job: &Job<'_>,
    region_use: RegionUse,
    owner: &str,
    region: Option<&Region>,
    kernel: &dyn Kernel,
    output: &mut Output,
) -> Result<(), KeepError> {
    let refused = |errno: Errno| KeepError::Owner { errno, keeper_left: None };
    let mut flags = job.flags;
    let memory: File;
    let file = match job.module.compression() {
        None => job.module.fd(),
        Some(format) if plain::kernel_undoes(format, kernel, output) => {
            flags |= LoadFlags::COMPRESSED;
            job.module.fd()
        }
        Some(_) => {
            let image = job.module.image().map_err(|error| refused(error.errno()))?;
            memory = libmodsys::sealed_file(image).map_err(refused)?;
            memory.as_fd()
        }
    };
    ExtendedLoad { region_use, owner, region, file, flags }.run(kernel, job.params)
}
