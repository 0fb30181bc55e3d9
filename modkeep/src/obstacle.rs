// SPDX-License-Identifier: MIT OR Apache-2.0
//! What makes it impossible to keep data by a keeper, here and now. Unlike a refusal, an obstacle
//! says nothing against the module: where no data are kept yet, a plain load is still right.

use libmodfmt::image::ImageError;
use libmodfmt::module::{Module, THIS_MODULE};
use libmodfmt::persist::keeper_name;
use libmodsys::{InitState, Kernel, Lockdown};
use nix::errno::Errno;
use thiserror::Error;

use crate::KeepError;
use crate::export_layout::Detected;

/// Why the kernel would not take a keeper, or why none can be made.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obstacle {
    /// Only signed modules are loaded; what we make has no signature.
    #[error(
        "this kernel loads only signed modules ({setting}), and the images that keep data have no signature"
    )]
    Signatures {
        /// The setting that demands it.
        setting: &'static str,
    },
    /// Nothing tells how this kernel lays out export tables.
    #[error("the layout of this kernel's export tables is not known ({tried})")]
    Layout {
        /// What was looked at.
        tried: String,
    },
    /// A foreign module has the keeper's name.
    #[error("a module called {keeper} is loaded that keeps no data")]
    NameTaken {
        /// The name.
        keeper: String,
    },
    /// The file's `struct module` has another size than this kernel's.
    #[error("struct module has {file} bytes in the file and {kernel} in this kernel")]
    ThisModule {
        /// Size in the file, in bytes.
        file: u64,
        /// Size in the kernel, in bytes.
        kernel: u64,
    },
    /// The images cannot be made from this file.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The kernel refused the keeper.
    #[error("the kernel refused the keeper: {}", errno.desc())]
    Refused {
        /// Its reason.
        errno: Errno,
    },
}

/// What stands in the way of any keeper on this kernel, as far as can be seen without trying.
pub(crate) fn of_kernel(kernel: &dyn Kernel) -> Result<Option<Obstacle>, KeepError> {
    if kernel.sig_enforce()? == Some(true) {
        return Ok(Some(Obstacle::Signatures { setting: "module.sig_enforce" }));
    }
    match kernel.lockdown()? {
        Some(Lockdown::Integrity | Lockdown::Confidentiality) => {
            Ok(Some(Obstacle::Signatures { setting: "lockdown" }))
        }
        Some(Lockdown::None) | None => Ok(None),
    }
}

/// What stands in the way of a keeper for this module.
pub(crate) fn of_module(
    kernel: &dyn Kernel,
    module: &Module<'_>,
    detected: &Detected,
    kept: bool,
) -> Result<Option<Obstacle>, KeepError> {
    let file = module.object.section(THIS_MODULE).map_or(0, |(_, section)| section.size);
    // Kernels before 6.4 do not compare the sizes and would write behind a short one.
    if let Some(size) = detected.module_size.filter(|size| *size != file) {
        return Ok(Some(Obstacle::ThisModule { file, kernel: size }));
    }
    let keeper = keeper_name(&module.name);
    if kept {
        return Ok(None);
    }
    match kernel.init_state(&keeper)? {
        None => Ok(None),
        // It may have data in a moment, or has just had some.
        Some(InitState::Coming) => Err(KeepError::Moving { keeper, doing: "loaded" }),
        Some(InitState::Going) => Err(KeepError::Moving { keeper, doing: "removed" }),
        Some(InitState::Live | InitState::DirectoryOnly) => Ok(Some(Obstacle::NameTaken { keeper })),
    }
}
