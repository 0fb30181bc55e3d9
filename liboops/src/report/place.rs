// SPDX-License-Identifier: MIT OR Apache-2.0
//! A place in code, as a log names it.

use super::{Hex, Span};

/// `[<address>] symbol+0xoffset/0xsize [module]`, or as much of it as the log has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Place {
    /// Where it is written, address and module included.
    pub span: Span,
    /// The address; none where the log has none, or one that the kernel made unrecognisable.
    pub address: Option<Hex>,
    /// Name of the symbol, as it is in the log.
    pub symbol: Option<String>,
    /// Offset from the symbol.
    pub offset: u64,
    /// Distance from the symbol to the next one; none in logs of old kernels.
    pub size: Option<u64>,
    /// Name of the module.
    pub module: Option<String>,
    /// Build id of the module, in hexadecimal digits.
    pub build_id: Option<String>,
    /// Marked by the kernel as no sure part of the call chain: `?` or `(unreliable)`.
    pub unreliable: bool,
    /// The address of the instruction itself. Otherwise it is a return address, and the call is the instruction before.
    pub exact: bool,
}

impl Place {
    /// An address, without a symbol. It is taken for that of the instruction itself.
    #[must_use]
    pub fn at(address: u64, span: Span) -> Self {
        Self { span, address: Some(Hex(address)), exact: true, ..Self::default() }
    }

    /// The symbol as in the source: a Rust name readable, without what the compiler appended (`.isra.0`, `.cold`).
    #[must_use]
    pub fn function(&self) -> Option<String> {
        let symbol = self.symbol.as_deref()?;
        if let Ok(name) = rustc_demangle::try_demangle(symbol) {
            return Some(format!("{name:#}"));
        }
        let end = symbol.char_indices().skip(1).find(|(_, letter)| *letter == '.').map(|(at, _)| at);
        Some(symbol.get(..end.unwrap_or(symbol.len())).unwrap_or(symbol).to_owned())
    }
}

/// One entry of a call trace.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Frame {
    /// The place.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub place: Place,
    /// The stack that it is on: `IRQ`, `NMI`, `TASK`, ... as far as the log says.
    pub context: Option<String>,
}

impl Frame {
    /// A frame on a stack that the log does not name.
    #[must_use]
    pub fn new(place: Place) -> Self {
        Self { place, context: None }
    }
}
