// SPDX-License-Identifier: MIT OR Apache-2.0
//! Registers of a report by the disassembler's names.

use liboops::report::State;

/// Returns the value of a register: `rax`, `r8`, `rflags`, `gs_base`.
pub(super) fn value(state: &State, name: &str) -> Option<u64> {
    match name {
        "r8" => state.register("R08"),
        "r9" => state.register("R09"),
        "rflags" => state.register("EFLAGS"),
        "fs_base" => segment_base(state, "FS"),
        "gs_base" => segment_base(state, "GS"),
        _ => state.register(&name.to_ascii_uppercase()),
    }
}

/// 64-bit kernels print `GS:ffff888237c80000(0000)`: the base, and the selector in brackets. 32-bit kernels
/// print only the selector.
fn segment_base(state: &State, name: &str) -> Option<u64> {
    let register = state.registers.iter().find(|register| register.name == name)?;
    (register.span.len() == 16).then_some(register.value.0)
}
