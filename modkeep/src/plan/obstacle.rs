// SPDX-License-Identifier: MIT OR Apache-2.0
//! Obstacles: what makes a keeper impossible here and now. Unlike a refusal, an obstacle is not the module's
//! fault: if nothing is kept yet, a plain load is still right.

use libmodfmt::image::ImageError;
use libmodfmt::module::{Module, THIS_MODULE};
use libmodfmt::persist::keeper_name;
use libmodsys::{Errno, InitState, Kernel, Lockdown};
use thiserror::Error;

use super::export_layout::DetectedLayout;
use crate::error::KeepError;

/// Why the kernel would not accept a keeper, or why none can be made.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obstacle {
    /// This kernel loads only signed modules; the images that we make have no signature.
    #[error(
        "this kernel loads only signed modules ({setting}), and the images that keep data have no signature"
    )]
    Signatures {
        /// The setting that requires it.
        setting: &'static str,
    },
    /// How this kernel lays out export tables could not be found out.
    #[error("the layout of this kernel's export tables is not known ({tried})")]
    Layout {
        /// What was looked at.
        tried: String,
    },
    /// A module of somebody else's has the keeper's name.
    #[error("a module called {keeper} is loaded that keeps no data")]
    NameTaken {
        /// The name.
        keeper: String,
    },
    /// The size of `struct module` in the file is not this kernel's.
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

/// The obstacle to any keeper on this kernel, as far as can be seen without trying.
pub(super) fn on_this_kernel(kernel: &dyn Kernel) -> Result<Option<Obstacle>, KeepError> {
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

/// The obstacle to a keeper for this module.
pub(super) fn for_this_module(
    kernel: &dyn Kernel,
    module: &Module<'_>,
    detected: &DetectedLayout,
    kept: bool,
) -> Result<Option<Obstacle>, KeepError> {
    let file = module.object.section(THIS_MODULE).map_or(0, |(_, section)| section.size);
    // Kernels before 6.4 do not compare the sizes and would write past the end of a short one.
    if let Some(size) = detected.module_size.filter(|size| *size != file) {
        return Ok(Some(Obstacle::ThisModule { file, kernel: size }));
    }
    let keeper = keeper_name(&module.name);
    if kept {
        return Ok(None);
    }
    match kernel.init_state(&keeper)? {
        None => Ok(None),
        // It may hold data in a moment, or held some a moment ago.
        Some(InitState::Coming) => Err(KeepError::Moving { keeper, doing: "loaded" }),
        Some(InitState::Going) => Err(KeepError::Moving { keeper, doing: "removed" }),
        Some(InitState::Live | InitState::DirectoryOnly) => Ok(Some(Obstacle::NameTaken { keeper })),
    }
}
