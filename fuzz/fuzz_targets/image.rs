// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any module file: its persistent data, what speaks against keeping them, and the images.
#![no_main]

use libfuzzer_sys::fuzz_target;
use libmodfmt::arch::Arch;
use libmodfmt::export::{ExportLayout, Release};
use libmodfmt::image::{Base, KeeperOptions, keeper, owner};
use libmodfmt::module::Module;
use libmodfmt::persist::{VariableDebugInfo, Inventory, Refusals};

fuzz_target!(|data: &[u8]| {
    let Ok(module) = Module::parse(data) else { return };
    let _ = libmodfmt::parameters::names(&module.object);
    let facts = VariableDebugInfo::all(&module.object);
    let inventory = Inventory::of(&module.object, &module.name, module.build_id.as_deref(), &facts);
    let Ok(Some(inventory)) = inventory else { return };
    if let Ok(arch) = Arch::of(module.object.ident) {
        let _ = Refusals::of(&module.object, &inventory, arch);
    }
    for release in [Release::new(4, 18), Release::new(6, 1), Release::new(7, 1)] {
        let layout = ExportLayout::for_release(module.object.ident.machine, release);
        for trial in [false, true] {
            if let Ok(image) = keeper(&module, &inventory, KeeperOptions { layout: &layout, trial }) {
                Module::parse(&image).expect("a keeper is a module");
            }
        }
    }
    if let Ok(image) = owner(&module, &inventory, &Base::all(&inventory.header)) {
        Module::parse(&image).expect("an owner image is a module");
    }
});
