// SPDX-License-Identifier: MIT OR Apache-2.0
//! The instructions of loongarch that kernel code mostly consists of: loads and stores, jumps, additions,
//! constants, traps. Others are shown as words. The formats and opcodes are those of the LoongArch Reference
//! Manual, volume 1, appendix B; the text is as objdump prints it.

use super::access::{Access, AccessKind, reaches};
use super::disassembler::{Decoded, Disassembler};
use super::input::Context;

/// Every instruction has so many bytes.
const BYTES: usize = 4;

/// Names of the registers in assembler. In the log, 21 is `u0` and 22 is `s9`.
const REGISTERS: [&str; 32] = [
    "zero", "ra", "tp", "sp", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "t0", "t1", "t2", "t3", "t4",
    "t5", "t6", "t7", "t8", "r21", "fp", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8",
];

/// Loads and stores with a displacement of 12 bits, by the highest ten bits, with the size in bytes.
const BY_DISPLACEMENT: [(u32, &str, AccessKind, usize); 11] = [
    (0x0a0, "ld.b", AccessKind::Read, 1),
    (0x0a1, "ld.h", AccessKind::Read, 2),
    (0x0a2, "ld.w", AccessKind::Read, 4),
    (0x0a3, "ld.d", AccessKind::Read, 8),
    (0x0a4, "st.b", AccessKind::Write, 1),
    (0x0a5, "st.h", AccessKind::Write, 2),
    (0x0a6, "st.w", AccessKind::Write, 4),
    (0x0a7, "st.d", AccessKind::Write, 8),
    (0x0a8, "ld.bu", AccessKind::Read, 1),
    (0x0a9, "ld.hu", AccessKind::Read, 2),
    (0x0aa, "ld.wu", AccessKind::Read, 4),
];

/// The same with 14 bits that count words, by the highest eight bits.
const BY_WORDS: [(u32, &str, AccessKind, usize); 8] = [
    (0x20, "ll.w", AccessKind::Read, 4),
    (0x21, "sc.w", AccessKind::Write, 4),
    (0x22, "ll.d", AccessKind::Read, 8),
    (0x23, "sc.d", AccessKind::Write, 8),
    (0x24, "ldptr.w", AccessKind::Read, 4),
    (0x25, "stptr.w", AccessKind::Write, 4),
    (0x26, "ldptr.d", AccessKind::Read, 8),
    (0x27, "stptr.d", AccessKind::Write, 8),
];

/// Arithmetic with a number of 12 bits, by the highest ten bits. Those that do not add take it as it is.
const WITH_NUMBER: [(u32, &str, bool); 8] = [
    (0x008, "slti", true),
    (0x009, "sltui", true),
    (0x00a, "addi.w", true),
    (0x00b, "addi.d", true),
    (0x00c, "lu52i.d", true),
    (0x00d, "andi", false),
    (0x00e, "ori", false),
    (0x00f, "xori", false),
];

/// Arithmetic of two registers, by the highest 17 bits.
const OF_REGISTERS: [(u32, &str); 10] = [
    (0x20, "add.w"),
    (0x21, "add.d"),
    (0x22, "sub.w"),
    (0x23, "sub.d"),
    (0x24, "slt"),
    (0x25, "sltu"),
    (0x28, "nor"),
    (0x29, "and"),
    (0x2a, "or"),
    (0x2b, "xor"),
];

/// Constants with 20 bits, by the highest seven bits.
const OF_CONSTANT: [(u32, &str); 6] = [
    (0x0a, "lu12i.w"),
    (0x0b, "lu32i.d"),
    (0x0c, "pcaddi"),
    (0x0d, "pcalau12i"),
    (0x0e, "pcaddu12i"),
    (0x0f, "pcaddu18i"),
];

/// Branches that compare two registers, by the highest six bits.
const COMPARING: [(u32, &str); 6] =
    [(0x16, "beq"), (0x17, "bne"), (0x18, "blt"), (0x19, "bge"), (0x1a, "bltu"), (0x1b, "bgeu")];

#[derive(Debug)]
pub(super) struct LoongArch;

