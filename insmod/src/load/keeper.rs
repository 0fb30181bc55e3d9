// SPDX-License-Identifier: MIT OR Apache-2.0
//! Loading a keeper and its owner, on a stock kernel.

use std::cell::RefCell;

use libmodsys::lock::Lock;
use libmodsys::{Errno, Kernel};
use modkeep::{Images, KeepError, KeeperLoad, LoadOutcome, LoadStep, NewKeeper};
use modrecord::journal::ModuleDetails;

use super::strip_versions;
use crate::load_request::LoadRequest;

/// Loads the images. A keeper that was made for this load is removed again if this process is killed before
/// the owner is loaded.
///
/// # Errors
/// See [`KeeperLoad::run`].
pub(super) fn load(
    keeper_load: &KeeperLoad<'_>,
    request: &LoadRequest<'_>,
    known: ModuleDetails<'_>,
    kernel: &dyn Kernel,
    lock: Option<&Lock>,
) -> Result<LoadOutcome, KeepError> {
    let guard = RefCell::new(None);
    let before = |step: LoadStep<'_>| match step {
        LoadStep::Keeper { name, is_first: true } => *guard.borrow_mut() = kernel.guard(name, lock),
        LoadStep::Keeper { .. } => {}
        // An oops in the module's init ends this process.
        LoadStep::Owner => request.journal.about_to_load(known),
    };
    let done = keeper_load.run(kernel, request.params, &before);
    if let Some(guard) = guard.into_inner() {
        guard.dismiss();
    }
    done
}

/// The images with the force options applied: what the kernel is to ignore is taken out of them.
///
/// # Errors
/// The error number that kmod returns if that fails.
pub(super) fn forced(request: &LoadRequest<'_>, images: Images) -> Result<Images, Errno> {
    if request.flags.is_empty() {
        return Ok(images);
    }
    let strip = |image: Vec<u8>| strip_versions::strip(&image, request.flags).map_err(|error| error.errno());
    let keeper = |NewKeeper { name, image }| strip(image).map(|image| NewKeeper { name, image });
    Ok(Images {
        pending: images.pending.map(strip).transpose()?,
        keeper: images.keeper.map(keeper).transpose()?,
        owner: strip(images.owner)?,
        spent: images.spent,
    })
}
