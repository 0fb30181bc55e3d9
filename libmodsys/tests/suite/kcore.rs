// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kernel memory, from core files of either class and byte order.

use libmodsys::{Kernel, SysError};

use super::Root;

struct Core {
    wide: bool,
    big: bool,
    bytes: Vec<u8>,
}

impl Core {
    fn number(&mut self, value: u64, size: usize) {
        if self.big {
            self.bytes.extend_from_slice(&value.to_be_bytes()[8 - size..]);
        } else {
            self.bytes.extend_from_slice(&value.to_le_bytes()[..size]);
        }
    }

    /// A core file with a note and one segment of eight bytes at an address.
    fn make(wide: bool, big: bool, address: u64) -> Vec<u8> {
        let mut core = Self { wide, big, bytes: b"\x7fELF".to_vec() };
        core.bytes.extend([1 + u8::from(wide), 1 + u8::from(big), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let word = if wide { 8 } else { 4 };
        let (header, entry) = if wide { (64, 56) } else { (52, 32) };
        core.number(4, 2);
        core.number(0, 2);
        core.number(1, 4);
        core.number(0, word);
        core.number(header, word);
        core.number(0, word);
        core.number(0, 4);
        for half in [header, entry, 2, 0, 0, 0] {
            core.number(half, 2);
        }
        core.segment(4, 0, 0, 0);
        core.segment(1, header + 2 * entry, address, 8);
        core.bytes.extend(b"persist!");
        core.bytes
    }

    fn segment(&mut self, kind: u64, offset: u64, address: u64, size: u64) {
        let word = if self.wide { 8 } else { 4 };
        self.number(kind, 4);
        if self.wide {
            self.number(7, 4);
        }
        for value in [offset, address, 0, size, size] {
            self.number(value, word);
        }
        if !self.wide {
            self.number(7, 4);
        }
        self.number(4096, word);
    }
}

#[test]
fn memory_is_read_by_address() {
    for (wide, big) in [(true, false), (true, true), (false, false), (false, true)] {
        let address = if wide { 0xffff_ffff_c000_0000 } else { 0xbf00_0000 };
        let root = Root::new().file("proc/kcore", Core::make(wide, big, address));
        let kernel = root.kernel();
        assert_eq!(kernel.read_memory(address, 8).unwrap(), b"persist!");
        assert_eq!(kernel.read_memory(address + 3, 2).unwrap(), b"si");
        for (from, length) in
            [(address + 3, 6), (address - 1, 2), (address + 9, 1), (address, usize::MAX), (0, 1)]
        {
            let error = kernel.read_memory(from, length).unwrap_err();
            assert!(matches!(error, SysError::NotMapped { .. }), "{error}");
        }
    }
}

#[test]
fn a_segment_at_the_end_of_memory() {
    let address = u64::MAX - 7;
    let root = Root::new().file("proc/kcore", Core::make(true, false, address));
    assert_eq!(root.kernel().read_memory(address, 8).unwrap(), b"persist!");
    assert!(root.kernel().read_memory(u64::MAX, 2).is_err());
}

#[test]
fn a_broken_core_is_an_error_but_no_panic() {
    let whole = Core::make(true, false, 0x1000);
    let root = Root::new();
    for length in 0..whole.len() - 8 {
        let kernel = {
            root.write("proc/kcore", &whole[..length]);
            root.kernel()
        };
        assert!(kernel.read_memory(0x1000, 8).is_err(), "{length}");
    }
    for bit in 0..64 * 8 {
        let mut core = whole.clone();
        core[bit / 8] ^= 1 << (bit % 8);
        root.write("proc/kcore", core);
        let _ = root.kernel().read_memory(0x1000, 8);
    }
}

#[test]
fn no_core_is_said() {
    assert!(Root::new().kernel().read_memory(0, 1).unwrap_err().is_missing());
}
