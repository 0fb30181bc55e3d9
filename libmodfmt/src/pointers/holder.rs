// SPDX-License-Identifier: MIT OR Apache-2.0
//! Structures of the kernel that code is called through, or that are linked: what a pointer in one of them
//! means is known.

use crate::types::TagKind;

/// A structure that a pointer is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Holder {
    /// `struct timer_list`.
    Timer {
        /// The kernel has it in its wheel, and will call its function.
        is_pending: bool,
    },
    /// `struct hrtimer`.
    HighResolutionTimer,
    /// `struct work_struct`, also that of a `delayed_work`.
    Work,
    /// `struct tasklet_struct`.
    Tasklet,
    /// `struct irq_work`.
    IrqWork,
    /// `struct notifier_block`.
    Notifier,
    /// `struct callback_head`, which is also called `rcu_head`.
    RcuCallback,
    /// `struct list_head`.
    List,
    /// `struct hlist_head`.
    HashList,
    /// `struct rb_root`.
    Tree,
}

impl Holder {
    /// That of a tag in the kernel's source.
    pub(super) fn of(kind: TagKind, tag: &str) -> Option<Self> {
        let known = match tag {
            "timer_list" => Self::Timer { is_pending: false },
            "hrtimer" => Self::HighResolutionTimer,
            "work_struct" => Self::Work,
            "tasklet_struct" => Self::Tasklet,
            "irq_work" => Self::IrqWork,
            "notifier_block" => Self::Notifier,
            "callback_head" => Self::RcuCallback,
            "list_head" => Self::List,
            "hlist_head" => Self::HashList,
            "rb_root" => Self::Tree,
            _ => return None,
        };
        (kind == TagKind::Struct).then_some(known)
    }

    /// That of an object, whose second word this is. Since Linux 4.2 a timer is pending while its second
    /// word, `entry.pprev`, is not NULL (`include/linux/timer.h`).
    pub(super) fn with_second_word(self, word: Option<u64>) -> Self {
        match self {
            Self::Timer { .. } => Self::Timer { is_pending: word.is_some_and(|word| word != 0) },
            other => other,
        }
    }

    /// Its name in a message, if code is called through it: `timer, pending`.
    #[must_use]
    pub fn called(self) -> Option<&'static str> {
        match self {
            Self::Timer { is_pending: true } => Some("timer, pending"),
            Self::Timer { is_pending: false } => Some("timer"),
            Self::HighResolutionTimer => Some("high-resolution timer"),
            Self::Work => Some("work item"),
            Self::Tasklet => Some("tasklet"),
            Self::IrqWork => Some("irq work"),
            Self::Notifier => Some("notifier"),
            Self::RcuCallback => Some("RCU callback"),
            Self::List | Self::HashList | Self::Tree => None,
        }
    }
}
