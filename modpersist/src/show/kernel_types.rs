// SPDX-License-Identifier: MIT OR Apache-2.0
//! Types that headers only name: those of the kernel, and of the modules that an owner builds on.

use std::collections::HashSet;

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

/// The structures and unions that the running kernel defines.
#[derive(Debug, Default)]
pub(super) struct KernelRecords {
    /// Name, and size in bytes: a module may have a structure of the same name.
    known: HashSet<(String, u64)>,
}

impl KernelRecords {
    /// Those of the kernel itself; none if its BTF is not known.
    pub(super) fn of(vmlinux: Option<&Btf<'_>>) -> Self {
        vmlinux.into_iter().flat_map(Btf::records).map(|(name, size)| (name.to_owned(), size)).collect()
    }

    /// Whether the kernel has one of this name and size.
    pub(super) fn has(&self, name: &str, size: u64) -> bool {
        self.known.contains(&(name.to_owned(), size))
    }
}

impl FromIterator<(String, u64)> for KernelRecords {
    fn from_iter<I: IntoIterator<Item = (String, u64)>>(records: I) -> Self {
        Self { known: records.into_iter().collect() }
    }
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
