// SPDX-License-Identifier: MIT OR Apache-2.0
//! Addends in the bytes that are relocated, as the kernel's loaders read them (arch/arm/kernel/module.c,
//! arch/mips/kernel/module.c, arch/x86/kernel/module.c). Like all of the resolver, it shares no code with
//! libmodfmt.

use anyhow::{Context, Result, ensure};

use super::elf::{Elf, Relocation};

const EM_386: u16 = 3;
const EM_MIPS: u16 = 8;
const EM_ARM: u16 = 40;
const R_MIPS_HI16: u32 = 5;
pub const R_MIPS_LO16: u32 = 6;

/// The bits of a relocated place that have the addend; none for a type that never leads to data.
fn mask(machine: u16, kind: u32) -> [u8; 4] {
    let word: u32 = match (machine, kind) {
        // MOVW and MOVT; the same of Thumb, with its upper half first.
        (EM_ARM, 43..=46) => 0x000f_0fff,
        (EM_ARM, 47..=50) => 0x70ff_040f,
        (EM_MIPS, R_MIPS_HI16 | R_MIPS_LO16) => 0xffff,
        (EM_386, 1 | 2) | (EM_ARM, 2 | 3 | 38) | (EM_MIPS, 2) => 0xffff_ffff,
        _ => 0,
    };
    word.to_le_bytes()
}

/// Fills in the addends of a table, from the bytes of the section that it changes.
pub fn fill(elf: &Elf, bytes: &[u8], relocations: &mut [Relocation]) -> Result<()> {
    let mut upper: Vec<usize> = Vec::new();
    for index in 0..relocations.len() {
        let relocation = *relocations.get(index).context("no such relocation")?;
        let place = place(bytes, &relocation)?;
        let word = elf.number(place);
        // The lower 16 bits are a signed number.
        let short = |bits: u32| (i64::from(bits & 0xffff) ^ 0x8000) - 0x8000;
        let addend = match (elf.machine, relocation.kind) {
            (EM_ARM, 43..=46) => short((word & 0xf_0000) >> 4 | word & 0xfff),
            (EM_ARM, 47..=50) => {
                let (first, second) = (word & 0xffff, word >> 16);
                short((first & 15) << 12 | (first & 0x400) << 1 | (second & 0x7000) >> 4 | second & 0xff)
            }
            (EM_MIPS, R_MIPS_HI16) => {
                upper.push(index);
                continue;
            }
            (EM_MIPS, R_MIPS_LO16) => {
                let lower = short(word & 0xffff);
                for high in upper.drain(..) {
                    let high = relocations.get_mut(high).context("no such relocation")?;
                    // The loader calls it dangerous, and refuses it.
                    ensure!(high.symbol == relocation.symbol, "{:#x} has no lower half", high.offset);
                    let bits = elf.number(self::place(bytes, high)?) & 0xffff;
                    high.addend = (i64::from(bits) << 16) + lower;
                }
                lower
            }
            _ if mask(elf.machine, relocation.kind) == [0xff; 4] => word.cast_signed().into(),
            _ => continue,
        };
        relocations.get_mut(index).context("no such relocation")?.addend = addend;
    }
    Ok(())
}

/// Copies the addend of a relocation from the bytes of one file to those of another.
pub fn copy(elf: &Elf, relocation: &Relocation, from: &[u8], to: &mut [u8]) -> Result<()> {
    let new = place(from, relocation)?;
    let start = usize::try_from(relocation.offset)?;
    let mut mask = mask(elf.machine, relocation.kind);
    if elf.number([0, 0, 0, 1]) == 1 {
        mask.reverse();
    }
    let old = to.get_mut(start..start + 4).context("a relocation is outside of its section")?;
    for ((old, new), mask) in old.iter_mut().zip(new).zip(mask) {
        *old = *old & !mask | new & mask;
    }
    Ok(())
}

fn place(bytes: &[u8], relocation: &Relocation) -> Result<[u8; 4]> {
    let rest = bytes.get(usize::try_from(relocation.offset)?..).and_then(|rest| rest.first_chunk());
    rest.copied().with_context(|| format!("{:#x} is outside of its section", relocation.offset))
}
