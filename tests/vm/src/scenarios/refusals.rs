// SPDX-License-Identifier: MIT OR Apache-2.0
//! Data that must not be kept is refused, with the variable's name, before anything is loaded.

use anyhow::{Context, Result, ensure};

use crate::ctx::Ctx;
use crate::scenario::Scenario;

/// The scenarios of this file.
pub const SCENARIOS: &[Scenario] =
    &[Scenario::new("refusals", "every refusal, by variable, offset and target", refusals)];

/// The file, the error, and whether a plain load works. Some processors have sections of their own for small
/// objects.
const CASES: &[(&str, &str, bool)] = &[
    (
        "refuse",
        "pointer (offset 0x0 of .data..persistent) is initialised with the address of the string \"a string of the module\" in .rodata",
        true,
    ),
    ("refuse_function", "is initialised with the address of function some_function in .text", true),
    ("refuse_ops", "is initialised with the address of some_ops in .", true),
    ("refuse_data", "is initialised with the address of ordinary in .", true),
    (
        "refuse_lock_name",
        "refuse.c:pointer+0x8 (offset 0x8 of .data..persistent) is initialised with the address of the string \"lock.name\"",
        true,
    ),
    (
        "refuse_this_module",
        "is initialised with the address of __this_module in .gnu.linkonce.this_module",
        true,
    ),
    (
        "refuse_charp",
        "refuse.c:pointer (offset 0x0 of .data..persistent) holds the charp parameter words",
        true,
    ),
    (
        "refuse_charp_array",
        "refuse.c:pointer (offset 0x0 of .data..persistent) holds the charp parameter words:",
        true,
    ),
    ("refuse_alignment", ".data..persistent asks for an alignment of 8192 bytes", true),
    ("refuse_livepatch", "this is a livepatch module (livepatch= in .modinfo)", false),
    ("refuse_executable", ".data..persistent has the section flags 0x7", false),
    ("refuse_narrow", "16, which cannot be kept", false),
    ("counters_nodebug", "counters.c:cnt stands for several variables (cnt.0, cnt.1)", true),
];

fn refusals(ctx: &mut Ctx) -> Result<()> {
    for (name, text, loads) in CASES {
        let file = ctx.fixture(name)?;
        let calls = ctx.trace_module_calls(|ctx| {
            for option in ["--keep=auto", "--keep=require"] {
                let output = ctx.insmod([option, file.as_str()])?.code(1)?;
                output
                    .stderr_has("its persistent data cannot be kept")?
                    .stderr_has(text)?
                    .stderr_has("--keep=off")?;
            }
            ctx.modpersist(["check", &file])?.code(1)?.stdout_has(text)
        });
        let calls = calls.with_context(|| name.to_string())?;
        ensure!(calls.is_empty(), "{name}: the kernel was asked to load: {calls:?}");
        if *loads {
            ctx.insmod(["--keep=off", file.as_str()])?.success()?.silent()?;
            let module = if name.starts_with("counters") { "counters" } else { "refuse" };
            ctx.rmmod([module])?.success()?.silent()?;
        }
    }
    Ok(())
}
