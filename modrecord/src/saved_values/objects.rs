// SPDX-License-Identifier: MIT OR Apache-2.0
//! Objects of the kernel that mean nothing without their addresses: locks, lists, timers. They are never
//! restored. Those that are idle start from the file's initial value; the others are refused by name.

use crate::values_json::{Shown, ShownField, ShownKind};

/// When the file's initial value can take the place of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// Always: it only serves for debugging.
    Always,
    /// All of its pointers are NULL, poison, or lead to itself.
    Empty,
    /// No lock in it is held.
    NotHeld,
    /// All of it is zero: it was never set up.
    Zero,
}

/// A kind of object.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ObjectKind {
    /// The structure's tag.
    tag: &'static str,
    /// With an article, and what it says if the condition does not hold.
    pub(super) refused: &'static str,
    pub(super) condition: Condition,
}

const fn kind(tag: &'static str, refused: &'static str, condition: Condition) -> ObjectKind {
    ObjectKind { tag, refused, condition }
}

const LIST: &str = "is a list that is not empty";
const NODE: &str = "is a node that is in a list";

/// Tags from the kernel's headers, 5.10 to 7.3.
const KINDS: &[ObjectKind] = &[
    // include/linux/types.h, list.h, list_bl.h, list_nulls.h, llist.h
    kind("list_head", LIST, Condition::Empty),
    kind("hlist_head", LIST, Condition::Empty),
    kind("hlist_bl_head", LIST, Condition::Empty),
    kind("hlist_nulls_head", LIST, Condition::Empty),
    kind("llist_head", LIST, Condition::Empty),
    kind("hlist_node", NODE, Condition::Empty),
    kind("hlist_bl_node", NODE, Condition::Empty),
    kind("hlist_nulls_node", NODE, Condition::Empty),
    kind("llist_node", NODE, Condition::Empty),
    // include/linux/rbtree_types.h, xarray.h, maple_tree.h
    kind("rb_root", "is a tree that is not empty", Condition::Empty),
    kind("rb_node", "is a node that is in a tree", Condition::Empty),
    kind("xarray", "is an xarray that is not empty", Condition::Empty),
    kind("maple_tree", "is a maple tree that is not empty", Condition::Empty),
    // include/linux/spinlock_types.h, mutex.h, rwsem.h, rtmutex.h; include/asm-generic/qspinlock_types.h
    kind("spinlock", "is a spinlock that is locked", Condition::NotHeld),
    kind("raw_spinlock", "is a spinlock that is locked", Condition::NotHeld),
    kind("qspinlock", "is a spinlock that is locked", Condition::NotHeld),
    kind("qrwlock", "is a read-write lock that is locked", Condition::NotHeld),
    kind("mutex", "is a mutex that is locked", Condition::NotHeld),
    kind("rw_semaphore", "is a semaphore that is locked", Condition::NotHeld),
    kind("rt_mutex_base", "is a mutex that is locked", Condition::Empty),
    kind("lockdep_map", "", Condition::Always),
    // These have pointers to functions, or the kernel points to them once they are set up.
    kind("timer_list", "is a timer", Condition::Zero),
    kind("hrtimer", "is a timer", Condition::Zero),
    kind("work_struct", "is a work item", Condition::Zero),
    kind("callback_head", "is an RCU callback", Condition::Zero),
    kind("kobject", "is a kobject", Condition::Zero),
    kind("notifier_block", "is a notifier", Condition::Zero),
    kind("tasklet_struct", "is a tasklet", Condition::Zero),
    kind("irq_work", "is an irq_work", Condition::Zero),
    kind("percpu_ref", "is a percpu_ref", Condition::Zero),
    kind("srcu_struct", "is an srcu_struct", Condition::Zero),
];

/// The kind of a structure with this tag.
pub(super) fn find(tag: &str) -> Option<&'static ObjectKind> {
    KINDS.iter().find(|kind| !tag.is_empty() && kind.tag == tag)
}

/// `LIST_POISON1` and `LIST_POISON2` as most 64-bit kernels have them, and without an offset
/// (include/linux/poison.h); `SPINLOCK_OWNER_INIT` (include/linux/spinlock_types_raw.h).
const NOWHERE: &[u64] = &[0, 0xdead_0000_0000_0100, 0xdead_0000_0000_0122, 0x100, 0x122, usize::MAX as u64];