/// A word, and the fields that its formats have in common.
#[derive(Clone, Copy)]
struct Word(u32);

impl Word {
    fn of(bytes: &[u8]) -> Option<Self> {
        Some(Self(u32::from_le_bytes(bytes.get(..BYTES)?.try_into().ok()?)))
    }

    /// So many bits from a bit on.
    fn bits(self, from: u32, count: u32) -> u32 {
        (self.0 >> from) & ((1 << count) - 1)
    }

    fn signed(self, from: u32, count: u32) -> i64 {
        sign_extended(self.bits(from, count), count)
    }

    fn register(self, from: u32) -> &'static str {
        REGISTERS.get(self.bits(from, 5) as usize).copied().unwrap_or_default()
    }

    fn destination(self) -> &'static str {
        self.register(0)
    }

    fn base(self) -> &'static str {
        self.register(5)
    }

    /// A load or store: its name, what it does, how many bytes, the displacement.
    fn transfer(self) -> Option<(&'static str, AccessKind, usize, i64)> {
        let short = BY_DISPLACEMENT.iter().find(|(opcode, ..)| *opcode == self.bits(22, 10));
        if let Some(&(_, name, kind, size)) = short {
            return Some((name, kind, size, self.signed(10, 12)));
        }
        let &(_, name, kind, size) = BY_WORDS.iter().find(|(opcode, ..)| *opcode == self.bits(24, 8))?;
        Some((name, kind, size, self.signed(10, 14).wrapping_mul(4)))
    }

    /// A jump: its text up to the target, and how far that is.
    fn jump(self) -> Option<(String, i64)> {
        let near = self.signed(10, 16).wrapping_mul(4);
        let middle = sign_extended(self.bits(10, 16) | self.bits(0, 5) << 16, 21).wrapping_mul(4);
        let far = sign_extended(self.bits(10, 16) | self.bits(0, 10) << 16, 26).wrapping_mul(4);
        let (destination, base) = (self.destination(), self.base());
        let opcode = self.bits(26, 6);
        Some(match opcode {
            0x10 => (format!("beqz ${base}, "), middle),
            0x11 => (format!("bnez ${base}, "), middle),
            0x14 => ("b ".to_owned(), far),
            0x15 => ("bl ".to_owned(), far),
            _ => {
                let (_, name) = COMPARING.iter().find(|(known, _)| *known == opcode)?;
                (format!("{name} ${base}, ${destination}, "), near)
            }
        })
    }

    /// Any other instruction that is known.
    fn other(self) -> Option<String> {
        let (destination, base) = (self.destination(), self.base());
        if self.0 == 0x0340_0000 {
            return Some("nop".to_owned());
        }
        if self.bits(26, 6) == 0x13 {
            return Some(match (destination, base, self.bits(10, 16)) {
                ("zero", "ra", 0) => "ret".to_owned(),
                ("zero", _, 0) => format!("jr ${base}"),
                _ => format!("jirl ${destination}, ${base}, {}", self.signed(10, 16).wrapping_mul(4)),
            });
        }
        let number = WITH_NUMBER.iter().find(|(opcode, ..)| *opcode == self.bits(22, 10));
        if let Some(&(_, name, is_signed)) = number {
            let value = match is_signed {
                true => self.signed(10, 12).to_string(),
                false => format!("{:#x}", self.bits(10, 12)),
            };
            return Some(match (name, base) {
                ("addi.w", "zero") => format!("li.w ${destination}, {value}"),
                ("addi.d", "zero") => format!("li.d ${destination}, {value}"),
                _ => format!("{name} ${destination}, ${base}, {value}"),
            });
        }
        let registers = OF_REGISTERS.iter().find(|(opcode, _)| *opcode == self.bits(15, 17));
        if let Some((_, name)) = registers {
            return Some(match (*name, self.register(10)) {
                ("or", "zero") => format!("move ${destination}, ${base}"),
                (name, index) => format!("{name} ${destination}, ${base}, ${index}"),
            });
        }
        if let Some((_, name)) = OF_CONSTANT.iter().find(|(opcode, _)| *opcode == self.bits(25, 7)) {
            return Some(format!("{name} ${destination}, {}", self.signed(5, 20)));
        }
        match self.bits(15, 17) {
            0x54 => Some(format!("break {:#x}", self.bits(0, 15))),
            0x56 => Some(format!("syscall {:#x}", self.bits(0, 15))),
            0x70e4 => Some(format!("dbar {:#x}", self.bits(0, 15))),
            _ => None,
        }
    }
}

