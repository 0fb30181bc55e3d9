// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a function's caller has in its registers, as far as the function's unwind information tells it.

/// What the caller of a function has in its registers, as far as that is certain: what the function has left
/// as it was, and what it has saved in memory that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallerState {
    /// Where in memory the address is that the function returns to.
    pub return_slot: u64,
    pub(crate) registers: Vec<CallerRegister>,
}

/// A register of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallerRegister {
    pub number: u16,
    pub value: u64,
    pub was_saved: bool,
}

impl CallerState {
    /// The value of a register by its number in DWARF.
    #[must_use]
    pub fn register(&self, number: u16) -> Option<u64> {
        self.find(number).map(|register| register.value)
    }

    /// Whether the register has something else by now, and its value is from memory.
    #[must_use]
    pub fn was_saved(&self, number: u16) -> bool {
        self.find(number).is_some_and(|register| register.was_saved)
    }

    fn find(&self, number: u16) -> Option<&CallerRegister> {
        self.registers.iter().find(|register| register.number == number)
    }
}
