// SPDX-License-Identifier: MIT OR Apache-2.0
//! Patterns that the kernel writes into what must not be used (include/linux/poison.h).

/// `CONFIG_ILLEGAL_POINTER_VALUE` of x86-64.
const ILLEGAL: u64 = 0xdead_0000_0000_0000;
/// Distances from it; a member of what such a pointer "leads to" is near.
const POINTERS: &[(u64, &str)] = &[
    (0x100, "LIST_POISON1"),
    (0x122, "LIST_POISON2"),
    (0x300, "TIMER_ENTRY_STATIC"),
    (0x400, "PAGE_POISON"),
    (0x801, "NET_PTR_POISON"),
];
/// Bytes that fill memory.
const FILL: &[(u8, &str)] = &[
    (0x6b, "POISON_FREE, freed slab memory"),
    (0x5a, "POISON_INUSE, slab memory never written"),
    (0xa5, "POISON_END"),
    (0xbb, "SLUB_RED_INACTIVE"),
    (0xcc, "POISON_FREE_INITMEM"),
    (0xaa, "PAGE_POISON, freed page"),
    (0xa7, "POOL_POISON_FREED"),
    (0xa9, "POOL_POISON_ALLOCATED"),
];

/// The name of a pattern. Fill bytes may have a small number added: a field of what was freed.
pub(super) fn name(address: u64) -> Option<String> {
    if let Some((_, name)) = POINTERS.iter().find(|(distance, _)| address == ILLEGAL | *distance) {
        return Some((*name).to_owned());
    }
    for (byte, name) in FILL {
        let pattern = usize::from_ne_bytes([*byte; size_of::<usize>()]) as u64;
        match address.wrapping_sub(pattern) {
            0 => return Some((*name).to_owned()),
            distance @ 1..0x1000 => return Some(format!("{name}, +{distance:#x}")),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn patterns_have_names() {
        for (address, expected) in [
            (0xdead_0000_0000_0100, Some("LIST_POISON1")),
            (0xdead_0000_0000_0122, Some("LIST_POISON2")),
            (0x6b6b_6b6b_6b6b_6b6b, Some("POISON_FREE, freed slab memory")),
            (0x6b6b_6b6b_6b6b_6b7b, Some("POISON_FREE, freed slab memory, +0x10")),
            (0xdead_0000_0000_0101, None),
            (0xffff_8880_0000_0000, None),
        ] {
            assert_eq!(name(address).as_deref(), expected, "{address:#x}");
        }
    }
}
