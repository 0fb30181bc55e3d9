// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a report is about.

/// What a report is about, by its start line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Kind {
    /// Only the line that comes before a warning or a BUG was seen.
    CutHere,
    /// An access to memory that is not there.
    PageFault,
    /// General protection fault.
    GeneralProtection,
    /// An instruction that does not exist, other than that of a BUG.
    InvalidOpcode,
    /// Divide error.
    DivideError,
    /// Stack segment fault.
    StackSegment,
    /// Double fault.
    DoubleFault,
    /// A breakpoint, or another trap.
    Trap,
    /// An oops whose cause is not told apart further.
    Oops,
    /// `BUG()`, or a message that starts with it.
    Bug,
    /// `WARN()`.
    Warning,
    /// The end of the kernel, without an oops before it.
    Panic,
    /// The crash that somebody asked for.
    SysRq,
    /// The address sanitiser.
    Kasan,
    /// The sanitiser of uninitialised memory.
    Kmsan,
    /// The concurrency sanitiser.
    Kcsan,
    /// The sampling detector of memory errors.
    Kfence,
    /// The sanitiser of undefined behaviour.
    Ubsan,
    /// The lock checker.
    Lockdep,
    /// A processor that does not schedule.
    SoftLockup,
    /// A processor that takes no interrupts.
    HardLockup,
    /// A stall of read-copy-update.
    RcuStall,
    /// A task that waits for too long.
    HungTask,
    /// Sleeping or scheduling where it is forbidden.
    AtomicSleep,
    /// The state of a page is wrong.
    BadPage,
    /// Memory that nothing refers to any more.
    MemoryLeak,
    /// The hardware reports an error.
    MachineCheck,
    /// What another processor was doing at that time.
    Backtrace,
    /// No report: addresses that the user asks for.
    Addresses,
}

impl Kind {
    /// The words for a reader.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CutHere => "cut here",
            Self::PageFault => "page fault",
            Self::GeneralProtection => "general protection fault",
            Self::InvalidOpcode => "invalid opcode",
            Self::DivideError => "divide error",
            Self::StackSegment => "stack segment fault",
            Self::DoubleFault => "double fault",
            Self::Trap => "trap",
            Self::Oops => "oops",
            Self::Bug => "BUG",
            Self::Warning => "warning",
            Self::Panic => "panic",
            Self::SysRq => "crash by sysrq",
            Self::Kasan => "KASAN",
            Self::Kmsan => "KMSAN",
            Self::Kcsan => "KCSAN",
            Self::Kfence => "KFENCE",
            Self::Ubsan => "UBSAN",
            Self::Lockdep => "lockdep",
            Self::SoftLockup => "soft lockup",
            Self::HardLockup => "hard lockup",
            Self::RcuStall => "RCU stall",
            Self::HungTask => "hung task",
            Self::AtomicSleep => "sleep in atomic context",
            Self::BadPage => "bad page",
            Self::MemoryLeak => "memory leak",
            Self::MachineCheck => "machine check",
            Self::Backtrace => "backtrace of another processor",
            Self::Addresses => "addresses",
        }
    }

    /// Whether a start line of this kind only says more of what an earlier start line of a report says.
    #[must_use]
    pub(crate) const fn is_general(self) -> bool {
        matches!(self, Self::CutHere | Self::SysRq | Self::Oops)
    }
}
