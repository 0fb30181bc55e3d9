// SPDX-License-Identifier: MIT OR Apache-2.0
//! "Module foo is not currently loaded", "Module foo is builtin."

use libmodsys::Kernel;
use modcli::Output;

use crate::Target;

/// Whether there is a module to remove.
pub(super) fn check(target: &Target, kernel: &dyn Kernel, output: &mut Output) -> bool {
    let name = &target.name;
    // As in kmod, an argument that is a path never means a built-in module, and neither does a name if the
    // index of built-in modules cannot be read.
    if !target.from_path && kernel.is_builtin(name).unwrap_or(false) {
        output.error(format_args!("Module {name} is builtin."));
        return false;
    }
    let state = kernel.init_state(name).map_err(|error| output.error(error)).ok().flatten();
    if state.is_none() {
        output.error(format_args!("Module {name} is not currently loaded"));
    }
    state.is_some()
}
