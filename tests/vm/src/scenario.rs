// SPDX-License-Identifier: MIT OR Apache-2.0
//! A scenario: a function, and what it needs of the machine.

use std::time::Duration;

use anyhow::Result;

use crate::ctx::Ctx;

/// What the kernel log may contain when the scenario has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// No warning, no oops.
    Clean,
    /// Call traces, which the kernel prints when an allocation fails, but nothing worse.
    Traces,
    /// An oops, after which the function still returned.
    Oops,
    /// A panic. The host checks the console.
    Panic,
    /// An oops, which some kernels do not survive.
    OopsOrPanic,
}

/// The kinds of kernel that scenarios run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KernelKind {
    /// A distribution's or anybody's, without our patch.
    Stock,
    /// With our patch.
    Extended,
    /// Built from the same tree with the same signing key as the extended one, but with the option off.
    Plain,
    /// With our patch and the kernel's debugging options, which make it slow.
    Debug,
}

/// The kernels that a scenario can run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Every kernel.
    Any,
    /// A kernel without our patch.
    Stock,
    /// A kernel with our patch.
    Extended,
    /// A kernel with our patch, but not the slow debug kernel.
    FastExtended,
    /// The kernel that differs from the extended one only in the option.
    Plain,
}

impl Needs {
    /// Why a scenario with these needs cannot run on a kernel of this kind; `None` if it can.
    #[must_use]
    pub const fn unmet(self, kind: KernelKind) -> Option<&'static str> {
        match (self, kind) {
            (Self::Stock, KernelKind::Extended | KernelKind::Debug) => {
                Some("needs a kernel without our patch")
            }
            (Self::Extended | Self::FastExtended, KernelKind::Stock | KernelKind::Plain) => {
                Some("needs the extended kernel: --kernel extended")
            }
            (Self::FastExtended, KernelKind::Debug) => Some("too slow on the debug kernel"),
            (Self::Plain, KernelKind::Stock | KernelKind::Extended | KernelKind::Debug) => {
                Some("needs the extended kernel's twin without the option: --kernel plain")
            }
            _ => None,
        }
    }
}

/// The machine that a scenario needs. Scenarios with equal values share a boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Boot {
    /// Parameters added to the kernel command line.
    pub cmdline: &'static str,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Number of CPUs. Under emulation, more than one is slower.
    pub cpus: u8,
    /// Whether the scenario needs a boot of its own.
    pub alone: bool,
    /// Whether the guest's clock counts instructions; see [`Scenario::counted`].
    pub counted: bool,
}

impl Boot {
    /// Enough for nearly every scenario.
    pub const DEFAULT: Self = Self { cmdline: "", memory_mib: 512, cpus: 1, alone: false, counted: false };
}

/// One entry of the table in [`crate::scenarios`].
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Name, as given to `cargo xtask vm --scenario`.
    pub name: &'static str,
    /// What it checks, in one line.
    pub about: &'static str,
    /// The outcome that counts as a pass.
    pub expect: Expect,
    /// The kernel it needs.
    pub needs: Needs,
    /// The machine it needs.
    pub boot: Boot,
    /// Whether it may leave modules loaded that cannot be removed.
    pub leaves_modules: bool,
    /// Whether `cargo xtask test` runs it only with `--all`: it takes minutes, and a shorter one shows most
    /// of it.
    pub is_long: bool,
    /// How long it may take before the host gives up on the machine.
    pub limit: Duration,
    /// What ksymoops must print on the host, from the console and the artifact `boot-journal.jsonl`, after
    /// the machine has ended. Each entry must match within one line; `*` matches anything, and ` || ` is
    /// between two of which one must match. If empty, ksymoops is not run.
    pub decoded: &'static [&'static str],
    /// What it must print in addition if the host has the kernel's debug information.
    pub decoded_with_vmlinux: &'static [&'static str],
    /// What it must print instead of both on other processors, by their names. On one that is not among them
    /// the scenario does not run, unless nothing is decoded.
    pub decoded_elsewhere: &'static [(&'static str, &'static [&'static str])],
    /// The function.
    pub run: fn(&mut Ctx) -> Result<()>,
}

