// SPDX-License-Identifier: MIT OR Apache-2.0
//! Obstacles that can be seen without trying to load a keeper.

use libmodfmt::module::{Module, THIS_MODULE};
use libmodsys::{InitState, Kernel};

use super::export_layout::DetectedLayout;
use super::obstacle::Obstacle;
use crate::error::KeepError;
use crate::load_restriction::required_signature;

/// The obstacle to any keeper on this kernel.
pub(super) fn on_this_kernel(kernel: &dyn Kernel, file_is_signed: bool) -> Option<Obstacle> {
    if !kernel.shows_modules() {
        return Some(Obstacle::NotShown);
    }
    required_signature(kernel).map(|setting| Obstacle::Signatures { setting, file_is_signed })
}

/// The obstacle to a keeper of this name for this module.
pub(super) fn for_this_module(
    kernel: &dyn Kernel,
    module: &Module<'_>,
    detected: &DetectedLayout,
    keeper: &str,
) -> Result<Option<Obstacle>, KeepError> {
    let file = module.object.section(THIS_MODULE).map_or(0, |(_, section)| section.size);
    // Kernels before 6.4 do not compare the sizes and would write past the end of a short one.
    if let Some(size) = detected.module_size.filter(|size| *size != file) {
        return Ok(Some(Obstacle::ThisModule { file, kernel: size }));
    }
    let state = kernel.init_state(keeper)?;
    let keeper = keeper.to_owned();
    match state {
        None => Ok(None),
        // It may hold data in a moment, or held some a moment ago.
        Some(InitState::Coming) => Err(KeepError::KeeperInTransition { keeper, doing: "loaded" }),
        Some(InitState::Going) => Err(KeepError::KeeperInTransition { keeper, doing: "removed" }),
        Some(InitState::Live | InitState::DirectoryOnly) => Ok(Some(Obstacle::NameTaken { keeper })),
    }
}
