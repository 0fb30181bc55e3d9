// SPDX-License-Identifier: MIT OR Apache-2.0
//! Objects of the kernel that must not move while they are in use, and how their own fields tell.
//!
//! Only the innermost types need a rule: a `delayed_work` is checked as the work and the timer in it.

use super::shape;
use crate::types::{TypeId, Types};

/// What a field has to be so that the object may be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// Zero.
    Zero,
    /// These bits are zero.
    BitsZero(u64),
    /// A link: none, poisoned, or to what moves in the same load.
    Unlinked,
    /// Not a node of an xarray or maple tree, which would point back to the head.
    NoNode,
    /// Zero, or the object's own address: that is how a node that is in no tree looks.
    OwnAddress,
}

/// When objects of one type may be moved.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// The structure's tag.
    tag: &'static str,
    /// For messages, with an article.
    pub(super) object: &'static str,
    /// The field; `|` parts what it is called in different versions.
    field: &'static str,
    pub(super) condition: Condition,
    /// What it says about the object if the condition does not hold.
    pub(super) state: &'static str,
}

const fn rule(
    tag: &'static str,
    object: &'static str,
    field: &'static str,
    condition: Condition,
    state: &'static str,
) -> Rule {
    Rule { tag, object, field, condition, state }
}

const LINKED: &str = "is linked with objects elsewhere, which point back to it";

/// Facts from the kernel's headers (5.10 to 7.3), by the function that asks the same question.
const RULES: &[Rule] = &[
    // timer_pending(): hlist_unhashed(&timer->entry). include/linux/timer.h
    rule("timer_list", "a timer", "entry.pprev", Condition::Zero, "is pending"),
    // hrtimer_is_queued(): HRTIMER_STATE_ENQUEUED, later is_queued. include/linux/hrtimer.h
    rule("hrtimer", "a timer", "state|is_queued", Condition::BitsZero(1), "is queued"),
    // work_pending(): WORK_STRUCT_PENDING_BIT (0); WORK_STRUCT_PWQ_BIT (2) while queued.
    // include/linux/workqueue.h
    rule("work_struct", "a work item", "data.counter", Condition::BitsZero(5), "is pending"),
    // rcu_do_batch() clears func before it calls it. kernel/rcu/tree.c
    rule("callback_head", "an RCU callback", "func", Condition::Zero, "is waiting, or was used for a task"),
    // kobject_init() and kobject_put(). lib/kobject.c; cdev and device have one.
    rule("kobject", "a kobject", "kref.refcount.refs.counter", Condition::Zero, "has references"),
    // notifier_chain_register() links by next; the last block of a chain has none. kernel/notifier.c
    rule("notifier_block", "a notifier", "notifier_call", Condition::Zero, "may be registered"),
    rule("notifier_block", "a notifier", "next", Condition::Zero, "is registered"),
    // TASKLET_STATE_SCHED and TASKLET_STATE_RUN. include/linux/interrupt.h
    rule("tasklet_struct", "a tasklet", "state", Condition::Zero, "is scheduled"),
    // irq_work_is_pending(), irq_work_is_busy(). include/linux/irq_work.h
    rule(
        "irq_work",
        "an irq_work",
        "node.a_flags.counter|node.u_flags|flags.counter|flags",
        Condition::BitsZero(3),
        "is pending",
    ),
    // percpu_ref_data has a pointer back. include/linux/percpu-refcount.h
    rule("percpu_ref", "a percpu_ref", "data|percpu_count_ptr", Condition::Zero, "is initialised"),
    // srcu_data has a pointer back. include/linux/srcutree.h
    rule("srcu_struct", "an srcu_struct", "sda", Condition::Zero, "is initialised"),
    // queued_spin_is_locked(), queued_rwlock. include/asm-generic/qspinlock.h, qrwlock.h
    rule("qspinlock", "a spinlock", "val.counter", Condition::Zero, "is locked"),
    rule("qrwlock", "a read-write lock", "cnts.counter", Condition::Zero, "is locked"),
    // mutex_is_locked(), rwsem_is_locked(); their waiters are on lists. include/linux/mutex.h, rwsem.h
    rule("mutex", "a mutex", "owner.counter|rtmutex.owner", Condition::Zero, "is locked"),
    rule("rw_semaphore", "a semaphore", "count.counter|rwbase.readers", Condition::Zero, "is locked"),
    // Lists: the neighbours point back. include/linux/types.h, list.h; poison: include/linux/poison.h
    rule("list_head", "a list", "next", Condition::Unlinked, LINKED),
    rule("list_head", "a list", "prev", Condition::Unlinked, LINKED),
    rule("hlist_head", "a list", "first", Condition::Unlinked, LINKED),
    rule("hlist_node", "a list node", "pprev", Condition::Unlinked, LINKED),
    rule("hlist_bl_head", "a list", "first", Condition::Unlinked, LINKED),
    rule("hlist_bl_node", "a list node", "pprev", Condition::Unlinked, LINKED),
    rule("hlist_nulls_node", "a list node", "pprev", Condition::Unlinked, LINKED),
    // RB_EMPTY_NODE(): __rb_parent_color is the node itself. include/linux/rbtree.h
    rule("rb_node", "a tree node", "__rb_parent_color", Condition::OwnAddress, "is in a tree"),
    // xa_is_node(); xa_node.array points back, and so does a maple tree's root. include/linux/xarray.h
    rule("xarray", "an xarray", "xa_head", Condition::NoNode, "is not empty: its nodes point back to it"),
    rule(
        "maple_tree",
        "a maple tree",
        "ma_root",
        Condition::NoNode,
        "is not empty: its root points back to it",
    ),
];

/// A rule, applied to the description of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IdleTest {
    pub(super) rule: &'static Rule,
    /// Offset and size of the field in bytes; `None` if this version has no such field: then the whole
    /// object must be zero.
    pub(super) field: Option<(u64, u64)>,
    /// Size of the object in bytes.
    pub(super) size: u64,
}

/// What has to be checked before an object of a type is moved.
pub(super) fn tests(types: &dyn Types, id: TypeId, tag: &str, size: u64) -> Vec<IdleTest> {
    let rules = RULES.iter().filter(|rule| rule.tag == tag);
    rules
        .map(|rule| {
            let found = rule.field.split('|').find_map(|path| shape::find(types, id, path));
            let field =
                found.filter(|(bit, bits, _)| bit % 8 == 0 && (1..=64).contains(bits) && bits % 8 == 0);
            IdleTest { rule, field: field.map(|(bit, bits, _)| (bit / 8, bits / 8)), size }
        })
        .collect()
}