impl ObjectKind {
    /// Whether the file's initial value can take the place of an object that was at `address`.
    pub(super) fn is_idle(&self, value: &Shown, address: u64) -> bool {
        match self.condition {
            Condition::Always => true,
            Condition::Empty => pointers_lead_nowhere(value, address, self.tag == "rb_node"),
            Condition::NotHeld => !is_held(value, self.tag),
            Condition::Zero => is_zero(value),
        }
    }
}

/// An address, as JSON has it.
pub(super) fn address(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

/// A node of a tree has its parent's address in a number.
fn pointers_lead_nowhere(value: &Shown, own: u64, counts_numbers: bool) -> bool {
    let leads_nowhere = |address: u64| address == own || NOWHERE.contains(&address);
    match &value.kind {
        ShownKind::Pointer { address: text, .. } => address(text).is_some_and(leads_nowhere),
        ShownKind::Number { value } if counts_numbers => value.parse().is_ok_and(leads_nowhere),
        ShownKind::Struct { fields, cut: false } | ShownKind::Union { fields, cut: false } => {
            let matters = |field: &&ShownField| !is_for_debugging(field);
            let mut fields = fields.iter().filter(matters);
            fields.all(|field| pointers_lead_nowhere(&field.value, own, counts_numbers))
        }
        ShownKind::Number { .. } | ShownKind::Enum { .. } | ShownKind::Bool { .. } => true,
        _ => false,
    }
}

fn is_for_debugging(field: &ShownField) -> bool {
    field.type_name == "struct lockdep_map"
}

/// Fields of locks that are zero while nobody holds them: `qspinlock.val`, `qrwlock.cnts`, `mutex.owner`,
/// `rw_semaphore.count`; `rt_mutex_base.owner` with PREEMPT_RT.
const LOCK_WORDS: &[&str] = &["val", "cnts", "owner", "count", "readers"];

/// `READER_BIAS` (include/linux/rwbase_rt.h) as a number of 32 bits with a sign: what `rwbase_rt.readers` is
/// while nobody holds the lock.
const READER_BIAS: &str = "-2147483648";

/// Whether a lock is held: whether one of the words that say so is not zero. `tag` is the structure's that
/// the value is of, as far as that is known.
fn is_held(value: &Shown, tag: &str) -> bool {
    let (ShownKind::Struct { fields, cut } | ShownKind::Union { fields, cut }) = &value.kind else {
        return false;
    };
    let field_is_held = |field: &ShownField| match (&field.value.kind, &*field.name) {
        _ if is_for_debugging(field) => false,
        // The last reader stays there: only its count says whether it is held.
        (_, "owner") if tag == "rw_semaphore" => false,
        (_, name) if !LOCK_WORDS.contains(&name) => is_held(&field.value, ""),
        (ShownKind::Pointer { address: text, .. }, _) => {
            !address(text).is_some_and(|at| NOWHERE.contains(&at))
        }
        (_, "readers") => !is_zero(&field.value) && !is_only(&field.value, READER_BIAS),
        _ => !is_zero(&field.value),
    };
    *cut || fields.iter().any(field_is_held)
}

/// Whether a value is this number, or a structure of nothing but that, such as an `atomic_t`.
fn is_only(value: &Shown, number: &str) -> bool {
    match &value.kind {
        ShownKind::Number { value } => value == number,
        ShownKind::Struct { fields, cut: false } => match fields.as_slice() {
            [only] => is_only(&only.value, number),
            _ => false,
        },
        _ => false,
    }
}

/// Whether all of a value is zero.
pub(super) fn is_zero(value: &Shown) -> bool {
    match &value.kind {
        ShownKind::Number { value }
        | ShownKind::Char { value }
        | ShownKind::Bool { value }
        | ShownKind::Float { value }
        | ShownKind::Enum { value, .. } => value == "0",
        ShownKind::Text { bytes, .. } | ShownKind::Bytes { bytes } => {
            bytes.bytes().all(|digit| digit == b'0')
        }
        ShownKind::Pointer { address: text, .. } => address(text) == Some(0),
        ShownKind::Array { runs, cut, .. } => !cut && runs.iter().all(|run| is_zero(&run.value)),
        ShownKind::Struct { fields, cut } | ShownKind::Union { fields, cut } => {
            !cut && fields.iter().all(|field| is_zero(&field.value))
        }
        ShownKind::Untyped { .. } | ShownKind::Missing { .. } => false,
    }
}
