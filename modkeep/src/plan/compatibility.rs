// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether one file can use the data that another has left.

use libmodfmt::file::Persistent;
use libmodfmt::image::Bindings;
use libmodfmt::persist::{Account, Header, KeptMemory, KeptPlace, Wishes};

use super::hints;
use crate::error::KeepError;

/// There is no kernel, and so no memory.
struct NoMemory;

impl KeptMemory for NoMemory {
    fn address(&self, _generation: u32, _ordinal: u32) -> Option<u64> {
        None
    }

    fn read(&self, _place: KeptPlace, _size: u64) -> Result<Vec<u8>, String> {
        Err("there are only files".to_owned())
    }
}

/// What would become of each variable of `new` if `old` had been loaded first, on a kernel with keepers.
/// Hints in the source of `new` count. Values may stand in the way that only a kernel has: where
/// [`Account::unread`] says so, and where something points to a variable that is converted.
///
/// # Errors
/// A hint of `new` has no known form, its relocations are broken, or its data cannot be kept at all.
pub fn compatibility(old: &Persistent<'_>, new: &Persistent<'_>) -> Result<Account, KeepError> {
    for persistent in [old, new] {
        let reasons = persistent.refusals()?.reasons;
        if !reasons.is_empty() {
            return Err(KeepError::Refused { reasons });
        }
    }
    let defined_tags = new.inventory().defined_tags.clone();
    let wishes = hints::add_to(Wishes { defined_tags, ..Wishes::default() }, new.module())?;
    let kept = Bindings::first(old.header()).generation;
    let kept: Vec<&Header> = kept.iter().collect();
    Ok(new.account(&kept, &wishes, &NoMemory)?)
}
