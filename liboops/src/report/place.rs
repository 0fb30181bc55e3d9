// SPDX-License-Identifier: MIT OR Apache-2.0
//! Places in code, as a log names them.

use super::{Hex, Span};

/// `[<address>] symbol+0xoffset/0xsize [module]`, or as much of it as the log has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Place {
    /// Where it is written, address and module included.
    pub span: Span,
    /// The address. `None` if the log has none, or one that the kernel hashed.
    pub address: Option<Hex>,
    /// Name of the symbol, as in the log.
    pub symbol: Option<String>,
    /// Offset from the symbol.
    pub offset: u64,
    /// Distance from the symbol to the next one. `None` in logs of old kernels.
    pub size: Option<u64>,
    /// Name of the module.
    pub module: Option<String>,
    /// Build ID of the module in hexadecimal digits.
    pub build_id: Option<String>,
    /// The source lines that the log itself has for it, the innermost function first: `file.h:3 file.c:12`.
    /// Without `+0x`, they stand in place of the offset, which is then 0 although it is not known.
    pub source: Option<String>,
    /// The unwinder does not vouch for it: `?` or `(unreliable)`.
    pub unreliable: bool,
    /// The address is that of the instruction itself. Otherwise it is a return address, and the call is the
    /// instruction before it.
    pub exact: bool,
}

impl Place {
    /// An address without a symbol, which is taken to be that of the instruction itself.
    #[must_use]
    pub fn at(address: u64, span: Span) -> Self {
        Self { span, address: Some(Hex(address)), exact: true, ..Self::default() }
    }

    /// Whether the log has source lines in place of the offset.
    #[must_use]
    pub fn is_decoded(&self) -> bool {
        self.source.is_some() && self.offset == 0 && self.size.is_none()
    }

    /// The symbol as in the source: Rust names demangled, without what the compiler appended (`.isra.0`,
    /// `.cold`).
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

/// A place, and where in the message it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub place: Place,
    /// Its first byte, address and marks included.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
}

/// An address, unless the kernel hashed it (4.15: 16 digits, the upper 8 of them zero).
pub(crate) fn address(value: u64, digits: usize) -> Option<Hex> {
    let hashed = digits == 16 && value >> 32 == 0;
    (!hashed && value != 0).then_some(Hex(value))
}

/// One entry of a call trace.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Frame {
    /// The place.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub place: Place,
    /// The stack that it is on, if the log says: `IRQ`, `NMI`, `TASK`, ...
    pub context: Option<String>,
    /// What the call trace is of.
    pub trace: Trace,
}

/// What a call trace is of. Reports on memory show where it was allocated and freed as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Trace {
    /// The report's own: the fault, or the check that found something.
    #[default]
    Own,
    /// Where the object was allocated, or uninitialised memory created.
    Allocated,
    /// Where the object was freed.
    Freed,
    /// Where uninitialised memory was copied.
    Stored,
    /// Where work or an RCU callback with the object was queued.
    Queued,
    /// Where a lock was taken.
    Locked,
    /// The other access of a data race.
    OtherAccess,
    /// What another processor or task was doing at the time.
    OtherTask,
}

impl Frame {
    /// A frame on a stack that the log does not name.
    #[must_use]
    pub fn new(place: Place) -> Self {
        Self { place, context: None, trace: Trace::Own }
    }
}
