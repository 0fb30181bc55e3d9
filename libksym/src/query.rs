// SPDX-License-Identifier: MIT OR Apache-2.0
//! What to look up.

/// A place in code or data, as a report names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Query {
    /// A run-time address.
    Address {
        /// The run-time address.
        address: u64,
        /// It is a return address: the call, which ends one byte before, is looked up.
        is_return: bool,
    },
    /// `symbol+offset/size`, optionally in a module.
    Symbol {
        /// The module, `-` and `_` being one; `None` for the kernel proper.
        module: Option<String>,
        /// The symbol.
        name: String,
        /// Bytes from its start.
        offset: u64,
        /// Bytes from its start to the next symbol, which is the size that the kernel prints.
        size: Option<u64>,
        /// It is a return address: the call, which ends one byte before, is looked up.
        is_return: bool,
    },
}

impl Query {
    /// A run-time address that is looked up itself, such as a program counter.
    #[must_use]
    pub const fn address(address: u64) -> Self {
        Self::Address { address, is_return: false }
    }

    /// `symbol+offset/size` that is looked up itself.
    #[must_use]
    pub fn symbol(module: Option<&str>, name: &str, offset: u64, size: Option<u64>) -> Self {
        let module = module.map(str::to_owned);
        Self::Symbol { module, name: name.to_owned(), offset, size, is_return: false }
    }

    /// The same place as a return address, as call traces have them: the call before it is looked up.
    #[must_use]
    pub fn returning(mut self) -> Self {
        match &mut self {
            Self::Address { is_return, .. } | Self::Symbol { is_return, .. } => *is_return = true,
        }
        self
    }
}
