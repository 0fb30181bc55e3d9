// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which instructions of processors other than x86 load or store, and how much.

use super::access::AccessKind::{self, Read, ReadWrite, Write};
use super::architecture::Architecture;

/// What an instruction does to one memory operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Transfer {
    pub(super) kind: AccessKind,
    /// In bytes; 0 if unknown.
    pub(super) size: usize,
    /// Where it starts, counted from the operand's address.
    pub(super) distance: i64,
}

impl Transfer {
    fn new(kind: AccessKind, size: usize) -> Self {
        Self { kind, size, distance: 0 }
    }
}

/// What an instruction does to its memory operands, in their order. Empty if it has none, or is not known.
pub(super) fn transfers(architecture: Architecture, mnemonic: &str, operands: &[&str]) -> Vec<Transfer> {
    let one = match architecture {
        Architecture::Arm64 => arm64(mnemonic, operands),
        Architecture::Arm | Architecture::Thumb => arm(mnemonic, operands),
        Architecture::Riscv32 | Architecture::Riscv64 => riscv(mnemonic),
        Architecture::PowerPc | Architecture::PowerPc64 | Architecture::PowerPc64Le => {
            powerpc(mnemonic, operands)
        }
        Architecture::S390x => return s390(mnemonic, operands),
        Architecture::Mips
        | Architecture::MipsLe
        | Architecture::MicroMips
        | Architecture::Mips64
        | Architecture::Mips64Le => lookup(MIPS, mnemonic),
        _ => None,
    };
    one.into_iter().collect()
}

fn lookup(table: &[(&str, AccessKind, usize)], mnemonic: &str) -> Option<Transfer> {
    let (_, kind, size) = table.iter().find(|(name, ..)| *name == mnemonic)?;
    Some(Transfer::new(*kind, *size))
}

/// Read-modify-write instructions of arm64's large system extensions.
const ARM64_ATOMIC: &[&str] =
    &["add", "clr", "eor", "set", "smax", "smin", "umax", "umin", "wp", "as", "asp"];

fn arm64(mnemonic: &str, operands: &[&str]) -> Option<Transfer> {
    let register = |index: usize| operands.get(index).map_or(0, |name| arm64_register_bytes(name));
    let by_suffix = |mnemonic: &str, index: usize| match mnemonic {
        _ if mnemonic.ends_with("sw") => 4,
        _ if mnemonic.ends_with('b') => 1,
        _ if mnemonic.ends_with('h') => 2,
        _ => register(index),
    };
    let (kind, rest) = match mnemonic.split_at_checked(2)? {
        ("ld", rest) => (Read, rest),
        ("st", rest) => (Write, rest),
        ("sw" | "ca", _) => (ReadWrite, mnemonic.get(1..)?),
        _ => return None,
    };
    let root = rest.trim_end_matches(['b', 'h']).trim_end_matches('l').trim_end_matches('a');
    if ARM64_ATOMIC.contains(&root) {
        let pair = if root == "asp" { 2 } else { 1 };
        return Some(Transfer::new(ReadWrite, by_suffix(mnemonic, 0).saturating_mul(pair)));
    }
    let size = match rest {
        "p" | "np" => register(0).saturating_mul(2),
        "psw" => 8,
        "xp" | "axp" | "lxp" => register(usize::from(kind == Write)).saturating_mul(2),
        // A store answers in its first register whether it was made.
        _ if kind == Write && (rest.starts_with('x') || rest.starts_with("lx")) => by_suffix(mnemonic, 1),
        _ if rest.starts_with(['1', '2', '3', '4']) => 0,
        _ if rest.starts_with(['r', 'u', 't', 'a', 'x', 'l']) => by_suffix(mnemonic, 0),
        _ => return None,
    };
    Some(Transfer::new(kind, size))
}

fn arm64_register_bytes(name: &str) -> usize {
    match name.as_bytes().first() {
        Some(b'x' | b'd') => 8,
        Some(b'w' | b's') => 4,
        Some(b'q' | b'v') => 16,
        Some(b'h') => 2,
        Some(b'b') => 1,
        _ => 0,
    }
}

