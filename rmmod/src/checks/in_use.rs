// SPDX-License-Identifier: MIT OR Apache-2.0
//! "Module foo is in use", "Module foo is in use by: bar"

use libmodsys::Kernel;
use modcli::Output;

/// Whether nothing uses the module.
pub(super) fn check(name: &str, kernel: &dyn Kernel, output: &mut Output) -> bool {
    // Modules that use it first: they say more than the reference count, in which they are included.
    let holders = kernel.holders(name).map_err(|error| output.error(error)).unwrap_or_default();
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
        // It is being removed. kmod prints nothing, either.
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
