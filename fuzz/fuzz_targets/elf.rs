// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any ELF file: what was read is written, read again the same, and written again byte for byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use libmodfmt::elf::{Object, section_names};

fuzz_target!(|data: &[u8]| {
    let _ = section_names(|offset, size| {
        let start = usize::try_from(offset).ok()?;
        data.get(start..start.checked_add(size)?).map(<[u8]>::to_vec)
    });
    let Ok(object) = Object::parse(data) else { return };
    for index in 0..object.sections.len() {
        let _ = object.relocations(index);
    }
    let Ok(written) = object.write() else { return };
    let again = Object::parse(&written).expect("what was written can be read");
    assert_eq!(object.symbols, again.symbols);
    assert_eq!(again.write().as_deref(), Ok(&*written));
});
