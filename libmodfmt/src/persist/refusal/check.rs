// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every rule, one after the other.

use super::{Refusal, Refusals, charp_parameter, livepatch, pointer_into_owner, section_header};
use crate::arch::Arch;
use crate::elf::Object;
use crate::persist::{Inventory, PersistError};

impl Refusals {
    /// Checks everything that the file alone can tell.
    ///
    /// # Errors
    /// The file is broken.
    pub fn of(object: &Object<'_>, inventory: &Inventory, arch: &Arch) -> Result<Self, PersistError> {
        let mut found = Self::default();
        livepatch::check(object, &mut found);
        section_header::check(object, inventory, &mut found);
        found.reasons.extend(inventory.ambiguous.iter().cloned().map(Refusal::from));
        pointer_into_owner::check(object, inventory, arch, &mut found)?;
        charp_parameter::check(object, inventory, &mut found)?;
        Ok(found)
    }
}
