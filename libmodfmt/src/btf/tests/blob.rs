// SPDX-License-Identifier: MIT OR Apache-2.0
//! Blobs made by hand.

use crate::elf::ByteOrder;

/// A blob under construction.
pub(crate) struct Blob {
    order: ByteOrder,
    types: Vec<u8>,
    strings: Vec<u8>,
    next: u32,
    first_string: u32,
}

impl Blob {
    pub(crate) fn new(order: ByteOrder) -> Self {
        Self::split(order, 1, 0)
    }

    /// A module's blob on top of one whose next type and string would be these.
    pub(crate) fn split(order: ByteOrder, next: u32, first_string: u32) -> Self {
        // Only a kernel's strings begin with the empty one.
        let strings = if first_string == 0 { vec![0] } else { Vec::new() };
        Self { order, types: Vec::new(), strings, next, first_string }
    }

    pub(crate) fn string(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let offset = self.first_string + u32::try_from(self.strings.len()).unwrap();
        self.strings.extend(text.as_bytes());
        self.strings.push(0);
        offset
    }

    /// Any type: name, kind, count, size or type, what follows.
    pub(crate) fn add(&mut self, name: &str, kind: u32, count: u32, size: u32, extra: &[u32]) -> u32 {
        let name = self.string(name);
        for number in [name, kind << 24 | count, size].iter().chain(extra) {
            self.types.extend(self.order.bytes32(*number));
        }
        self.next += 1;
        self.next - 1
    }

    pub(crate) fn int(&mut self, name: &str, size: u32, signed: bool) -> u32 {
        self.add(name, 1, 0, size, &[(u32::from(signed) << 24) | (size * 8)])
    }

    pub(crate) fn array(&mut self, of: u32, count: u32) -> u32 {
        self.add("", 3, 0, 0, &[of, 1, count])
    }

    /// Members: name, type, offset in bytes.
    pub(crate) fn structure(&mut self, name: &str, size: u32, members: &[(&str, u32, u32)]) -> u32 {
        let mut extra = Vec::new();
        for &(name, ty, offset) in members {
            extra.extend([self.string(name), ty, offset * 8]);
        }
        self.add(name, 4, u32::try_from(members.len()).unwrap(), size, &extra)
    }

    pub(crate) fn finish(&self) -> Vec<u8> {
        let types = u32::try_from(self.types.len()).unwrap();
        let strings = u32::try_from(self.strings.len()).unwrap();
        let mut blob = self.order.bytes16(0xeb9f).to_vec();
        blob.extend([1, 0]);
        for number in [24, 0, types, types, strings] {
            blob.extend(self.order.bytes32(number));
        }
        [blob, self.types.clone(), self.strings.clone()].concat()
    }
}
