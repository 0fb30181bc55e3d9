// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files that nobody meant: no reader panics, and an image that comes out is right.

use libmodfmt::arch::Arch;
use libmodfmt::elf::{ByteOrder, Object};
use libmodfmt::export::{ExportLayout, Release};
use libmodfmt::image::{Bindings, KeeperOptions, keeper, owner, pending};
use libmodfmt::module::Module;
use libmodfmt::parameters;
use libmodfmt::persist::{Header, Inventory, PersistentDebugInfo, Refusals, compare};
use modtest::module::Make;
use proptest::prelude::*;
use proptest::sample::Index;

/// Everything that the tools do with a file.
fn through(file: &[u8]) {
    if let Ok(object) = Object::parse(file)
        && let Ok(written) = object.write()
    {
        let again = Object::parse(&written).expect("what was written can be read");
        assert_eq!(object.symbols, again.symbols);
        assert_eq!(again.write().expect("and written again"), written);
    }
    let Ok(module) = Module::parse(file) else { return };
    let _ = parameters::names(&module.object);
    let debug_info = PersistentDebugInfo::read(&module.object, None).variables;
    let build_id = module.build_id.as_deref();
    let Ok(Some(inventory)) = Inventory::of(&module.object, &module.name, build_id, &debug_info) else {
        return;
    };
    let note = inventory.header.to_note(module.object.ident.order);
    if let Ok(header) = Header::from_note(&note, module.object.ident.order) {
        let _ = compare(&header, &inventory.header);
    }
    if let Ok(arch) = Arch::of(module.object.ident) {
        let _ = Refusals::of(&module.object, &inventory, arch);
    }
    let bindings = Bindings::first(&inventory.header);
    for release in [Release::new(4, 18), Release::new(6, 1), Release::new(7, 1)] {
        let layout = ExportLayout::for_release(module.object.ident.machine, release);
        let options = KeeperOptions { layout: &layout, bindings: &bindings };
        for image in [keeper(&module, &inventory, options), pending(&module, &[2])].into_iter().flatten() {
            strict(&image);
        }
    }
    if let Ok(image) = owner(&module, &inventory, &bindings) {
        strict(&image);
    }
}

fn strict(image: &[u8]) {
    let module = Module::parse(image).expect("an image is a module");
    // What is not loaded keeps what the file had; the kernel does not look at it, either.
    for index in (0..module.object.sections.len()).filter(|index| module.object.sections[*index].is_alloc()) {
        module.object.relocations_of(index).expect("with good relocations");
    }
}

fn flipped(mut file: Vec<u8>, flips: &[(Index, u8)]) -> Vec<u8> {
    for (place, bit) in flips {
        let at = place.index(file.len());
        file[at] ^= 1 << bit;
    }
    file
}

fn flips(most: usize) -> impl Strategy<Value = Vec<(Index, u8)>> {
    prop::collection::vec((any::<Index>(), 0_u8..8), 1..most)
}

/// Where the headers are, most bits matter.
fn in_headers(mut file: Vec<u8>, places: &[(Index, u8)]) -> Vec<u8> {
    let table = file[40..48].try_into().map(u64::from_le_bytes).ok().and_then(|at| usize::try_from(at).ok());
    let headers = file.split_off(table.unwrap_or(0));
    file.extend(flipped(headers, places));
    file
}

#[test]
fn whole_modules_pass() {
    through(&Make::typical("foo").build());
    through(&Make::small("foo").build());
}

/// One after the other, without chance: every byte of the small module, to its extremes.
#[test]
fn every_byte_may_be_anything() {
    let file = Make::small("foo").build();
    // Inside of struct module there is nothing to be read.
    let dull = file.windows(64).position(|bytes| bytes == [0; 64]).unwrap();
    for at in (0..file.len()).filter(|at| !(dull..dull + 700).contains(at)) {
        for value in [0, 0x7f, 0x80, 0xff] {
            let mut wrong = file.clone();
            wrong[at] = value;
            through(&wrong);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes(bytes: Vec<u8>) {
        through(&bytes);
        let _ = Header::from_note(&bytes, ByteOrder::Little);
        let _ = Header::from_note(&bytes, ByteOrder::Big);
    }

    #[test]
    fn any_bytes_after_an_elf_header(bytes in prop::collection::vec(any::<u8>(), 64..400)) {
        let start = Make::small("foo").build();
        through(&[&start[..40], &bytes[..]].concat());
    }

    #[test]
    fn flipped_bits(flips in flips(6)) {
        through(&flipped(Make::typical("foo").build(), &flips));
    }

    #[test]
    fn flipped_bits_in_section_headers(places in flips(4)) {
        through(&in_headers(Make::typical("foo").build(), &places));
    }

    #[test]
    fn truncated(size: Index, flips in flips(3)) {
        let mut file = Make::typical("foo").build();
        file.truncate(size.index(file.len()));
        if !file.is_empty() {
            through(&flipped(file, &flips));
        }
    }

    #[test]
    fn damaged_notes(flips in flips(4)) {
        let file = Make::typical("foo").build();
        let module = Module::parse(&file).unwrap();
        let header = modtest::module::inventory(&module).header;
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let _ = Header::from_note(&flipped(header.to_note(order), &flips), order);
        }
    }
}
