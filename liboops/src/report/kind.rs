// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a report is about.

/// What a report is about, by its start line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Kind {
    /// `cut here`, without the warning or BUG that it announces.
    CutHere,
    /// An access to memory that is not mapped or does not allow it.
    PageFault,
    /// General protection fault.
    GeneralProtection,
    /// Invalid opcode, other than that of a BUG.
    InvalidOpcode,
    /// Divide error.
    DivideError,
    /// Stack segment fault.
    StackSegment,
    /// Double fault.
    DoubleFault,
    /// A breakpoint or another trap.
    Trap,
    /// An oops with any other cause.
    Oops,
    /// `BUG()`, or another message that begins with `BUG:`.
    Bug,
    /// `WARN()`.
    Warning,
    /// A panic without an oops before it.
    Panic,
    /// A crash requested by sysrq.
    SysRq,
    /// KASAN: use after free, access out of bounds.
    Kasan,
    /// KMSAN: use of uninitialised memory.
    Kmsan,
    /// KCSAN: a data race.
    Kcsan,
    /// KFENCE: a memory error, found by sampling.
    Kfence,
    /// UBSAN: undefined behaviour.
    Ubsan,
    /// lockdep and other lock debugging.
    Lockdep,
    /// A processor that does not schedule.
    SoftLockup,
    /// A processor that takes no interrupts.
    HardLockup,
    /// RCU stall.
    RcuStall,
    /// A task that has been waiting for too long.
    HungTask,
    /// Sleeping or scheduling in atomic context.
    AtomicSleep,
    /// Bad state of a page or a page table.
    BadPage,
    /// SLUB: an object or a slab that was overwritten.
    Slub,
    /// kmemleak: memory that nothing refers to any more.
    MemoryLeak,
    /// Machine check exception: an error reported by the hardware.
    MachineCheck,
    /// What another processor was doing at the time.
    Backtrace,
    /// Lines of a report whose first lines are missing.
    Fragment,
    /// Not a report of the kernel: addresses that a user asks about.
    Addresses,
}

impl Kind {
    /// The name for a reader.
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
            Self::Slub => "SLUB",
            Self::MemoryLeak => "memory leak",
            Self::MachineCheck => "machine check",
            Self::Backtrace => "backtrace of another processor",
            Self::Fragment => "fragment of a report",
            Self::Addresses => "addresses",
        }
    }

    /// Whether a start line of this kind may be followed by one that says more precisely what happened.
    #[must_use]
    pub(crate) const fn is_general(self) -> bool {
        matches!(self, Self::CutHere | Self::SysRq | Self::Oops)
    }

    /// Whether a start line of this kind says more precisely what happened than one of another kind.
    #[must_use]
    pub(crate) const fn says_more_than(self, other: Self) -> bool {
        match (self, other) {
            // A panic follows from what happened before it.
            (Self::Panic, Self::Oops) => false,
            (Self::HardLockup | Self::SoftLockup, Self::Warning) => true,
            _ => {
                other.is_general() && !self.is_general()
                    || matches!((self, other), (Self::Oops, Self::CutHere))
            }
        }
    }

    /// Whether the line that `die()` prints, with the number of the oops, may come next. After the others, it
    /// begins another report.
    #[must_use]
    pub(crate) const fn precedes_die_line(self) -> bool {
        matches!(
            self,
            Self::PageFault
                | Self::GeneralProtection
                | Self::InvalidOpcode
                | Self::DivideError
                | Self::StackSegment
                | Self::DoubleFault
                | Self::Trap
                | Self::Bug
                | Self::Ubsan
                | Self::MachineCheck
        )
    }
}
