// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names made from the owner's: its keeper and the base symbols.

use super::PersistentSection;
use crate::fnv::Hash;
use crate::module_name::MAX_NAME_BYTES;

const KEEPER: &str = "__persist";

/// The keeper's name for `owner`: `foo__persist`. An owner's name of more than 46 bytes is cut and
/// gets eight hexadecimal digits of a hash of the whole.
///
/// ```
/// assert_eq!(libmodfmt::persist::keeper_name("foo"), "foo__persist");
/// assert_eq!(libmodfmt::persist::keeper_name(&"x".repeat(50)).len(), 55);
/// ```
#[must_use]
pub fn keeper_name(owner: &str) -> String {
    bounded(owner, KEEPER)
}

/// The name of the keeper for `owner` that is tried out while the real one is loaded.
#[must_use]
pub fn trial_name(owner: &str) -> String {
    bounded(owner, "__ptrial")
}

/// The name of the symbol that a keeper exports for one section: `foo__persist_data`.
#[must_use]
pub fn base_symbol(owner: &str, role: PersistentSection) -> String {
    bounded(owner, &format!("{KEEPER}{}", role.suffix()))
}

fn bounded(owner: &str, suffix: &str) -> String {
    if owner.len() + suffix.len() <= MAX_NAME_BYTES {
        return format!("{owner}{suffix}");
    }
    let mut hash = Hash::new();
    hash.text(owner);
    let digits = format!("_{:08x}", hash.finish() >> 32);
    let mut keep = MAX_NAME_BYTES.saturating_sub(suffix.len() + digits.len());
    while !owner.is_char_boundary(keep) {
        keep = keep.saturating_sub(1);
    }
    format!("{}{digits}{suffix}", owner.get(..keep).unwrap_or_default())
}
