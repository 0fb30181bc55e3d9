// SPDX-License-Identifier: MIT OR Apache-2.0
//! A module: its persistent data, the images that keep it on kernels of every age, and whether the kernel
//! would load them to the same memory as the module itself ([`crate::image_pair`]).

use libmodfmt::export::{ExportLayout, Release};
use libmodfmt::file::ModuleFile;
use libmodfmt::image::Bindings;
use libmodfmt::module::Module;

use crate::image_pair;

/// Bytes of a decompressed module.
const LIMIT: u64 = 1 << 20;

/// Tries one input.
pub fn run(data: &[u8]) {
    image_pair::compare(data).expect("the images are the module");
    let file = ModuleFile::new(data, LIMIT);
    let Ok(Some(persistent)) = file.persistent() else { return };
    let bindings = Bindings::first(persistent.header());
    for release in [Release::new(4, 18), Release::new(7, 1)] {
        let layout = ExportLayout::for_release(persistent.module().object.ident.machine, release);
        for image in [persistent.keeper(&layout, &bindings), persistent.pending(&[1])].into_iter().flatten() {
            Module::parse(&image).expect("a keeper is a module");
        }
    }
}
