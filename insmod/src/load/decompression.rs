// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether the kernel decompresses modules itself.

use libmodfmt::compress::Format;
use libmodsys::{Kernel, KernelCompression};
use modcli::Output;

/// Whether the kernel itself decompresses files of this format. Says so if it cannot be found out.
pub(super) fn kernel_decompresses(format: Format, kernel: &dyn Kernel, output: &mut Output) -> bool {
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
