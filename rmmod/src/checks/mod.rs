// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reasons to refuse a removal, checked before the kernel is asked: its answer is only an error number.

mod in_use;
mod not_loaded;

use libmodsys::Kernel;
use modcli::Output;

use crate::Target;

/// Whether the module can be removed. Writes the reason if not.
pub(crate) fn is_removable(target: &Target, kernel: &dyn Kernel, output: &mut Output) -> bool {
    not_loaded::check(target, kernel, output) && in_use::check(&target.name, kernel, output)
}
