// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a scenario is: a function, and what it needs of the machine.

use std::time::Duration;

use anyhow::Result;

use crate::ctx::Ctx;

/// What the kernel log may show when the scenario is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// No warning, no oops.
    Clean,
    /// Traces of calls, as the kernel prints them for an allocation that fails, but nothing worse.
    Traces,
    /// An oops, and the function ran to its end after it.
    Oops,
    /// The machine died of it; the host judges by the console.
    Panic,
}

/// Kinds of kernels that scenarios run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KernelKind {
    /// Anybody's, without our patch.
    Stock,
    /// With our patch.
    Extended,
    /// Of the same tree and key as the extended one, without it.
    Plain,
    /// With our patch and everything that finds faults, which makes it slow.
    Debug,
}

/// The kernels that a scenario can be shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Every kernel.
    Any,
    /// One without our patch.
    Stock,
    /// One with our patch.
    Extended,
    /// One with our patch that is not slow.
    FastExtended,
    /// The one that differs from the extended kernel by the patch only.
    Plain,
}

impl Needs {
    /// Why a kernel of this kind does not serve; `None` where it does.
    #[must_use]
    pub const fn unmet(self, kind: KernelKind) -> Option<&'static str> {
        match (self, kind) {
            (Self::Stock, KernelKind::Extended | KernelKind::Debug) => Some("for kernels without our patch"),
            (Self::Extended | Self::FastExtended, KernelKind::Stock | KernelKind::Plain) => {
                Some("for the extended kernel: --kernel extended")
            }
            (Self::FastExtended, KernelKind::Debug) => Some("too much for the debug kernel"),
            (Self::Plain, KernelKind::Stock | KernelKind::Extended | KernelKind::Debug) => {
                Some("for the extended kernel's twin: --kernel plain")
            }
            _ => None,
        }
    }
}

/// What the machine must be like. Scenarios with equal values share a boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Boot {
    /// Words added to the kernel command line.
    pub cmdline: &'static str,
    /// Memory.
    pub memory_mib: u32,
    /// Processors. Under emulation, more than one is slower.
    pub cpus: u8,
    /// Whether nothing else may run in the same boot.
    pub alone: bool,
}

impl Boot {
    /// Enough for nearly everything.
    pub const DEFAULT: Self = Self { cmdline: "", memory_mib: 512, cpus: 1, alone: false };
}

/// One entry of the table in [`crate::scenarios`].
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Name, as given to `cargo xtask vm --scenario`.
    pub name: &'static str,
    /// What it shows, in one line.
    pub about: &'static str,
    /// The outcome that counts as a pass.
    pub expect: Expect,
    /// The kernel it needs.
    pub needs: Needs,
    /// The machine it needs.
    pub boot: Boot,
    /// Whether it may leave modules loaded, because they cannot be removed.
    pub leaves_modules: bool,
    /// How long it may take before the host gives up on the machine.
    pub limit: Duration,
    /// What ksymoops says on the host of the console and the artifact `boot-journal.jsonl`, when the machine is gone: each in one
    /// line, `*` for anything. Empty: it is not asked.
    pub decoded: &'static [&'static str],
    /// What it says besides where the host has the kernel's debug information.
    pub decoded_with_vmlinux: &'static [&'static str],
    /// The function.
    pub run: fn(&mut Ctx) -> Result<()>,
}

impl Scenario {
    /// A scenario that runs in a shared boot and must leave the kernel log clean.
    pub const fn new(name: &'static str, about: &'static str, run: fn(&mut Ctx) -> Result<()>) -> Self {
        let (expect, needs, boot) = (Expect::Clean, Needs::Any, Boot::DEFAULT);
        let limit = Duration::from_secs(120);
        let (decoded, decoded_with_vmlinux) = (&[], &[]);
        Self {
            name,
            about,
            expect,
            needs,
            boot,
            leaves_modules: false,
            limit,
            decoded,
            decoded_with_vmlinux,
            run,
        }
    }

    /// Asks for a kernel.
    pub const fn needs(mut self, needs: Needs) -> Self {
        self.needs = needs;
        self
    }

    /// Declares that the kernel oopses. What follows an oops proves nothing, so the
    /// scenario gets a boot of its own.
    pub const fn oops(mut self) -> Self {
        self.expect = Expect::Oops;
        self.boot.alone = true;
        self
    }

    /// Declares that the kernel prints traces of calls; the scenario gets a boot of its own.
    pub const fn traces(mut self) -> Self {
        self.expect = Expect::Traces;
        self.boot.alone = true;
        self
    }

    /// Declares that the kernel panics; the scenario gets a boot of its own.
    pub const fn panic(mut self) -> Self {
        self.expect = Expect::Panic;
        self.boot.alone = true;
        self
    }

    /// Declares what ksymoops says on the host afterwards.
    pub const fn decoded(mut self, lines: &'static [&'static str]) -> Self {
        self.decoded = lines;
        self
    }

    /// Declares what it says besides where the host has the kernel's debug information.
    pub const fn decoded_with_vmlinux(mut self, lines: &'static [&'static str]) -> Self {
        self.decoded_with_vmlinux = lines;
        self
    }

    /// Gives the scenario a boot of its own, for changes that only a reboot undoes.
    pub const fn alone(mut self) -> Self {
        self.boot.alone = true;
        self
    }

    /// Lets it leave modules loaded; it should have a boot of its own.
    pub const fn leaves_modules(mut self) -> Self {
        self.leaves_modules = true;
        self
    }

    /// Adds words to the kernel command line.
    pub const fn cmdline(mut self, words: &'static str) -> Self {
        self.boot.cmdline = words;
        self
    }

    /// Asks for this much memory.
    pub const fn memory_mib(mut self, mib: u32) -> Self {
        self.boot.memory_mib = mib;
        self
    }

    /// Asks for this many processors.
    pub const fn cpus(mut self, cpus: u8) -> Self {
        self.boot.cpus = cpus;
        self
    }

    /// Changes the time limit.
    pub const fn limit_secs(mut self, secs: u64) -> Self {
        self.limit = Duration::from_secs(secs);
        self
    }
}
