// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is known of a processor when it stopped.

/// What is known of a processor when it stopped. A function from numbers of registers to values is one that
/// knows no memory.
pub trait MachineState {
    /// The value of a register by its number in DWARF (the ABI of the processor has the numbers).
    fn register(&self, number: u16) -> Option<u64>;

    /// The number of `size` bytes, 1 to 8, that is in memory, if all of it is known.
    fn memory(&self, address: u64, size: u64) -> Option<u64> {
        let _ = (address, size);
        None
    }

    /// Whether a register has something else by now, and what [`register`](Self::register) returns is from
    /// memory: so it is in a caller.
    fn was_saved(&self, number: u16) -> bool {
        let _ = number;
        false
    }
}

impl<F: Fn(u16) -> Option<u64>> MachineState for F {
    fn register(&self, number: u16) -> Option<u64> {
        self(number)
    }
}
