// SPDX-License-Identifier: MIT OR Apache-2.0
//! Memory is bounded, however long the log and its lines are.

use std::io::{Cursor, Read};

#[test]
fn a_long_line_and_a_long_log_take_bounded_memory() {
    // A line of 64 MiB with an oops's beginning, then 256 MiB of lines, none of which is held.
    struct Generated {
        left: u64,
        line: Cursor<Vec<u8>>,
    }
    impl Read for Generated {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.left == 0 {
                return Ok(0);
            }
            let count = self.line.read(buffer)?;
            if count == 0 {
                self.line.set_position(0);
                return self.read(buffer);
            }
            self.left = self.left.saturating_sub(count as u64);
            Ok(count)
        }
    }
    let one_line = [b"BUG: ".to_vec(), vec![b'x'; 1 << 16]].concat();
    let many = b"[    1.000000] BUG: kernel NULL pointer dereference, address: 0000000000000010\n".to_vec();
    let before = resident();
    for (line, size) in [(one_line, 64_u64 << 20), (many, 64 << 20), (vec![0; 4096], 64 << 20)] {
        let (mut largest, mut sum) = (0, 0_u64);
        liboops::stream(Generated { left: size, line: Cursor::new(line) }, |event| {
            let length = match event {
                liboops::Event::Text(text) => text.len(),
                liboops::Event::Block(block) => block.text.len(),
            };
            largest = largest.max(length);
            sum += length as u64;
            Ok(())
        })
        .unwrap();
        assert!(sum >= size && largest <= 5 << 20, "{sum} {largest}");
    }
    // The peak is that of all tests of this process.
    let grown = resident().saturating_sub(before);
    assert!(grown < 200 << 20, "{grown}");
}

/// The most memory so far, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}
