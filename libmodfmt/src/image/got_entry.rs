// SPDX-License-Identifier: MIT OR Apache-2.0
//! Uses of persistent data through an entry of the GOT, which the loader makes for a symbol: of an owner they
//! are by the entry of the base symbol, if the variable is at its very place. If not, the instruction that
//! loads the address from the entry becomes one that computes it, as linkers do where they know the place.

use crate::arch::GotEntry;
use crate::elf::{Relocation, Section};

/// The first two bytes of `lgrl`, which loads a word from an address near the instruction, and of `larl`,
/// which loads such an address; the register is in four other bits of the second byte.
const LOAD: [u8; 2] = [0xc4, 0x08];
const ADDRESS: [u8; 2] = [0xc0, 0x00];
const OPCODE: [u8; 2] = [0xff, 0x0f];

/// The relocation as one of the base symbol, from which the variable is `distance` away. Its symbol is not
/// changed here. `None` if the use must be refused: of something else than the entry, or by another
/// instruction.
pub(super) fn rebase(
    entry: GotEntry,
    relocation: &Relocation,
    distance: i64,
    section: &mut Section<'_>,
) -> Option<Relocation> {
    if relocation.addend != entry.addend {
        return None;
    }
    if distance == 0 {
        return Some(*relocation);
    }
    let opcode = instruction(entry, relocation, &section.data)?;
    let new = computed(opcode).filter(|_| is_halfword(distance))?;
    let addend = relocation.addend.checked_add(distance)?;
    let start = start(entry, relocation)?;
    section.data.edit(|data| {
        if let Some(place) = start.checked_add(2).and_then(|end| data.get_mut(start..end)) {
            place.copy_from_slice(&new);
        }
    });
    Some(Relocation { kind: entry.direct, addend, ..*relocation })
}

/// Whether the use `after` in an image is `before` in the file, as [`rebase`] may have changed it.
pub(super) fn is_rebased(
    entry: GotEntry,
    (before, old): (&Relocation, &Section<'_>),
    (after, new): (&Relocation, &Section<'_>),
    distance: i128,
) -> bool {
    let (old, new) = (instruction(entry, before, &old.data), instruction(entry, after, &new.data));
    let is_place = before.offset == after.offset && before.addend == entry.addend;
    if after.kind == before.kind {
        return is_place && distance == 0 && after.addend == before.addend && old == new;
    }
    let is_computed = old.and_then(computed).is_some_and(|computed| new == Some(computed));
    is_place && is_computed && after.kind == entry.direct && i128::from(after.addend) == distance + 2
}

/// The instruction that computes what this one loads.
fn computed(opcode: [u8; 2]) -> Option<[u8; 2]> {
    let [first, second] = opcode;
    let register = second & !OPCODE[1];
    ([first & OPCODE[0], second & OPCODE[1]] == LOAD).then_some([ADDRESS[0], ADDRESS[1] | register])
}

/// Distances are counted in halfwords.
const fn is_halfword(distance: i64) -> bool {
    distance & 1 == 0
}

fn start(entry: GotEntry, relocation: &Relocation) -> Option<usize> {
    usize::try_from(relocation.offset.checked_sub(u64::try_from(entry.addend).ok()?)?).ok()
}

fn instruction(entry: GotEntry, relocation: &Relocation, data: &[u8]) -> Option<[u8; 2]> {
    data.get(start(entry, relocation)?..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elf::{SectionKind, flags};

    const ENTRY: GotEntry = GotEntry { relocation: 26, addend: 2, direct: 19 };

    fn code(bytes: &[u8]) -> Section<'static> {
        Section::with_data(".text", SectionKind::PROGBITS, flags::ALLOC, 8, bytes.to_vec())
    }

    fn used(addend: i64) -> Relocation {
        Relocation { offset: 4, symbol: 7, kind: 26, addend }
    }

    const LGRL_3: [u8; 8] = [0xb9, 0x04, 0xc4, 0x38, 0, 0, 0, 0];

    #[test]
    fn at_the_base_the_entry_is_the_bases() {
        let larl = [0xb9, 0x04, 0xc0, 0x30, 0, 0, 0, 0];
        for bytes in [LGRL_3, larl] {
            let mut section = code(&bytes);
            assert_eq!(rebase(ENTRY, &used(2), 0, &mut section), Some(used(2)));
            assert_eq!(*section.data, bytes);
            assert!(is_rebased(ENTRY, (&used(2), &code(&bytes)), (&used(2), &section), 0));
            assert!(!is_rebased(ENTRY, (&used(2), &code(&bytes)), (&used(2), &section), 8));
        }
    }

    #[test]
    fn elsewhere_the_address_is_computed() {
        let mut section = code(&LGRL_3);
        let new = rebase(ENTRY, &used(2), 16, &mut section).unwrap();
        assert_eq!((new.kind, new.addend, new.offset), (19, 18, 4));
        assert_eq!(*section.data, [0xb9, 0x04, 0xc0, 0x30, 0, 0, 0, 0]);
        let before = (&used(2), &code(&LGRL_3));
        assert!(is_rebased(ENTRY, before, (&new, &section), 16));
        assert!(!is_rebased(ENTRY, before, (&new, &section), 18), "another place");
        assert!(!is_rebased(ENTRY, before, (&new, &code(&LGRL_3)), 16), "the instruction still loads");
        let other = code(&[0xb9, 0x04, 0xc0, 0x40, 0, 0, 0, 0]);
        assert!(!is_rebased(ENTRY, before, (&new, &other), 16), "another register");
    }

    #[test]
    fn what_cannot_be_changed() {
        let larl = code(&[0xb9, 0x04, 0xc0, 0x30, 0, 0, 0, 0]);
        assert_eq!(rebase(ENTRY, &used(2), 16, &mut larl.clone()), None, "the address of the entry");
        assert_eq!(rebase(ENTRY, &used(2), 17, &mut code(&LGRL_3)), None, "an odd distance");
        assert_eq!(rebase(ENTRY, &used(10), 16, &mut code(&LGRL_3)), None, "the entry behind");
        assert_eq!(rebase(ENTRY, &used(2), i64::MAX - 1, &mut code(&LGRL_3)), None);
        assert_eq!(rebase(ENTRY, &used(2), 16, &mut code(&[])), None, "no such place");
        let at_start = Relocation { offset: 1, ..used(2) };
        assert_eq!(rebase(ENTRY, &at_start, 16, &mut code(&LGRL_3)), None);
    }
}
