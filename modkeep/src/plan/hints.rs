// SPDX-License-Identifier: MIT OR Apache-2.0
//! Hints in the source, which persistent.h puts into `.modinfo`.

use libmodfmt::module::Module;

/// The key of `PERSISTENT_RENAMED(old, new)`; its value is `old=new`.
const RENAMED: &str = "persistent_renamed";

/// The renames that the source tells.
pub(super) fn renamed(module: &Module<'_>) -> Vec<(String, String)> {
    let Ok(modinfo) = module.modinfo() else { return Vec::new() };
    let values = modinfo.all(RENAMED).map(String::from_utf8_lossy);
    values
        .filter_map(|value| value.split_once('=').map(|(old, new)| (old.to_owned(), new.to_owned())))
        .collect()
}
