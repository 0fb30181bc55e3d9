// SPDX-License-Identifier: MIT OR Apache-2.0
//! Is a module loaded and unused? Asked before the kernel is, because its answer is only an error number.

use libmodsys::{Kernel, SysError};
use modcli::Output;

use crate::Target;

/// Says why the module cannot be removed, if so; whether it can.
pub(crate) fn removable(target: &Target, kernel: &dyn Kernel, output: &mut Output) -> bool {
    let name = &target.name;
    // As with kmod: an argument that is a path never means a built-in module, and a broken index means none is.
    if !target.from_path && kernel.is_builtin(name).unwrap_or(false) {
        output.error(format_args!("Module {name} is builtin."));
        return false;
    }
    loaded(name, kernel, output) && unused(name, kernel, output)
}

fn loaded(name: &str, kernel: &dyn Kernel, output: &mut Output) -> bool {
    let state = said(kernel.init_state(name), output).flatten();
    if state.is_none() {
        output.error(format_args!("Module {name} is not currently loaded"));
    }
    state.is_some()
}

fn unused(name: &str, kernel: &dyn Kernel, output: &mut Output) -> bool {
    // Holders first: they are the better answer.
    let holders = said(kernel.holders(name), output).unwrap_or_default();
    if !holders.is_empty() {
        output.error(format_args!("Module {name} is in use by: {}", holders.join(" ")));
        return false;
    }
    match kernel.refcount(name) {
        Ok(Some(0)) => true,
        Ok(Some(1..)) => {
            output.error(format_args!("Module {name} is in use"));
            false
        }
        // It is going away already. kmod says nothing, either.
        Ok(Some(_)) => false,
        Ok(None) => {
            output.error("Module unloading is not supported");
            false
        }
        Err(error) => {
            output.error(error);
            false
        }
    }
}

fn said<T>(result: Result<T, SysError>, output: &mut Output) -> Option<T> {
    result.map_err(|error| output.error(error)).ok()
}
