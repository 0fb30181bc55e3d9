// SPDX-License-Identifier: MIT OR Apache-2.0
//! The kernel's own types, which a header names and does not describe: those of the kernel, and those of the
//! modules that a module builds on. A driver for a camera leads to hundreds of videodev's.

use std::collections::BTreeSet;

use libmodfmt::module::Module;
use libmodfmt::persist::KernelBtfBlobs;
use libmodfmt::proc;
use libmodsys::Kernel;

/// Reads them; `None` if the kernel has no BTF.
pub(super) fn read(kernel: &dyn Kernel, module: &Module<'_>) -> Option<KernelBtfBlobs> {
    let mut blobs = KernelBtfBlobs::new(kernel.vmlinux_btf().ok()??);
    // A module that has none, or none that can be read, only makes the header larger.
    let of_module = |name: &String| kernel.module_btf(name).ok().flatten();
    blobs.modules = used_by(kernel, module).iter().filter_map(of_module).collect();
    Some(blobs)
}

/// The loaded modules that a file depends on, and those that they depend on.
fn used_by(kernel: &dyn Kernel, module: &Module<'_>) -> BTreeSet<String> {
    let text = kernel.modules_text().unwrap_or_default();
    let loaded: Vec<_> = proc::modules(&text).filter_map(Result::ok).collect();
    let info = module.modinfo().ok();
    let mut pending: Vec<String> = info
        .iter()
        .flat_map(|info| info.depends())
        .map(|name| name.replace('-', "_"))
        .filter(|name| loaded.iter().any(|module| module.name == name.as_bytes()))
        .collect();
    let mut found = BTreeSet::new();
    while let Some(user) = pending.pop() {
        if found.contains(&user) {
            continue;
        }
        let is_used = |module: &&proc::LoadedModule<'_>| module.users().any(|name| name == user.as_bytes());
        let used = loaded.iter().filter(is_used);
        pending.extend(used.map(|module| String::from_utf8_lossy(module.name).into_owned()));
        found.insert(user);
    }
    found
}
