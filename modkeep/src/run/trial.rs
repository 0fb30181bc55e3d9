// SPDX-License-Identifier: MIT OR Apache-2.0
//! The trial before `--fresh`: the new keeper is loaded under another name beside the living one and removed
//! again. Only if the kernel accepts it is the living one given up.

use libmodfmt::persist::trial_name;
use libmodsys::Kernel;

use super::remove_keeper::remove;
use crate::error::KeepError;
use crate::plan::Obstacle;
use crate::region::Region;

/// Loads the image and removes it again.
pub(super) fn run(kernel: &dyn Kernel, owner: &str, image: &[u8]) -> Result<(), KeepError> {
    let name = trial_name(owner);
    // Left by a call that was killed between the two steps below.
    if Region::foreign_header(kernel, &name)?.is_some_and(|other| other == owner) {
        remove(kernel, &name)?;
    }
    if let Err(errno) = kernel.init_module(image, c"") {
        let obstacle = Obstacle::Refused { errno };
        return Err(KeepError::CannotBind { owner: owner.to_owned(), obstacle });
    }
    remove(kernel, &name)
}
