// SPDX-License-Identifier: MIT OR Apache-2.0
//! Functions that are in a call trace because of the report, and say nothing about what went wrong.

/// Functions that print reports, enter the kernel for an exception, or check something.
const REPORTING: [&str; 91] = [
    "__die",
    "__die_body",
    "__this_cpu_preempt_check",
    "__dump_stack",
    "__might_resched",
    "__might_sleep",
    "__report_bad_irq",
    "__schedule_bug",
    "__show_regs",
    "__ubsan_handle",
    "__warn",
    "___might_sleep",
    "add_taint",
    "arm64_notify_die",
    "arch_trigger",
    "assert_",
    "asm_",
    "async_page_fault",
    "bad_area",
    "bad_page",
    "bug_handler",
    "bust_spinlocks",
    "call_break_hook",
    "check_bytes_and_report",
    "check_panic",
    "check_preemption_disabled",
    "check_memory_region",
    "debug_exception_enter",
    "debug_print_object",
    "debug_smp_processor_id",
    "die",
    "die_kernel_fault",
    "do_DataAbort",
    "do_PrefetchAbort",
    "do_debug_exception",
    "do_error_trap",
    "do_general_protection",
    "do_invalid_op",
    "do_kernel_fault",
    "do_mem_abort",
    "do_page_fault",
    "do_trap",
    "do_translation_fault",
    "do_undefinstr",
    "do_user_addr_fault",
    "dump_backtrace",
    "dump_stack",
    "el1_",
    "el1h_64_sync",
    "end_report",
    "exc_",
    "fixup_bug",
    "free_debug_processing",
    "general_protection",
    "handle_bug",
    "handle_overflow",
    "handle_exception",
    "invalid_op",
    "just_die",
    "kasan_",
    "kcsan_",
    "kernelmode_fixup_or_oops",
    "kfence_",
    "kmsan_",
    "math_error",
    "nmi_",
    "no_context",
    "notify_die",
    "object_err",
    "oops_end",
    "oops_enter",
    "page_fault",
    "panic",
    "print_",
    "report_bug",
    "rcu_dump",
    "rcu_check",
    "rcu_sched_clock_irq",
    "sched_show_task",
    "search_exception",
    "show_stack",
    "show_trace",
    "slab_err",
    "slab_bug",
    "slab_fix",
    "spurious_kernel_fault",
    "trap_",
    "ubsan_",
    "unwind_backtrace",
    "walk_stackframe",
    "warn_",
];

/// Functions of KASAN and its kin that check an access, by their beginnings.
const CHECKING: [&str; 11] = [
    "__asan_",
    "__kasan_",
    "__msan_",
    "__tsan_",
    "__kcsan_",
    "__hwasan_",
    "__kmsan_",
    "__sanitizer_cov_",
    "memcpy",
    "memset",
    "memmove",
];

/// lockdep.
const LOCKDEP: [&str; 28] = [
    "find_held_lock",
    "rcu_read_lock",
    "__lock_acquire",
    "__lock_release",
    "lock_acquire",
    "lock_release",
    "lock_downgrade",
    "lock_is_held",
    "validate_chain",
    "check_noncircular",
    "check_prev_add",
    "check_prevs_add",
    "check_deadlock",
    "check_irq_usage",
    "check_usage",
    "mark_lock",
    "mark_usage",
    "mark_held_locks",
    "valid_state",
    "lockdep_",
    "register_lock_class",
    "debug_check_no",
    "debug_check_no_locks",
    "trace_hardirqs",
    "trace_softirqs",
    "__raw_",
    "_raw_",
    "rcu_lock_acquire",
];

/// Functions that wait for something, or take a lock.
const WAITING: [&str; 26] = [
    "__sched_text_start",
    "__schedule",
    "schedule",
    "context_switch",
    "io_schedule",
    "rwsem_down",
    "__down",
    "down",
    "down_",
    "__switch_to",
    "wait_for_completion",
    "do_wait_for_common",
    "__wait_for_common",
    "wait_on_",
    "__wait_on_",
    "bit_wait",
    "out_of_line_wait",
    "__mutex_lock",
    "mutex_lock",
    "rt_mutex",
    "__rt_mutex",
    "_raw_spin",
    "__raw_spin",
    "native_queued_spin",
    "queued_spin",
    "percpu_",
];

/// Functions that give memory or copy it, and may sleep.
const ALLOCATING: [&str; 15] = [
    "__alloc_",
    "__kmalloc",
    "__might_fault",
    "__vmalloc",
    "alloc_pages",
    "fs_reclaim_acquire",
    "kmalloc",
    "kmem_cache_alloc",
    "kmemdup",
    "krealloc",
    "kstrdup",
    "should_fail",
    "should_failslab",
    "slab_",
    "vmalloc",
];

