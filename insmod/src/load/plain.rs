// SPDX-License-Identifier: MIT OR Apache-2.0
//! A plain load, as kmod does it: the kernel gets the file's descriptor, or the image from memory if it
//! cannot use that.

use libmodfmt::compress::{self, Format};
use libmodsys::{Errno, Kernel, LoadFlags};
use modcli::{Output, os_text, strerror};

use super::decompression::kernel_decompresses;
use super::strip_versions::{self, StripError};
use crate::ModuleInput;
use crate::load_request::LoadRequest;

/// Loads the module.
///
/// # Errors
/// The kernel's error number, or the one that kmod returns for an error of its own.
pub(crate) fn load(request: &LoadRequest<'_>, kernel: &dyn Kernel, output: &mut Output) -> Result<(), Errno> {
    let result = match by_descriptor(request, kernel, output) {
        // No other number: those are the kernel's verdict on the module.
        Err(Errno::ENOSYS) => from_memory(request, kernel, output),
        result => result,
    };
    if let Err(errno) = result {
        let path = os_text(request.module.path());
        output.info(format_args!("Failed to insert module '{path}': {}", strerror(errno)));
    }
    result
}

fn by_descriptor(request: &LoadRequest<'_>, kernel: &dyn Kernel, output: &mut Output) -> Result<(), Errno> {
    let mut flags = request.flags;
    if let Some(format) = request.module.compression() {
        if !kernel_decompresses(format, kernel, output) {
            // As if the kernel had no such call: that leads to the image in memory.
            return Err(Errno::ENOSYS);
        }
        flags |= LoadFlags::COMPRESSED;
    }
    kernel.finit_module(request.module.fd(), request.params, flags)
}

fn from_memory(request: &LoadRequest<'_>, kernel: &dyn Kernel, output: &mut Output) -> Result<(), Errno> {
    let image = image(request.module, output)?;
    // kmod has to know the size beforehand and fails without it. So do we.
    if request.module.compression() == Some(Format::Zstd)
        && !request
            .module
            .whole()
            .is_ok_and(|file| compress::zstd_content_size(file.content()).is_some_and(|size| size > 0))
    {
        output.error("zstd: Failed to determine decompression size");
        return Err(Errno::EINVAL);
    }
    if request.flags.is_empty() {
        return kernel.init_module(image, request.params);
    }
    // This call takes no flags: what is to be ignored has to be taken out of the image.
    let stripped = strip_versions::strip(image, request.flags).map_err(|error| {
        let errno = error.errno();
        if error == StripError::NoVermagic {
            output.error(format_args!("Failed to strip version information: {}", strerror(errno)));
        }
        errno
    })?;
    kernel.init_module(&stripped, request.params)
}

fn image<'a>(module: &'a ModuleInput, output: &mut Output) -> Result<&'a [u8], Errno> {
    module.image().map_err(|error| {
        match error.kmod_message() {
            Some(message) => output.error(message),
            None => output.error(&error),
        }
        error.errno()
    })
}
