// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which sections of a module are worth recording.

/// Beginnings of the names of sections that no address in an oops points into: tables for the loader, the
/// tracer, the unwinder and for patching code. They are two thirds of a module's sections, and each address
/// is a file to read.
const TABLES: &[&str] = &[
    ".note",
    ".modinfo",
    ".orc_",
    ".altinst",
    ".parainstructions",
    ".smp_locks",
    ".retpoline_sites",
    ".return_sites",
    ".call_sites",
    ".cfi_sites",
    ".ibt_endbr_seal",
    ".static_call",
    ".symtab",
    ".strtab",
    ".eh_frame",
    ".codetag",
    "__ksymtab",
    "__kcrctab",
    "__kflagstab",
    "__versions",
    "__mcount_loc",
    "__patchable_function_entries",
    "__bug_table",
    "__ex_table",
    "__jump_table",
    "__param",
    "__modver",
    "__tracepoints_ptrs",
    "__bpf_raw_tp_map",
    "_ftrace_event",
    "_kprobe_blacklist",
    "_error_injection",
];

/// Whether the address of a section is recorded.
pub(crate) fn is_recorded(name: &str) -> bool {
    !TABLES.iter().any(|table| name.starts_with(table))
}
