// SPDX-License-Identifier: MIT OR Apache-2.0
//! Objects of the kernel that are in use, or not.

use super::compiled::{NEW, OLD, Outcome, Said, carry, x};

const KERNEL: &str = "
typedef struct { int counter; } atomic_t;
typedef struct { long counter; } atomic_long_t;
struct list_head { struct list_head *next, *prev; };
struct hlist_node { struct hlist_node *next, **pprev; };
struct hlist_head { struct hlist_node *first; };
struct callback_head { struct callback_head *next; void (*func)(struct callback_head *); };
struct timer_list { struct hlist_node entry; unsigned long expires; void (*function)(struct timer_list *); unsigned flags; };
struct work_struct { atomic_long_t data; struct list_head entry; void (*func)(struct work_struct *); };
struct delayed_work { struct work_struct work; struct timer_list timer; void *wq; int cpu; };
struct qspinlock { union { atomic_t val; struct { char locked, pending; }; }; };
struct raw_spinlock { struct qspinlock raw_lock; };
typedef struct spinlock { union { struct raw_spinlock rlock; }; } spinlock_t;
struct mutex { atomic_long_t owner; struct raw_spinlock wait_lock; struct list_head wait_list; };
struct rb_node { unsigned long __rb_parent_color; struct rb_node *left, *right; };
struct rb_root { struct rb_node *rb_node; };
struct notifier_block { int (*notifier_call)(void *); struct notifier_block *next; int priority; };
struct kref { struct { atomic_t refs; } refcount; };
struct kobject { const char *name; struct list_head entry; struct kref kref; };
struct wait_queue_head { spinlock_t lock; struct list_head head; };
struct xarray { spinlock_t xa_lock; unsigned xa_flags; void *xa_head; };
";

/// The field at 8 bytes moves to 16, with these words in it.
fn moved(field: &str, words: &[u64]) -> Outcome {
    let old = format!("{KERNEL} struct {{ long a; {field}; }} x = {{ 1 }};");
    let new = format!("{KERNEL} struct {{ long count, a; {field}; }} x;");
    let (mut old, new) = (x("gcc", &old), x("gcc", &new));
    for (index, word) in words.iter().enumerate() {
        old.bytes[8 + index * 8..16 + index * 8].copy_from_slice(&word.to_le_bytes());
    }
    carry(&old, &new, &Said::default())
}

#[track_caller]
fn is_idle(field: &str, words: &[u64], then: &[u64]) {
    match moved(field, words) {
        Outcome::Converted(bytes) => {
            for (index, word) in then.iter().enumerate() {
                let read = u64::from_le_bytes(bytes[16 + index * 8..24 + index * 8].try_into().unwrap());
                assert_eq!(read, *word, "{field}, word {index}");
            }
        }
        other => panic!("{field}: {other:?}"),
    }
}

#[track_caller]
fn is_in_use(field: &str, words: &[u64], text: &str) {
    match moved(field, words) {
        Outcome::Refused(refusal) => assert_eq!(refusal, text),
        other => panic!("{field}: {other:?}"),
    }
}

const ELSEWHERE: u64 = 0xffff_8880_dead_0000;
const LINKED: &str = "is linked with objects elsewhere, which point back to it";

#[test]
fn lists() {
    let (old, new) = (OLD + 8, NEW + 16);
    is_idle("struct list_head l", &[0, 0], &[0, 0]);
    is_idle("struct list_head l", &[old, old], &[new, new]);
    let poison = [0xdead_0000_0000_0100, 0xdead_0000_0000_0122];
    is_idle("struct list_head l", &poison, &poison);
    is_in_use("struct list_head l", &[ELSEWHERE, ELSEWHERE], &format!("x.l: is a list that {LINKED}"));
    // All nodes are in the variable itself.
    is_idle("struct list_head l, m", &[old + 16, old + 16, old, old], &[new + 16, new + 16, new, new]);
    is_idle("struct hlist_head h; struct hlist_node n", &[old + 8, 0, old], &[new + 8, 0, new]);
    is_in_use("struct hlist_head h", &[ELSEWHERE], &format!("x.h: is a list that {LINKED}"));
    is_in_use("struct hlist_node h", &[0, ELSEWHERE], &format!("x.h: is a list node that {LINKED}"));
    is_in_use(
        "struct { int i; struct list_head l; } b[2]",
        &[0, 0, 0, 0, ELSEWHERE, ELSEWHERE],
        &format!("x.b[1].l: is a list that {LINKED}"),
    );
}

#[test]
fn trees() {
    is_idle("struct rb_node n", &[OLD + 8], &[NEW + 16]);
    is_idle("struct rb_node n", &[0], &[0]);
    is_in_use("struct rb_node n", &[ELSEWHERE | 1], "x.n: is a tree node that is in a tree");
    is_idle("struct rb_root r", &[ELSEWHERE], &[ELSEWHERE]);
    is_idle("struct xarray r", &[0, ELSEWHERE], &[0, ELSEWHERE]);
    is_in_use(
        "struct xarray r",
        &[0, ELSEWHERE | 2],
        "x.r: is an xarray that is not empty: its nodes point back to it",
    );
}

#[test]
fn what_waits_for_something() {
    is_idle("struct timer_list t", &[0xdead_0000_0000_0122, 0, 5], &[0xdead_0000_0000_0122, 0, 5]);
    is_in_use("struct timer_list t", &[0, ELSEWHERE], "x.t: is a timer that is pending");
    is_idle("struct work_struct w", &[0xfff_ffe0, OLD + 16, OLD + 16], &[0xfff_ffe0, NEW + 24, NEW + 24]);
    is_in_use("struct work_struct w", &[1, OLD + 16, OLD + 16], "x.w: is a work item that is pending");
    is_in_use("struct delayed_work w", &[0, 0, 0, 0, 0, ELSEWHERE], "x.w.timer: is a timer that is pending");
    is_in_use(
        "struct callback_head r",
        &[0, ELSEWHERE],
        "x.r: is an RCU callback that is waiting, or was used for a task",
    );
    is_in_use("struct notifier_block n", &[ELSEWHERE], "x.n: is a notifier that may be registered");
    is_in_use("struct kobject k", &[0, 0, 0, 1], "x.k: is a kobject that has references");
}

#[test]
fn locks() {
    is_idle("spinlock_t l", &[0], &[0]);
    is_in_use("spinlock_t l", &[1], "x.l.rlock.raw_lock: is a spinlock that is locked");
    is_in_use("struct mutex m", &[ELSEWHERE], "x.m: is a mutex that is locked");
    is_in_use(
        "struct wait_queue_head q",
        &[0, ELSEWHERE, ELSEWHERE],
        &format!("x.q.head: is a list that {LINKED}"),
    );
}

#[test]
fn what_stays_may_be_in_use() {
    let old = format!("{KERNEL} struct {{ struct list_head l; long a; }} x;");
    let new = format!("{KERNEL} struct {{ struct list_head l; long a, b; }} x;");
    let (mut old, new) = (x("gcc", &old), x("gcc", &new));
    old.bytes[..8].copy_from_slice(&ELSEWHERE.to_le_bytes());
    let outcome = carry(&old, &new, &Said { room: 64, ..Said::default() });
    assert!(matches!(outcome, Outcome::Grows), "{outcome:?}");
}
