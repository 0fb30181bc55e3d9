// SPDX-License-Identifier: MIT OR Apache-2.0
//! Does a load concern persistent data: in the file, or kept in the kernel?

use libmodfmt::persist::PersistentSection;
use libmodsys::Kernel;
use modcli::module_name;
use modkeep::{KeepMode, Region};

use crate::load_request::LoadRequest;
use crate::{InputError, ModuleInput};

/// Whether there is persistent data to keep, or to lose.
pub(crate) fn concerns_persistent_data(request: &LoadRequest<'_>, kernel: &dyn Kernel) -> bool {
    let may_be_kept = || {
        module_name::from_path(request.module.argument()).is_some_and(|name| Region::may_exist(kernel, &name))
    };
    match has_persistent_section(request.module) {
        Ok(true) => true,
        // Perhaps a version of the module that no longer has any.
        Ok(false) => may_be_kept(),
        // Let the kernel refuse the file, or kmod's message say why, unless data is at stake.
        Err(_) => match request.keep {
            KeepMode::Require => true,
            KeepMode::Auto => may_be_kept(),
            KeepMode::Off => false,
        },
    }
}

/// Whether the file has a persistent section. A file whose section table cannot be read has none: the kernel
/// will say what is wrong with it.
///
/// # Errors
/// The file cannot be read or decompressed: it may have one.
fn has_persistent_section(module: &ModuleInput) -> Result<bool, InputError> {
    let mut sections = module.sections()?.unwrap_or_default().iter();
    Ok(sections.any(|section| PersistentSection::from_name(&section.name).is_some()))
}
