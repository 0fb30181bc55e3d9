// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which part of the address space an address is in, as far as the architecture alone or the log tells.

use super::Facts;

/// A part of the address space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// A program's.
    User,
    /// The kernel's.
    Kernel,
    /// No page can be there.
    Between,
    /// It depends on how the kernel was built or booted.
    Unknown,
}

/// The bit of x86's CR4 that says that page tables have five levels (LA57).
const CR4_LA57: u64 = 1 << 12;

/// The part that an address is in.
pub(super) fn half(arch: Option<&str>, address: u64, facts: &Facts<'_>) -> Half {
    match arch {
        Some("x86_64") => {
            let levels_5 = x86_has_5_levels(facts);
            match (sign_extended(address, 48), sign_extended(address, 57)) {
                (true, _) => by_top_bit(address),
                (false, false) => Half::Between,
                // Only with five levels it is an address.
                (false, true) => match levels_5 {
                    Some(true) => by_top_bit(address),
                    Some(false) => Half::Between,
                    None => Half::Unknown,
                },
            }
        }
        Some("aarch64") => arm64(address, facts),
        // Sv57 has the most bits, Sv39 the fewest.
        Some("riscv64") if sign_extended(address, 39) => by_top_bit(address),
        Some("riscv64") if !sign_extended(address, 57) => Half::Between,
        // Linear mapping and user space by the highest digit (`arch/powerpc/include/asm/book3s/64`).
        Some("ppc64" | "ppc64le") => match address >> 60 {
            0 => Half::User,
            0xc..=0xf => Half::Kernel,
            _ => Half::Unknown,
        },
        // The kernel's part may begin at 1 GiB (`CONFIG_VMSPLIT_1G`).
        Some("i386" | "arm") => match address {
            0..0x4000_0000 => Half::User,
            0xc000_0000.. => Half::Kernel,
            _ => Half::Unknown,
        },
        Some("mips") => {
            if address & 0xffff_ffff < 0x8000_0000 {
                Half::User
            } else {
                Half::Kernel
            }
        }
        Some("mips64" | "loongarch64") => match address >> 62 {
            0 => Half::User,
            2 | 3 => Half::Kernel,
            _ => Half::Unknown,
        },
        _ => Half::Unknown,
    }
}

/// Whether page tables of x86-64 have five levels.
pub(super) fn x86_has_5_levels(facts: &Facts<'_>) -> Option<bool> {
    let states = facts.report.states.iter();
    let cr4 = states.filter_map(|state| state.register("CR4")).next();
    cr4.map(|cr4| cr4 & CR4_LA57 != 0)
}

/// The number of bits of arm64's addresses, if the log has the line about the page table.
pub(super) fn arm64_bits(facts: &Facts<'_>) -> Option<u32> {
    facts.lines.iter().find_map(|line| {
        let (before, _) = line.split_once("-bit VAs")?;
        before.rsplit(' ').next()?.parse().ok().filter(|bits| (36..=52).contains(bits))
    })
}

fn arm64(address: u64, facts: &Facts<'_>) -> Half {
    if facts.lines.iter().any(|line| line.contains("] address between user and kernel address ranges")) {
        return Half::Between;
    }
    // The highest byte may be a tag.
    let untagged = ((address << 8).cast_signed() >> 8).cast_unsigned();
    let is_tagged = untagged != address;
    match arm64_bits(facts) {
        _ if is_tagged && untagged >> 63 == 1 => Half::Unknown,
        Some(bits) if sign_extended(untagged, bits.saturating_add(1)) => by_top_bit(untagged),
        Some(_) => Half::Between,
        None if sign_extended(untagged, 40) => by_top_bit(untagged),
        None if !sign_extended(untagged, 53) => Half::Between,
        None => Half::Unknown,
    }
}

fn by_top_bit(address: u64) -> Half {
    if address >> 63 == 1 { Half::Kernel } else { Half::User }
}

/// Whether the bits from `bits - 1` up are all alike.
fn sign_extended(address: u64, bits: u32) -> bool {
    let unused = 64_u32.saturating_sub(bits);
    ((address << unused).cast_signed() >> unused).cast_unsigned() == address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_alike() {
        assert!(sign_extended(0x7fff_ffff_ffff, 48) && sign_extended(0xffff_8000_0000_0000, 48));
        assert!(!sign_extended(0x8000_0000_0000, 48) && !sign_extended(0xdead_0000_0000_0100, 57));
        assert!(sign_extended(0xff00_0000_0000_0000, 57) && !sign_extended(0xfe00_0000_0000_0000, 57));
    }
}
