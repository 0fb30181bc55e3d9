// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads the fields of ELF structures one after another, in the file's width and order.

use super::Ident;
use gimli::{EndianSlice, Reader, RunTimeEndian};

/// A place in some bytes. `None` from any method: the bytes end there.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'d> {
    rest: EndianSlice<'d, RunTimeEndian>,
    is_64: bool,
}

impl<'d> Cursor<'d> {
    pub(crate) fn new(bytes: &'d [u8], ident: Ident) -> Self {
        Self { rest: EndianSlice::new(bytes, ident.endian), is_64: ident.is_64 }
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.rest.read_u8().ok()
    }

    pub(crate) fn half(&mut self) -> Option<u16> {
        self.rest.read_u16().ok()
    }

    pub(crate) fn word(&mut self) -> Option<u32> {
        self.rest.read_u32().ok()
    }

    /// A number as wide as an address.
    pub(crate) fn wide(&mut self) -> Option<u64> {
        if self.is_64 { self.rest.read_u64().ok() } else { self.rest.read_u32().ok().map(u64::from) }
    }

    pub(crate) fn skip(&mut self, size: usize) -> Option<()> {
        self.rest.skip(size).ok()
    }
}
