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
    /// An oops, and the function ran to its end after it.
    Oops,
    /// The machine died of it; the host judges by the console.
    Panic,
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
    /// The machine it needs.
    pub boot: Boot,
    /// How long it may take before the host gives up on the machine.
    pub limit: Duration,
    /// What ksymoops says on the host of the console and the artifact `boot-journal.jsonl`, when the machine is gone. Empty: it is not asked.
    pub decoded: &'static [&'static str],
    /// The function.
    pub run: fn(&mut Ctx) -> Result<()>,
}

impl Scenario {
    /// A scenario that runs in a shared boot and must leave the kernel log clean.
    pub const fn new(name: &'static str, about: &'static str, run: fn(&mut Ctx) -> Result<()>) -> Self {
        Self {
            name,
            about,
            expect: Expect::Clean,
            boot: Boot::DEFAULT,
            limit: Duration::from_secs(120),
            decoded: &[],
            run,
        }
    }

    /// Declares that the kernel oopses. What follows an oops proves nothing, so the
    /// scenario gets a boot of its own.
    pub const fn oops(mut self) -> Self {
        self.expect = Expect::Oops;
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

    /// Gives the scenario a boot of its own, for changes that only a reboot undoes.
    pub const fn alone(mut self) -> Self {
        self.boot.alone = true;
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
