// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any section; what is read is written back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use libmodfmt::modinfo::Modinfo;

fuzz_target!(|data: &[u8]| {
    let Ok(info) = Modinfo::parse(data) else { return };
    assert_eq!(info.encode(), data);
    let _ = (info.name(), info.depends());
    let changed = info.without(&["alias"]).with("name", "x").expect("a good name").encode();
    assert_eq!(Modinfo::parse(&changed).expect("own output").name().as_deref(), Some("x"));
});