fn sign_extended(value: u32, bits: u32) -> i64 {
    let unused = 32_u32.saturating_sub(bits);
    i64::from((value << unused).cast_signed() >> unused)
}

impl Disassembler for LoongArch {
    fn decode(&self, bytes: &[u8], address: u64) -> Decoded {
        let plain = |text: String| Decoded {
            length: BYTES,
            text,
            valid: true,
            target: None,
            branches: false,
            trap: None,
        };
        let Some(word) = Word::of(bytes) else {
            return Decoded { length: bytes.len(), valid: false, ..plain("(cut)".to_owned()) };
        };
        if let Some((name, _, _, displacement)) = word.transfer() {
            return plain(format!("{name} ${}, ${}, {displacement}", word.destination(), word.base()));
        }
        if let Some((text, distance)) = word.jump() {
            let target = address.wrapping_add_signed(distance);
            let text = format!("{text}{target:#x}");
            return Decoded { target: Some(target), branches: true, ..plain(text) };
        }
        plain(word.other().unwrap_or_else(|| format!(".word {:#010x}", word.0)))
    }

    fn accesses(&self, bytes: &[u8], _address: u64, context: &Context<'_>) -> Vec<Access> {
        let Some(word) = Word::of(bytes) else { return Vec::new() };
        let Some((_, kind, size, displacement)) = word.transfer() else { return Vec::new() };
        let base = word.base();
        let in_log = match base {
            "r21" => "u0",
            "fp" => "s9",
            other => other,
        };
        let value = if base == "zero" { Some(0) } else { (context.register)(in_log) };
        let address = value.map(|value| value.wrapping_add_signed(displacement));
        let is_fault = address.zip(context.fault_address).map(|(address, fault)| {
            let bytes = size as u64;
            fault.wrapping_sub(address) < bytes || reaches(address, bytes, fault)
        });
        vec![Access {
            operand: format!("${base}, {displacement}"),
            kind,
            size,
            repeated: false,
            registers: vec![(base.to_owned(), value)],
            address,
            is_fault,
        }]
    }

    fn knows_length(&self) -> bool {
        true
    }

    fn most_bytes(&self) -> usize {
        BYTES
    }

