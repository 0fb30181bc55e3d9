// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any blob, alone and on top of itself, with all questions asked about all types.
#![no_main]

use libfuzzer_sys::fuzz_target;
use libmodfmt::btf::Btf;
use libmodfmt::elf::Machine;
use libmodfmt::export::ExportLayout;

fn ask(btf: &Btf<'_>) {
    for id in btf.ids().take(1000) {
        let _ = (btf.get(id).is_ok(), btf.resolve(id).is_ok(), btf.target(id), btf.is_signed(id));
        let size = btf.size_of(id);
        let _ = (btf.member(id, "name"), btf.path_at(id, size.unwrap_or(8) / 2));
        let _ = btf.members(id).map(Iterator::count);
    }
    let _ = (btf.variables().count(), btf.path_by_type("struct list_head[2]", 32, 20));
    let _ = ExportLayout::from_btf(btf, Machine::X86_64);
}

fuzz_target!(|data: &[u8]| {
    let Ok(base) = Btf::parse(data) else { return };
    ask(&base);
    if let Ok(split) = Btf::parse_split(data, &base) {
        ask(&split);
    }
});
