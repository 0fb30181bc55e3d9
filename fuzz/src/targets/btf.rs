// SPDX-License-Identifier: MIT OR Apache-2.0
//! A BTF blob, piece by piece, alone, and on top of itself: every question about every type. A type equals
//! itself, and a blob that has a type finds it.

use std::convert::Infallible;

use libmodfmt::btf::{Btf, BtfTypes, KernelBtf, search_prefix};
use libmodfmt::elf::Machine;
use libmodfmt::export::ExportLayout;
use libmodfmt::types::{KernelTypes, TypeId, compare, layout_hash};

/// Types that are asked about, so that one input is fast.
const MAX_ASKED: usize = 1000;
/// Types that are followed to whatever they lead to.
const MAX_FOLLOWED: usize = 50;

/// Tries one input.
pub fn run(data: &[u8]) {
    search(data);
    let Ok(base) = Btf::parse(data) else { return };
    ask(&base);
    follow(&base);
    if let Ok(split) = Btf::parse_split(data, &base) {
        assert_eq!(split.ids().count(), 2 * base.ids().count());
        ask(&split);
    }
}

/// Piece by piece: whatever is found in the beginning.
fn search(data: &[u8]) {
    let read = |offset, length, into: &mut Vec<u8>| {
        into.extend(data.iter().skip(usize::try_from(offset).unwrap_or(usize::MAX)).take(length));
        Ok::<(), Infallible>(())
    };
    let _ = search_prefix(read, |btf| ExportLayout::from_btf(btf, Machine::X86_64).ok());
}

fn ask(btf: &Btf<'_>) {
    for id in btf.ids().take(MAX_ASKED) {
        let _ = (btf.get(id).is_ok(), btf.resolve(id).is_ok(), btf.target(id), btf.is_signed(id));
        let size = btf.size_of(id);
        let _ = (btf.member(id, "name"), btf.path_at(id, size.unwrap_or(8) / 2));
        let _ = btf.members(id).map(Iterator::count);
    }
    let _ = (btf.variables().count(), btf.path_by_type("struct list_head[2]", 32, 20));
    let _ = ExportLayout::from_btf(btf, Machine::X86_64);
}

fn follow(btf: &Btf<'_>) {
    let types = BtfTypes::new(btf);
    let kernel = KernelBtf::new(&types, &types);
    for id in btf.ids().take(MAX_FOLLOWED).map(|id| TypeId(id.0)) {
        assert!(compare((&types, id), (&types, id)).is_ok());
        let hash = layout_hash(&types, id);
        assert_eq!(layout_hash(&types, id), hash);
        let _ = kernel.find(id);
    }
}