/// Interrupts, and the timer's above all.
const INTERRUPTING: [&str; 24] = [
    "__do_irq",
    "__hrtimer_",
    "__irq_",
    "__sysvec_",
    "_sched_show_task",
    "apic_timer_interrupt",
    "asm_sysvec_",
    "check_cpu_stall",
    "common_interrupt",
    "do_IRQ",
    "dump_cpu_task",
    "end_repeat_nmi",
    "handle_irq",
    "hrtimer_",
    "irq_",
    "local_apic_timer",
    "print_cpu_stall",
    "ret_from_intr",
    "rcu_",
    "smp_apic_timer_interrupt",
    "sysvec_",
    "tick_",
    "update_process_times",
    "watchdog_",
];

/// Where a trace enters the kernel, or a thread begins: what is below is the same in all traces.
const ENTRIES: [&str; 14] = [
    "do_syscall",
    "entry_",
    "ret_from",
    "system_call",
    "sysenter",
    "int80",
    "do_int80",
    "do_fast_syscall",
    "el0_",
    "el0t_",
    "invoke_syscall",
    "__do_fast_syscall",
    "x86_64_start",
    "secondary_startup",
];

/// Which functions of a call trace are passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passed {
    /// Those that report.
    Reporting,
    /// Those of interrupts as well.
    Interrupting,
    /// Those that take locks, wait or give memory, and lockdep's, as well.
    Waiting,
}

/// Whether a function says nothing about what went wrong.
pub(super) fn is_passed(function: &str, passed: Passed) -> bool {
    let begins = |names: &[&str]| {
        names.iter().any(|name| {
            let rest = function.strip_prefix(name);
            // A name that ends in `_` stands for all that begin with it, and the others for themselves and
            // what compilers and later kernels append.
            rest.is_some_and(|rest| name.ends_with('_') || rest.is_empty() || rest.starts_with(['_', '.']))
        })
    };
    begins(&REPORTING)
        || begins(&CHECKING)
        || passed == Passed::Interrupting && begins(&INTERRUPTING)
        || passed == Passed::Waiting && [&LOCKDEP[..], &WAITING, &ALLOCATING].into_iter().any(begins)
}

/// Functions that warn or stop because of what their caller gives them.
const CHECKING_FOR_CALLERS: [&str; 14] = [
    "__check_heap_object",
    "__check_object_size",
    "__fortify_",
    "__list_add",
    "__list_del_entry",
    "check_heap_object",
    "fortify_panic",
    "kmalloc_slab",
    "refcount_",
    "report_usercopy",
    "skb_over_panic",
    "skb_panic",
    "skb_under_panic",
    "usercopy_",
];

/// Whether a function that warns says nothing about what went wrong, but its caller does.
pub(super) fn is_of_caller(function: &str) -> bool {
    CHECKING_FOR_CALLERS.iter().any(|name| {
        let rest = function.strip_prefix(name);
        rest.is_some_and(|rest| name.ends_with('_') || rest.is_empty() || rest.starts_with(['_', '.']))
    })
}

/// Whether a function only passes a call on, to what is in a register.
pub(super) fn is_thunk(function: &str) -> bool {
    function.starts_with("__x86_indirect_thunk_") || function.starts_with("__x86_return_thunk")
}

/// Whether a function is called by what the compiler has added, anywhere.
pub(super) fn is_added(function: &str) -> bool {
    const ADDED: [&str; 6] = [
        "__sanitizer_cov_",
        "__asan_",
        "__tsan_",
        "__kasan_check",
        "check_memory_region",
        "kasan_check_range",
    ];
    ADDED.iter().any(|name| function.starts_with(name))
}

/// Whether a function is where the kernel was entered.
pub(super) fn is_entry(function: &str) -> bool {
    ENTRIES.iter().any(|name| function.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_passed_over() {
        for name in [
            "dump_stack_lvl",
            "kasan_report",
            "print_address_description",
            "asm_exc_page_fault",
            "panic",
            "check_preemption_disabled",
            "__sanitizer_cov_trace_pc",
        ] {
            assert!(is_passed(name, Passed::Reporting), "{name}");
        }
        for name in
            ["panicking", "printk_late_init", "diet", "ext4_fill_super", "schedule", "down", "downlink_write"]
        {
            assert!(!is_passed(name, Passed::Reporting), "{name}");
        }
        assert!(
            is_passed("schedule_timeout", Passed::Waiting) && is_passed("__lock_acquire", Passed::Waiting)
        );
        assert!(is_passed("down", Passed::Waiting) && !is_passed("downlink_write", Passed::Waiting));
        assert!(is_added("__sanitizer_cov_trace_switch") && !is_added("memcpy"));
        for name in ["usercopy_abort", "__list_del_entry_valid_or_report", "refcount_warn_saturate"] {
            assert!(is_of_caller(name), "{name}");
        }
        assert!(!is_of_caller("list_del_event") && !is_of_caller("kmalloc_slabs"));
        assert!(is_thunk("__x86_indirect_thunk_rax") && !is_thunk("kfree"));
        assert!(is_entry("do_syscall_64") && !is_entry("vfs_read"));
    }
}
