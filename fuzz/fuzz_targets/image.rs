// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any module: its persistent data, why it must not be kept, and the images that keep it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use libmodfmt::export::{ExportLayout, Release};
use libmodfmt::image::Bindings;
use libmodfmt::module::Module;
use libmodfmt::parameters;

fuzz_target!(|data: &[u8]| {
    let Ok(module) = Module::parse(data) else { return };
    let _ = parameters::names(&module.object);
    let Ok(Some(persistent)) = module.persistent() else { return };
    let _ = persistent.refusals();
    let bindings = Bindings::first(persistent.header());
    for release in [Release::new(4, 18), Release::new(6, 1), Release::new(7, 1)] {
        let layout = ExportLayout::for_release(module.object.ident.machine, release);
        for image in [persistent.keeper(&layout, &bindings), persistent.pending(&[1])].into_iter().flatten() {
            Module::parse(&image).expect("a keeper is a module");
        }
    }
    if let Ok(image) = persistent.owner(&bindings) {
        Module::parse(&image).expect("an owner image is a module");
    }
});
