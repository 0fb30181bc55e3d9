// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names of registers by architecture, as they are shown.

/// The instruction pointer.
pub(super) fn instruction_pointer(arch: Option<&str>) -> &'static str {
    match arch {
        Some("i386") => "EIP",
        Some("aarch64" | "arm" | "alpha") => "pc",
        Some("riscv64" | "riscv32" | "mips" | "mips64") => "epc",
        Some("ppc" | "ppc64" | "ppc64le") => "NIP",
        Some("s390" | "s390x") => "PSW",
        Some("loongarch64") => "ERA",
        Some("sparc64") => "TPC",
        Some("m68k" | "sparc" | "sh4" | "openrisc") => "PC",
        Some("ia64") => "ip",
        Some("parisc" | "parisc64") => "IAOQ",
        _ => "RIP",
    }
}

/// The register with a return address.
pub(super) fn return_address(arch: Option<&str>) -> &'static str {
    match arch {
        Some("aarch64" | "arm") => "lr",
        Some("ppc" | "ppc64" | "ppc64le") => "LR",
        Some("sparc" | "sparc64") => "i7",
        Some("sh4") => "PR",
        Some("ia64") => "b0",
        Some("parisc" | "parisc64") => "RP",
        Some("openrisc") => "r9",
        _ => "ra",
    }
}

/// Whether a register may hold an address of data. Segment and control registers do not, except those with
/// the address of the last fault.
pub(super) fn may_point_to_data(name: &str) -> bool {
    let is_numbered = |prefix: &str| {
        name.strip_prefix(prefix).is_some_and(|number| !number.is_empty() && number.parse::<u8>().is_ok())
    };
    const I386: [&str; 8] = ["EAX", "EBX", "ECX", "EDX", "ESI", "EDI", "EBP", "ESP"];
    const FAULT: [&str; 9] = ["CR2", "DAR", "DEAR", "BadVA", "BADV", "badaddr", "sbadaddr", "TEA", "IOR"];
    const NUMBERED: [&str; 12] = ["x", "r", "$", "a", "s", "t", "d", "g", "o", "l", "i", "GPR"];
    matches!(name, "gp" | "fp" | "ip" | "sl" | "v0" | "pv")
        || FAULT.contains(&name)
        || I386.contains(&name)
        || name.starts_with('R') && !matches!(name, "REGS" | "RES")
        || NUMBERED.iter().any(|prefix| is_numbered(prefix))
}