impl Scenario {
    /// A scenario that shares a boot and must leave the kernel log clean.
    pub const fn new(name: &'static str, about: &'static str, run: fn(&mut Ctx) -> Result<()>) -> Self {
        let (expect, needs, boot) = (Expect::Clean, Needs::Any, Boot::DEFAULT);
        let limit = Duration::from_secs(120);
        let (decoded, decoded_with_vmlinux, decoded_elsewhere) = (&[], &[], &[]);
        Self {
            name,
            about,
            expect,
            needs,
            boot,
            leaves_modules: false,
            is_long: false,
            limit,
            decoded,
            decoded_with_vmlinux,
            decoded_elsewhere,
            run,
        }
    }

    /// Sets the kernel that it needs.
    pub const fn needs(mut self, needs: Needs) -> Self {
        self.needs = needs;
        self
    }

    /// Declares that the kernel oopses. Nothing that runs after an oops proves anything, so the scenario
    /// gets a boot of its own.
    pub const fn oops(mut self) -> Self {
        self.expect = Expect::Oops;
        self.boot.alone = true;
        self
    }

    /// Declares that the kernel prints call traces. The scenario gets a boot of its own.
    pub const fn traces(mut self) -> Self {
        self.expect = Expect::Traces;
        self.boot.alone = true;
        self
    }

    /// Declares that the kernel panics. The scenario gets a boot of its own.
    pub const fn panic(mut self) -> Self {
        self.expect = Expect::Panic;
        self.boot.alone = true;
        self
    }

    /// Declares that the kernel oopses, and that some kernels panic then. The scenario gets a boot of its own.
    pub const fn oops_or_panic(mut self) -> Self {
        self.expect = Expect::OopsOrPanic;
        self.boot.alone = true;
        self
    }

    /// Declares what ksymoops must print on the host afterwards.
    pub const fn decoded(mut self, lines: &'static [&'static str]) -> Self {
        self.decoded = lines;
        self
    }

    /// Declares what it must print in addition if the host has the kernel's debug information.
    pub const fn decoded_with_vmlinux(mut self, lines: &'static [&'static str]) -> Self {
        self.decoded_with_vmlinux = lines;
        self
    }

    /// Declares what it must print on other processors: pairs of a name, as ksymoops gives it, and lines.
    pub const fn decoded_elsewhere(
        mut self,
        processors: &'static [(&'static str, &'static [&'static str])],
    ) -> Self {
        self.decoded_elsewhere = processors;
        self
    }

    /// What it must print on another processor, if it is declared.
    #[must_use]
    pub fn decoded_on(&self, processor: &str) -> Option<&'static [&'static str]> {
        self.decoded_elsewhere.iter().find(|(name, _)| *name == processor).map(|(_, lines)| *lines)
    }

    /// Gives the scenario a boot of its own, for changes that only a reboot undoes.
    pub const fn alone(mut self) -> Self {
        self.boot.alone = true;
        self
    }

    /// Allows it to leave modules loaded. It should have a boot of its own.
    pub const fn leaves_modules(mut self) -> Self {
        self.leaves_modules = true;
        self
    }

    /// Leaves it to `cargo xtask test --all`, or to those who name it.
    pub const fn long(mut self) -> Self {
        self.is_long = true;
        self
    }

    /// Adds parameters to the kernel command line.
    pub const fn cmdline(mut self, words: &'static str) -> Self {
        self.boot.cmdline = words;
        self
    }

    /// Sets the machine's memory.
    pub const fn memory_mib(mut self, mib: u32) -> Self {
        self.boot.memory_mib = mib;
        self
    }

    /// Sets the number of CPUs.
    pub const fn cpus(mut self, cpus: u8) -> Self {
        self.boot.cpus = cpus;
        self
    }

    /// Makes the guest's clock count instructions: each takes a nanosecond, so that times repeat however busy
    /// the host is. The scenario gets a boot of its own, on one emulated CPU.
    pub const fn counted(mut self) -> Self {
        self.boot.counted = true;
        self.boot.cpus = 1;
        self.boot.alone = true;
        self
    }

    /// Changes the time limit.
    pub const fn limit_secs(mut self, secs: u64) -> Self {
        self.limit = Duration::from_secs(secs);
        self
    }
}
