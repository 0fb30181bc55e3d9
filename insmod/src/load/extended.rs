// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loading on the extended kernel, which keeps persistent data itself: the file goes in unchanged.

use std::fs::File;
use std::os::fd::AsFd;

use libmodfmt::persist::Header;
use libmodsys::{Errno, Kernel, LoadFlags};
use modcli::Output;
use modkeep::{ExtendedLoad, KeepError, NoteNotLeft, Region, RegionUse};

use super::decompression::kernel_decompresses;
use crate::load_request::LoadRequest;

/// Loads the file so that the kernel keeps its data.
///
/// # Errors
/// See [`ExtendedLoad::run`].
pub(super) fn load(
    request: &LoadRequest<'_>,
    region_use: RegionUse,
    header: &Header,
    region: Option<&Region>,
    kernel: &dyn Kernel,
    output: &mut Output,
) -> Result<Option<NoteNotLeft>, KeepError> {
    let refused = |errno: Errno| KeepError::OwnerRefused { errno, keeper_left: None };
    let module = request.module;
    let mut flags = request.flags;
    let memory: File;
    let file = match module.compression() {
        None => module.fd(),
        Some(format) if kernel_decompresses(format, kernel, output) => {
            flags |= LoadFlags::COMPRESSED;
            module.fd()
        }
        Some(_) => {
            let image = module.image().map_err(|error| refused(error.errno()))?;
            memory = libmodsys::sealed_file(image).map_err(refused)?;
            memory.as_fd()
        }
    };
    ExtendedLoad { region_use, header, region, file, flags }.run(kernel, request.params)
}
