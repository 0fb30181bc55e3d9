// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why a module cannot be split.

use thiserror::Error;

use crate::error::KeepError;

/// Why a module cannot be split.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SplitError {
    /// As at a load: the file is broken, its data cannot be kept, or it differs from what the keepers hold.
    #[error(transparent)]
    Keep(#[from] KeepError),
    /// The module has no persistent data.
    #[error("it has no persistent data")]
    NothingToKeep,
    /// It is one of the files that a split makes.
    #[error("it was made by modpersist split; split the file that the compiler made")]
    AlreadySplit,
    /// The module is for another kernel than the one that was asked.
    #[error("it is built for {file}, and {source_name} is {found}")]
    OtherKernel {
        /// What the module's vermagic says.
        file: String,
        /// What was asked: `the running kernel`.
        source_name: &'static str,
        /// What that is for.
        found: String,
    },
    /// The module does not say for which kernel it is.
    #[error("it has no vermagic, so nothing says for which kernel it is")]
    NoVermagic,
    /// How that kernel lays out export tables is not known.
    #[error("the layout of export tables is not known: {why}")]
    Layout {
        /// Why not.
        why: String,
    },
    /// The module was not built as that kernel's modules are.
    #[error("struct module has {file} bytes in it and {kernel} in that kernel")]
    ThisModule {
        /// Size in the file, in bytes.
        file: u64,
        /// Size in the kernel, in bytes.
        kernel: u64,
    },
    /// A keeper of another module was given.
    #[error("a keeper of {keeper_of} was given, and the module is {owner}")]
    OtherOwner {
        /// The module.
        owner: String,
        /// The keeper's owner.
        keeper_of: String,
    },
    /// An earlier generation was not given.
    #[error("{keeper} is missing: all keepers of the module have to be given")]
    KeeperMissing {
        /// Its name.
        keeper: String,
    },
    /// A keeper that was made at a load.
    #[error("{keeper} was not made by modpersist split")]
    NotSplit {
        /// Its name.
        keeper: String,
    },
    /// Keepers of different builds were given together.
    #[error("{keeper} was not made on the keepers that were given with it")]
    OtherChain {
        /// Its name.
        keeper: String,
    },
    /// Nothing distinguishes its keeper from another build's.
    #[error("neither the types of its variables nor a build ID tell it from another build: build with -g")]
    NoIdentity,
    /// Variables that cannot be used without a look at what they hold.
    #[error(
        "these variables cannot be bound when the module is built, because their values are not known then"
    )]
    NeedsValues {
        /// Each with the reason.
        variables: Vec<String>,
    },
}

impl SplitError {
    /// The lines that go under the message.
    #[must_use]
    pub fn details(&self) -> Vec<String> {
        match self {
            Self::Keep(error) => error.details(),
            Self::NeedsValues { variables } => variables.clone(),
            _ => Vec::new(),
        }
    }

    /// What the user can do next.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match self {
            Self::NeedsValues { .. } | Self::Keep(KeepError::LayoutDiffers { .. }) => {
                "insmod converts such variables at a load; or split without --bind-to, and start afresh after \
                 rmmod --discard or a reboot"
            }
            Self::OtherKernel { .. } | Self::Layout { .. } => {
                "--sample takes any module of that kernel that exports a symbol, --headers its headers"
            }
            _ => return None,
        })
    }
}
