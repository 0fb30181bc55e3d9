// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which processor a `Code:` line is of, where it is all that is left of a report: a screenshot, a quotation.

use liboops::report::{Code, Kind, Report};

/// Bytes of a whole line. In so many, 64-bit x86 code has some with 64-bit operands.
const WHOLE_LINE_BYTES: usize = 20;

/// Prefixes of x86-64 for operands of 64 bits. On 32-bit x86 they are `dec`, which compilers seldom emit.
const WIDE_PREFIXES: std::ops::RangeInclusive<u8> = 0x48..=0x4f;

/// Opcodes that often follow such a prefix: moves, arithmetic, comparisons, two-byte opcodes.
const WIDE_OPCODES: [u8; 22] = [
    0x01, 0x03, 0x09, 0x0b, 0x0f, 0x21, 0x23, 0x29, 0x2b, 0x31, 0x39, 0x3b, 0x63, 0x81, 0x83, 0x85, 0x89,
    0x8b, 0x8d, 0xc1, 0xc7, 0xf7,
];

/// The processor, named as by `uname -m`, by the code of a report of which nothing else tells it. `None` if
/// the code does not tell it either.
pub(super) fn of(report: &Report, code: &Code) -> Option<&'static str> {
    let is_alone = report.kind == Kind::Fragment && report.states.iter().all(|it| it.registers.is_empty());
    if !is_alone || code.marker.is_none() {
        return None;
    }
    match code.word_bytes {
        // Only x86 prints bytes, and s390 before 2.6.
        1 => x86(&code.bytes),
        // Other processors mark the word with `<>`.
        4 if code.is_parenthesised => Some(arm(&code.bytes)),
        _ => None,
    }
}

fn x86(bytes: &[u8]) -> Option<&'static str> {
    let is_wide = bytes.windows(2).any(|pair| match pair {
        [prefix, opcode] => WIDE_PREFIXES.contains(prefix) && WIDE_OPCODES.contains(opcode),
        _ => false,
    });
    match is_wide {
        true => Some("x86_64"),
        false => (bytes.len() >= WHOLE_LINE_BYTES).then_some("i386"),
    }
}

/// Nearly every instruction of 32-bit ARM is executed always, which the highest four bits say.
fn arm(bytes: &[u8]) -> &'static str {
    let words = bytes.chunks_exact(4);
    let count = words.len();
    let always = words.filter(|word| matches!(word, [.., highest] if highest >> 4 == 0xe)).count();
    if always.saturating_mul(3) >= count.saturating_mul(2) { "arm" } else { "aarch64" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn processor(log: &str) -> Option<&'static str> {
        let blocks = liboops::blocks(log.as_bytes());
        let report = &blocks[0].reports[0];
        assert_eq!(report.arch, None, "{log}");
        of(report, report.states[0].code.as_ref().unwrap())
    }

    #[test]
    fn by_a_line_alone() {
        for (log, expected) in [
            ("Code: 00 00 00 55 48 89 e5 <8b> 47 10 5d c3 66 90\n", Some("x86_64")),
            ("Code: 89 e5 <8b> 47 10 5d c3\n", None),
            (
                "Code: 55 89 e5 83 ec 08 8b 45 08 89 04 24 <8b> 40 10 5d c3 89 f6 55 89 e5 83 ec\n",
                Some("i386"),
            ),
            ("Code: e1a0c00d e92dd800 e24cb004 13a03001 (e5853000)\n", Some("arm")),
            ("Code: d503233f f9400001 b4000061 d63f0020 (f900081f)\n", Some("aarch64")),
            ("Code: f9400e60 f9401e61 eb01001f 54000040 (e5853000)\n", Some("aarch64")),
            ("Code: 0141 8082 0013 0000 (2783) 0100\n", None),
        ] {
            assert_eq!(processor(log), expected, "{log}");
        }
    }
}
