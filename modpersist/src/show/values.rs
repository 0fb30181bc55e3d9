// SPDX-License-Identifier: MIT OR Apache-2.0
//! Values in memory, read twice.

use libmodfmt::elf::ByteOrder;
use libmodfmt::types::Types;
use libmodfmt::values::{Limits, Located, Reading, Value, read as read_value};

use super::memory::Memory;

/// How much of a variable is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// It is one of many.
    Overview,
    /// It is asked for.
    Asked,
    /// It is saved: nothing may be left out.
    Saved,
}

impl Extent {
    /// Bytes.
    pub(super) const fn bytes(self) -> u64 {
        match self {
            Self::Overview => 1 << 20,
            Self::Asked | Self::Saved => 16 << 20,
        }
    }

    fn limits(self) -> Limits {
        let mut limits = Limits::default();
        match self {
            Self::Overview => limits.values = 1000,
            Self::Asked => {}
            Self::Saved => limits.values = 1 << 22,
        }
        limits
    }
}

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
    Ok(of_bytes(types, at, &first, &second, Extent::Overview))
}

/// The value in bytes that were read twice.
pub(super) fn of_bytes(types: &dyn Types, at: Located, first: &[u8], second: &[u8], extent: Extent) -> Value {
    read_value(types, at, &Reading::new(first, ByteOrder::NATIVE).again(second), extent.limits())
}
