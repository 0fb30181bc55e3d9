// SPDX-License-Identifier: MIT OR Apache-2.0
//! Values in memory, read twice.

use libmodfmt::elf::ByteOrder;
use libmodfmt::types::Types;
use libmodfmt::values::{Limits, Located, Reading, Value, read as read_value};

use super::memory::Memory;

/// Values of one variable that are shown when all variables are.
const FEW_VALUES: u64 = 1000;

/// Reads an object of `size` bytes, and again right after that.
pub(super) fn read(
    types: &dyn Types,
    at: Located,
    address: u64,
    size: u64,
    memory: &Memory<'_>,
) -> Result<Value, String> {
    let first = memory.read(address, size)?;
    let second = memory.read(address, size)?;
    Ok(of_bytes(types, at, &first, &second, false))
}

/// The value in bytes that were read twice. `is_asked_for`: it is shown alone, and may be long.
pub(super) fn of_bytes(
    types: &dyn Types,
    at: Located,
    first: &[u8],
    second: &[u8],
    is_asked_for: bool,
) -> Value {
    let mut limits = Limits::default();
    if !is_asked_for {
        limits.values = FEW_VALUES;
    }
    read_value(types, at, &Reading::new(first, ByteOrder::NATIVE).again(second), limits)
}
