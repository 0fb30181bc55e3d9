// SPDX-License-Identifier: MIT OR Apache-2.0
//! Registers of a report by the disassembler's names.

use liboops::report::State;

/// The bit of arm's status register that says that Thumb instructions run.
const THUMB: u64 = 1 << 5;

/// Names of mips' registers in assembler, by their numbers, of which the log has `$4`. The 64-bit interface
/// has other names for 8 to 15, but disassemblers print these.
const MIPS: [&str; 32] = [
    "zero", "at", "v0", "v1", "a0", "a1", "a2", "a3", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "s0",
    "s1", "s2", "s3", "s4", "s5", "s6", "s7", "t8", "t9", "k0", "k1", "gp", "sp", "fp", "ra",
];

/// Whether arm was to execute Thumb instructions.
pub(super) fn is_thumb(state: &State) -> bool {
    state.register("psr").is_some_and(|psr| psr & THUMB != 0)
}

/// Returns the value of a register by its name in assembler: `rax`, `r8`, `rflags`, `gs_base`, `x0`, `a0`.
pub(super) fn value(state: &State, name: &str) -> Option<u64> {
    x86(state, name).or_else(|| state.register(name)).or_else(|| other(state, name))
}

/// Processors other than x86, where the log has other names.
fn other(state: &State, name: &str) -> Option<u64> {
    match name {
        "zero" | "xzr" => return Some(0),
        // arm64's `lr` and frame pointer, and riscv's.
        "x30" => return state.register("lr"),
        "fp" if state.register("x29").is_some() => return state.register("x29"),
        "fp" if state.register("a7").is_some() => return state.register("s0"),
        _ => {}
    }
    let by_number = |number: usize| {
        let forms = [format!("GPR{number:02}"), format!("GPR{number}"), format!("R{number}")];
        forms.iter().find_map(|form| state.register(form))
    };
    let number = name.strip_prefix('r').and_then(|number| number.parse().ok());
    number.and_then(by_number).or_else(|| {
        let number = MIPS.iter().position(|mips| *mips == name)?;
        state.register(&format!("${number}"))
    })
}

fn x86(state: &State, name: &str) -> Option<u64> {
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
