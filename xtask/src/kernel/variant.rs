// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kernels of our own, by name.

use clap::ValueEnum;
use vmguest::KernelKind;

/// A kernel of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Variant {
    /// With our patch
    Extended,
    /// The same without the option, signed with the same key
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

    /// Files below `kernel/config` that make up its configuration.
    pub fn fragments(self) -> &'static [&'static str] {
        match self {
            Self::Extended | Self::Plain => &["base.config", "types.config", "extended.config"],
            Self::Debug => &["base.config", "debug.config", "extended.config"],
        }
    }

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
    fn names_are_those_of_the_command_line() {
        assert!(Variant::names().into_iter().all(|name| Variant::named(name).is_some()));
        assert_eq!(Variant::names().len(), Variant::value_variants().len());
    }
}
