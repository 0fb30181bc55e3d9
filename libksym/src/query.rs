// SPDX-License-Identifier: MIT OR Apache-2.0
//! Questions to the resolver.

/// A place in code or data, in the words of a report.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Query {
    /// A run-time address.
    Address {
        /// The address.
        address: u64,
        /// False for a return address: the call, one byte before, is what is looked up.
        exact: bool,
    },
    /// `symbol+offset/size`, maybe of a module.
    Symbol {
        /// The module; `None` for the kernel proper.
        module: Option<String>,
        /// The symbol.
        name: String,
        /// Bytes from its start.
        offset: u64,
        /// Distance to the next symbol, as the kernel prints it.
        size: Option<u64>,
        /// False for a return address.
        exact: bool,
    },
}
