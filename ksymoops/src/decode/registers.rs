// SPDX-License-Identifier: MIT OR Apache-2.0
//! Registers of a state by the disassembler's names.

use liboops::report::State;

/// The value of a register: `rax`, `r8`, `rflags`, `gs_base`.
pub(super) fn value(state: &State, name: &str) -> Option<u64> {
    match name {
        "r8" => state.register("R08"),
        "r9" => state.register("R09"),
        "rflags" => state.register("EFLAGS"),
        "fs_base" => base(state, "FS"),
        "gs_base" => base(state, "GS"),
        _ => state.register(&name.to_ascii_uppercase()),
    }
}

/// `GS:ffff888237c80000(0000)`: the base that counts at that time, and in brackets the selector. Of 32 bits there is only the selector.
fn base(state: &State, name: &str) -> Option<u64> {
    let register = state.registers.iter().find(|register| register.name == name)?;
    (register.span.len() == 16).then_some(register.value.0)
}
