// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loading a file as kmod does: by its descriptor, and only where the kernel cannot do that, from memory.

use libmodfmt::compress::{self, Format};
use libmodsys::{Errno, Kernel, KernelCompression, LoadFlags};
use modcli::{Output, os_text, strerror};

use crate::run::Job;
use crate::{ModuleInput, force};

/// Loads the module.
///
/// # Errors
/// The kernel's error number, or what stands for an error of our own.
pub(crate) fn insert(job: &Job<'_>, kernel: &dyn Kernel, output: &mut Output) -> Result<(), Errno> {
    let result = match by_descriptor(job, kernel, output) {
        // Only this: any other number is the kernel's verdict on the module.
        Err(Errno::ENOSYS) => from_memory(job, kernel, output),
        result => result,
    };
    if let Err(errno) = result {
        let path = os_text(job.module.path());
        output.info(format_args!("Failed to insert module '{path}': {}", strerror(errno)));
    }
    result
}

fn by_descriptor(job: &Job<'_>, kernel: &dyn Kernel, output: &mut Output) -> Result<(), Errno> {
    let mut flags = job.flags;
    if let Some(format) = job.module.compression() {
        if !kernel_undoes(format, kernel, output) {
            // As if the kernel had no such call: the same way out.
            return Err(Errno::ENOSYS);
        }
        flags |= LoadFlags::COMPRESSED;
    }
    kernel.finit_module(job.module.fd(), job.params, flags)
}

/// Whether the kernel itself decompresses files of this format.
pub(crate) fn kernel_undoes(format: Format, kernel: &dyn Kernel, output: &mut Output) -> bool {
    match kernel.compression() {
        Ok(Some(KernelCompression::Gzip)) => format == Format::Gzip,
        Ok(Some(KernelCompression::Xz)) => format == Format::Xz,
        Ok(Some(KernelCompression::Zstd)) => format == Format::Zstd,
        Ok(Some(KernelCompression::Unknown(word))) => {
            output.error(format_args!("unknown kernel compression {word}"));
            false
        }
        Ok(None) => false,
        Err(error) => {
            output.error(error);
            false
        }
    }
}

fn from_memory(job: &Job<'_>, kernel: &dyn Kernel, output: &mut Output) -> Result<(), Errno> {
    let image = image(job.module, output)?;
    // kmod needs the size beforehand, and a site is to see the same.
    if job.module.compression() == Some(Format::Zstd)
        && !job
            .module
            .content()
            .is_ok_and(|file| compress::zstd_content_size(file).is_some_and(|size| size > 0))
    {
        output.error("zstd: Failed to determine decompression size");
        return Err(Errno::EINVAL);
    }
    if job.flags.is_empty() {
        return kernel.init_module(image, job.params);
    }
    // This call takes no flags: what is not to be compared has to be taken out of the image.
    let stripped = force::strip(image, job.flags).map_err(|error| {
        let errno = error.errno();
        if error == force::StripError::NoVermagic {
            output.error(format_args!("Failed to strip version information: {}", strerror(errno)));
        }
        errno
    })?;
    kernel.init_module(&stripped, job.params)
}

fn image<'a>(module: &'a ModuleInput, output: &mut Output) -> Result<&'a [u8], Errno> {
    module.image().map_err(|error| {
        match error.kmods_words() {
            Some(words) => output.error(words),
            None => output.error(&error),
        }
        error.errno()
    })
}