const ARM_CONDITIONS: &[&str] =
    &["eq", "ne", "hs", "cs", "lo", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al"];

fn arm(mnemonic: &str, operands: &[&str]) -> Option<Transfer> {
    let mnemonic = mnemonic.trim_end_matches(".w").trim_end_matches(".n");
    let plain = ARM_CONDITIONS.iter().find_map(|condition| mnemonic.strip_suffix(condition));
    let mnemonic = plain.filter(|plain| plain.len() > 2).unwrap_or(mnemonic);
    let list = operands.last().filter(|part| part.starts_with('{'));
    let words = list.map_or(0, |list| list.split(',').count());
    let bytes = words.saturating_mul(4);
    let below = i64::try_from(bytes).unwrap_or(0).saturating_neg();
    let several = |kind, distance| words.gt(&0).then_some(Transfer { kind, size: bytes, distance });
    match mnemonic {
        "ldm" | "ldmia" | "pop" => return several(Read, 0),
        "ldmib" => return several(Read, 4),
        "ldmdb" => return several(Read, below),
        "ldmda" => return several(Read, below.saturating_add(4)),
        "stm" | "stmia" => return several(Write, 0),
        "stmib" => return several(Write, 4),
        "stmdb" | "push" => return several(Write, below),
        "stmda" => return several(Write, below.saturating_add(4)),
        "swp" => return Some(Transfer::new(ReadWrite, 4)),
        "swpb" => return Some(Transfer::new(ReadWrite, 1)),
        _ => {}
    }
    let (kind, rest) = match mnemonic.split_at_checked(3)? {
        ("ldr" | "lda", rest) => (Read, rest),
        ("str" | "stl", rest) => (Write, rest),
        ("vld", "r") => (Read, "v"),
        ("vst", "r") => (Write, "v"),
        _ => return None,
    };
    let size = match rest {
        "v" if operands.first().is_some_and(|name| name.starts_with('d')) => 8,
        _ if rest.contains('b') => 1,
        _ if rest.contains('h') => 2,
        _ if rest.contains('d') => 8,
        _ => 4,
    };
    Some(Transfer::new(kind, size))
}

fn riscv(mnemonic: &str) -> Option<Transfer> {
    let name = mnemonic.strip_prefix("c.").unwrap_or(mnemonic);
    let name = name.strip_suffix("sp").unwrap_or(name);
    let word = if name.contains(".d") { 8 } else { 4 };
    if name.starts_with("amo") {
        return Some(Transfer::new(ReadWrite, word));
    }
    let (kind, size) = match name {
        "lb" | "lbu" => (Read, 1),
        "lh" | "lhu" | "flh" => (Read, 2),
        "lw" | "lwu" | "flw" => (Read, 4),
        "ld" | "fld" => (Read, 8),
        "sb" => (Write, 1),
        "sh" | "fsh" => (Write, 2),
        "sw" | "fsw" => (Write, 4),
        "sd" | "fsd" => (Write, 8),
        _ if name.starts_with("lr.") => (Read, word),
        _ if name.starts_with("sc.") => (Write, word),
        _ => return None,
    };
    Some(Transfer::new(kind, size))
}

/// Without the endings `u` (the base is updated) and `x` (the index is a register).
const POWERPC: &[(&str, AccessKind, usize)] = &[
    ("lbz", Read, 1),
    ("lhz", Read, 2),
    ("lha", Read, 2),
    ("lwz", Read, 4),
    ("lwa", Read, 4),
    ("ld", Read, 8),
    ("lbar", Read, 1),
    ("lhar", Read, 2),
    ("lwar", Read, 4),
    ("ldar", Read, 8),
    ("lhbr", Read, 2),
    ("lwbr", Read, 4),
    ("ldbr", Read, 8),
    ("lfs", Read, 4),
    ("lfd", Read, 8),
    ("stb", Write, 1),
    ("sth", Write, 2),
    ("stw", Write, 4),
    ("std", Write, 8),
    ("stbc", Write, 1),
    ("sthc", Write, 2),
    ("stwc", Write, 4),
    ("stdc", Write, 8),
    ("sthbr", Write, 2),
    ("stwbr", Write, 4),
    ("stdbr", Write, 8),
    ("stfs", Write, 4),
    ("stfd", Write, 8),
];

fn powerpc(mnemonic: &str, operands: &[&str]) -> Option<Transfer> {
    if let Some(kind) = match mnemonic {
        "lmw" => Some(Read),
        "stmw" => Some(Write),
        _ => None,
    } {
        let first: usize = operands.first()?.trim_start_matches('r').parse().ok()?;
        return Some(Transfer::new(kind, 32_usize.saturating_sub(first).saturating_mul(4)));
    }
    let name = mnemonic.trim_end_matches('.').trim_end_matches('x').trim_end_matches('u');
    lookup(POWERPC, name)
}

const MIPS: &[(&str, AccessKind, usize)] = &[
    ("lb", Read, 1),
    ("lbu", Read, 1),
    ("lh", Read, 2),
    ("lhu", Read, 2),
    ("lw", Read, 4),
    ("lwu", Read, 4),
    ("ld", Read, 8),
    ("ll", Read, 4),
    ("lld", Read, 8),
    ("lwc1", Read, 4),
    ("ldc1", Read, 8),
    // Parts of a word that is not aligned: up to so many bytes.
    ("lwl", Read, 0),
    ("lwr", Read, 0),
    ("ldl", Read, 0),
    ("ldr", Read, 0),
    ("sb", Write, 1),
    ("sh", Write, 2),
    ("sw", Write, 4),
    ("sd", Write, 8),
    ("sc", Write, 4),
    ("scd", Write, 8),
    ("swc1", Write, 4),
    ("sdc1", Write, 8),
    ("swl", Write, 0),
    ("swr", Write, 0),
    ("sdl", Write, 0),
    ("sdr", Write, 0),
];

const S390: &[(&str, AccessKind, usize)] = &[
    ("l", Read, 4),
    ("ly", Read, 4),
    ("lg", Read, 8),
    ("lgf", Read, 4),
    ("llgf", Read, 4),
    ("llgt", Read, 4),
    ("lh", Read, 2),
    ("lhy", Read, 2),
    ("lgh", Read, 2),
    ("llh", Read, 2),
    ("llgh", Read, 2),
    ("lb", Read, 1),
    ("lgb", Read, 1),
    ("llc", Read, 1),
    ("llgc", Read, 1),
    ("ic", Read, 1),
    ("icy", Read, 1),
    ("lt", Read, 4),
    ("ltg", Read, 8),
    ("ltgf", Read, 4),
    ("lrvh", Read, 2),
    ("lrv", Read, 4),
    ("lrvg", Read, 8),
    ("le", Read, 4),
    ("ld", Read, 8),
    ("a", Read, 4),
    ("ay", Read, 4),
    ("ag", Read, 8),
    ("agf", Read, 4),
    ("ah", Read, 2),
    ("al", Read, 4),
    ("alg", Read, 8),
    ("algf", Read, 4),
    ("s", Read, 4),
    ("sy", Read, 4),
    ("sg", Read, 8),
    ("sgf", Read, 4),
    ("sl", Read, 4),
    ("slg", Read, 8),
    ("n", Read, 4),
    ("ny", Read, 4),
    ("ng", Read, 8),
    ("o", Read, 4),
    ("oy", Read, 4),
    ("og", Read, 8),
    ("x", Read, 4),
    ("xy", Read, 4),
    ("xg", Read, 8),
    ("c", Read, 4),
    ("cy", Read, 4),
    ("cg", Read, 8),
    ("cgf", Read, 4),
    ("ch", Read, 2),
    ("chy", Read, 2),
    ("cgh", Read, 2),
    ("cl", Read, 4),
    ("cly", Read, 4),
    ("clg", Read, 8),
    ("clgf", Read, 4),
    ("ms", Read, 4),
    ("msy", Read, 4),
    ("msg", Read, 8),
    ("msgf", Read, 4),
    ("dl", Read, 4),
    ("dlg", Read, 8),
    ("dsg", Read, 8),
    ("cli", Read, 1),
    ("cliy", Read, 1),
    ("tm", Read, 1),
    ("tmy", Read, 1),
    ("chhsi", Read, 2),
    ("chsi", Read, 4),
    ("cghsi", Read, 8),
    ("clhhsi", Read, 2),
    ("clfhsi", Read, 4),
    ("clghsi", Read, 8),
    ("st", Write, 4),
    ("sty", Write, 4),
    ("stg", Write, 8),
    ("sth", Write, 2),
    ("sthy", Write, 2),
    ("stc", Write, 1),
    ("stcy", Write, 1),
    ("strvh", Write, 2),
    ("strv", Write, 4),
    ("strvg", Write, 8),
    ("ste", Write, 4),
    ("std", Write, 8),
    ("mvi", Write, 1),
    ("mviy", Write, 1),
    ("mvhhi", Write, 2),
    ("mvhi", Write, 4),
    ("mvghi", Write, 8),
    ("ni", ReadWrite, 1),
    ("niy", ReadWrite, 1),
    ("oi", ReadWrite, 1),
    ("oiy", ReadWrite, 1),
    ("xi", ReadWrite, 1),
    ("xiy", ReadWrite, 1),
    ("ts", ReadWrite, 1),
    ("asi", ReadWrite, 4),
    ("alsi", ReadWrite, 4),
    ("agsi", ReadWrite, 8),
    ("algsi", ReadWrite, 8),
    ("cs", ReadWrite, 4),
    ("csy", ReadWrite, 4),
    ("csg", ReadWrite, 8),
    ("laa", ReadWrite, 4),
    ("laag", ReadWrite, 8),
    ("laal", ReadWrite, 4),
    ("laalg", ReadWrite, 8),
    ("lan", ReadWrite, 4),
    ("lang", ReadWrite, 8),
    ("lao", ReadWrite, 4),
    ("laog", ReadWrite, 8),
    ("lax", ReadWrite, 4),
    ("laxg", ReadWrite, 8),
];

fn s390(mnemonic: &str, operands: &[&str]) -> Vec<Transfer> {
    // From one place to another, with the length in the first operand.
    let pair = match mnemonic {
        "mvc" | "mvcin" | "tr" => Some(Write),
        "clc" => Some(Read),
        "nc" | "oc" | "xc" => Some(ReadWrite),
        _ => None,
    };
    if let Some(kind) = pair {
        let length = operands.first().and_then(|operand| {
            let inside = operand.split_once('(')?.1;
            inside.split(',').next()?.parse().ok()
        });
        let length = length.unwrap_or(0);
        return vec![Transfer::new(kind, length), Transfer::new(Read, length)];
    }
    let several = match mnemonic {
        "lmg" => Some((Read, 8)),
        "lm" | "lmy" => Some((Read, 4)),
        "stmg" => Some((Write, 8)),
        "stm" | "stmy" => Some((Write, 4)),
        _ => None,
    };
    if let Some((kind, word)) = several {
        let number = |index: usize| -> Option<usize> {
            operands.get(index)?.trim_start_matches(['%', 'r']).parse().ok().filter(|number| *number < 16)
        };
        // From the first register to the last, and on from 0 behind 15.
        let count = number(0).zip(number(1)).map(|(first, last)| {
            let distance = last.wrapping_sub(first) & 15;
            distance.saturating_add(1)
        });
        return vec![Transfer::new(kind, count.unwrap_or(0).saturating_mul(word))];
    }
    lookup(S390, mnemonic).into_iter().collect()
}
