// SPDX-License-Identifier: MIT OR Apache-2.0
//! Obstacles: what makes a keeper impossible here and now. Unlike a refusal, an obstacle is not the module's
//! fault: if nothing is kept yet, a plain load is still right.

use libmodfmt::image::ImageError;
use libmodsys::Errno;
use thiserror::Error;

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
        /// Whether the file has a signature, so that the kernel may load it as it is.
        file_is_signed: bool,
    },
    /// What is kept is read from sysfs.
    #[error("what is kept cannot be seen: /sys/module is not there (is sysfs mounted?)")]
    NotShown,
    /// How this kernel lays out export tables could not be found out.
    #[error("the layout of this kernel's export tables is not known ({tried})")]
    Layout {
        /// What was looked at.
        tried: String,
    },
    /// A module of somebody else's has the keeper's name.
    #[error("a module named {keeper} is loaded, but it is not a keeper")]
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
