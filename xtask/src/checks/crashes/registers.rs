// SPDX-License-Identifier: MIT OR Apache-2.0
//! Registers and numbers, as gdb's stops and the JSON output of ksymoops have them.

use serde_json::Value;

/// The value of a register at a stop.
pub fn register_of(stop: &Value, name: &str) -> Option<u64> {
    stop["registers"].get(name)?.as_u64()
}

/// The name of a register as gdb has it: `R08` is `r8`.
pub fn register(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    match name.strip_prefix("r0") {
        Some(digit) => format!("r{digit}"),
        None => name,
    }
}

/// A number as the JSON output writes it.
pub fn hex(value: &Value) -> Option<u64> {
    u64::from_str_radix(value.as_str()?.trim_start_matches("0x"), 16).ok()
}
