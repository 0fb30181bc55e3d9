// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any module file: what it shows of the layout of export tables, and what it exports.
#![no_main]

use libfuzzer_sys::fuzz_target;
use libmodfmt::elf::Object;
use libmodfmt::export::{ExportLayout, Release, Sample, exports};

fuzz_target!(|data: &[u8]| {
    let Ok(object) = Object::parse(data) else { return };
    if let Ok(sample) = Sample::of(&object)
        && let Ok(layout) = ExportLayout::from_sample(&sample)
    {
        let _ = exports(&object, &layout);
    }
    for release in [Release::new(4, 18), Release::new(5, 3), Release::new(6, 1), Release::new(7, 3)] {
        let _ = exports(&object, &ExportLayout::for_release(object.ident.machine, release));
    }
});
