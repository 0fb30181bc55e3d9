// SPDX-License-Identifier: MIT OR Apache-2.0
//! The processors that the tarball and the package are made for.

use libmodfmt::elf::Machine;

use crate::args::Architecture;
use crate::processors::{self, Processor};

impl Architecture {
    /// Debian's name, as in the package's name.
    pub const fn debian(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }

    /// The name that `uname -m` prints, as in the tarball's name.
    pub const fn uname(self) -> &'static str {
        match self {
            Self::Amd64 => "x86_64",
            Self::Arm64 => "aarch64",
        }
    }

    /// What its programs say in their ELF headers.
    pub const fn machine(self) -> Machine {
        match self {
            Self::Amd64 => Machine::X86_64,
            Self::Arm64 => Machine::AARCH64,
        }
    }

    /// How to build for it and to run it, if it is not this machine's.
    pub fn processor(self) -> Option<&'static Processor> {
        match self {
            Self::Amd64 => None,
            Self::Arm64 => processors::of_architecture(self.debian()),
        }
    }

    /// The name of a kernel for it: `distribution`, or a series, without the processor before it.
    pub fn kernel(self, name: &str) -> String {
        match self.processor() {
            None => name.to_owned(),
            Some(processor) => processors::kernel_name(processor, name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::DEFAULT_KERNEL;

    #[test]
    fn each_has_kernels() {
        assert_eq!(Architecture::Amd64.kernel("6.12"), "6.12");
        assert_eq!(Architecture::Arm64.kernel("6.12"), "arm64-6.12");
        assert!(processors::find(&Architecture::Arm64.kernel(DEFAULT_KERNEL)).is_some());
    }
}
