// SPDX-License-Identifier: MIT OR Apache-2.0
//! The variants of the kernel that we build, by name.

use clap::ValueEnum;
use vmguest::KernelKind;

/// A kernel that we build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Variant {
    /// With our patch
    Extended,
    /// The same tree and signing key, with the patch's option disabled
    Plain,
    /// With our patch, KASAN, lockdep and kmemleak
    Debug,
}

impl Variant {
    /// The variant of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::from_str(name, false).ok()
    }

    /// All names.
    pub fn names() -> Vec<&'static str> {
        vec!["extended", "plain", "debug"]
    }

    /// The files in `kernel/config` that make up its configuration.
    pub fn fragments(self) -> &'static [&'static str] {
        match self {
            Self::Extended | Self::Plain => &["base.config", "types.config", "extended.config"],
            Self::Debug => &["base.config", "debug.config", "extended.config"],
        }
    }

    /// What scenarios may expect of it.
    pub fn kind(self) -> KernelKind {
        match self {
            Self::Extended => KernelKind::Extended,
            Self::Plain => KernelKind::Plain,
            Self::Debug => KernelKind::Debug,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_the_command_line() {
        assert!(Variant::names().into_iter().all(|name| Variant::named(name).is_some()));
        assert_eq!(Variant::names().len(), Variant::value_variants().len());
    }
}
