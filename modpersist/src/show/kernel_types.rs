// SPDX-License-Identifier: MIT OR Apache-2.0
//! Types that headers only name: those of the kernel, and of the modules that an owner builds on.

use libmodfmt::btf::{Btf, BtfTypes};
use libmodfmt::proc;
use libmodfmt::types::{TypeTable, Types};
use libmodfmt::values::WithKernelTypes;
use libmodsys::Kernel;
use modkeep::Region;

/// A blob of BTF, and its types.
pub(super) type Source<'b, 'd> = (&'b Btf<'d>, &'b BtfTypes<'b, 'd>);

/// The BTF of every loaded module, if the kernel's own does not have all types that these regions name. Which
/// modules an owner builds on is not known while it is not loaded.
pub(super) fn module_blobs(kernel: &dyn Kernel, regions: &[Region], vmlinux: Source<'_, '_>) -> Vec<Vec<u8>> {
    let mut tables = regions.iter().flat_map(Region::headers).map(|header| &header.types);
    if tables.all(|table| WithKernelTypes::new(table, vmlinux.0, vmlinux.1).is_complete()) {
        return Vec::new();
    }
    let text = kernel.modules_text().unwrap_or_default();
    let names =
        proc::modules(&text).flatten().map(|module| String::from_utf8_lossy(module.name).into_owned());
    names.filter_map(|name| kernel.module_btf(&name).ok().flatten()).collect()
}

/// The types of a header. `sources` are vmlinux's BTF and that of modules, or none.
pub(super) fn filled_in<'k>(table: &'k TypeTable, sources: &[Source<'k, 'k>]) -> Box<dyn Types + 'k> {
    let [(btf, types), modules @ ..] = sources else { return Box::new(table.clone()) };
    if !WithKernelTypes::is_needed(table) {
        return Box::new(table.clone());
    }
    let of_kernel = WithKernelTypes::new(table, btf, types);
    Box::new(modules.iter().fold(of_kernel, |known, (btf, types)| known.with_module(btf, types)))
}