    fn alignment(&self) -> usize {
        BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an assembler makes of each text.
    #[test]
    fn as_assembled() {
        for (word, text) in [
            (0x02ff_c063, "addi.d $sp, $sp, -16"),
            (0x29c0_2061, "st.d $ra, $sp, 8"),
            (0x28c0_4084, "ld.d $a0, $a0, 16"),
            (0x2880_00a4, "ld.w $a0, $a1, 0"),
            (0x4c00_0020, "ret"),
            (0x4c00_0181, "jirl $ra, $t0, 0"),
            (0x0015_0085, "move $a1, $a0"),
            (0x0010_98a4, "add.d $a0, $a1, $a2"),
            (0x0340_0000, "nop"),
            (0x5000_0800, "b 0x1008"),
            (0x57ff_ffff, "bl 0xffc"),
            (0x5c00_0885, "bne $a0, $a1, 0x1008"),
            (0x4000_0880, "beqz $a0, 0x1008"),
            (0x43ff_fc9f, "beqz $a0, 0xffc"),
            (0x002a_0001, "break 0x1"),
            (0x0280_0404, "li.w $a0, 1"),
            (0x2400_0484, "ldptr.w $a0, $a0, 4"),
            (0x1400_0024, "lu12i.w $a0, 1"),
            (0x3872_0000, "dbar 0x0"),
            (0x29c0_42d6, "st.d $fp, $fp, 16"),
            (0x2800_04a4, "ld.b $a0, $a1, 1"),
            (0x2840_04a4, "ld.h $a0, $a1, 1"),
            (0x2900_04a4, "st.b $a0, $a1, 1"),
            (0x2940_04a4, "st.h $a0, $a1, 1"),
            (0x2980_04a4, "st.w $a0, $a1, 1"),
            (0x2a00_04a4, "ld.bu $a0, $a1, 1"),
            (0x2a40_04a4, "ld.hu $a0, $a1, 1"),
            (0x2a80_04a4, "ld.wu $a0, $a1, 1"),
            (0x2000_04a4, "ll.w $a0, $a1, 4"),
            (0x2100_04a4, "sc.w $a0, $a1, 4"),
            (0x2200_04a4, "ll.d $a0, $a1, 4"),
            (0x2300_04a4, "sc.d $a0, $a1, 4"),
            (0x2500_04a4, "stptr.w $a0, $a1, 4"),
            (0x2600_04a4, "ldptr.d $a0, $a1, 4"),
            (0x27ff_fca4, "stptr.d $a0, $a1, -4"),
            (0x023f_fca4, "slti $a0, $a1, -1"),
            (0x027f_fca4, "sltui $a0, $a1, -1"),
            (0x033f_fca4, "lu52i.d $a0, $a1, -1"),
            (0x0340_04a4, "andi $a0, $a1, 0x1"),
            (0x0380_04a4, "ori $a0, $a1, 0x1"),
            (0x03c0_04a4, "xori $a0, $a1, 0x1"),
            (0x0010_18a4, "add.w $a0, $a1, $a2"),
            (0x0011_18a4, "sub.w $a0, $a1, $a2"),
            (0x0011_98a4, "sub.d $a0, $a1, $a2"),
            (0x0012_18a4, "slt $a0, $a1, $a2"),
            (0x0012_98a4, "sltu $a0, $a1, $a2"),
            (0x0014_18a4, "nor $a0, $a1, $a2"),
            (0x0014_98a4, "and $a0, $a1, $a2"),
            (0x0015_18a4, "or $a0, $a1, $a2"),
            (0x0015_98a4, "xor $a0, $a1, $a2"),
            (0x1600_0024, "lu32i.d $a0, 1"),
            (0x1800_0024, "pcaddi $a0, 1"),
            (0x1a00_0024, "pcalau12i $a0, 1"),
            (0x1c00_0024, "pcaddu12i $a0, 1"),
            (0x1e00_0024, "pcaddu18i $a0, 1"),
            (0x5800_0885, "beq $a0, $a1, 0x1008"),
            (0x6000_0885, "blt $a0, $a1, 0x1008"),
            (0x6400_0885, "bge $a0, $a1, 0x1008"),
            (0x6800_0885, "bltu $a0, $a1, 0x1008"),
            (0x6c00_0885, "bgeu $a0, $a1, 0x1008"),
            (0x4400_0880, "bnez $a0, 0x1008"),
            (0x002b_0001, "syscall 0x1"),
            (0x4c00_0180, "jr $t0"),
            (0xffff_ffff, ".word 0xffffffff"),
        ] {
            assert_eq!(LoongArch.decode(&u32::to_le_bytes(word), 0x1000).text, text, "{word:#010x}");
        }
        assert!(!LoongArch.decode(&[0, 0], 0).valid);
    }

    #[test]
    fn the_access_is_the_fault() {
        let register = |name: &str| (name == "s9").then_some(0x10);
        let context = Context { register: &register, fault_address: Some(0x20), ..Context::default() };
        let store = LoongArch.accesses(&0x29c0_42c4_u32.to_le_bytes(), 0, &context);
        assert_eq!((store[0].operand.as_str(), store[0].kind), ("$fp, 16", AccessKind::Write));
        assert_eq!((store[0].address, store[0].is_fault), (Some(0x20), Some(true)));
        assert!(LoongArch.accesses(&0x0340_0000_u32.to_le_bytes(), 0, &context).is_empty());
    }
}
