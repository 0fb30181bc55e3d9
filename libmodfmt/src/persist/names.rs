// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names made from the owner's: its keepers and their base symbols.

use super::PersistentSection;
use crate::fnv::Hash;
use crate::module_name::MAX_NAME_BYTES;

const KEEPER: &str = "__persist";
const HOLD: &str = "__hold";

/// The name of the first keeper for `owner`: `foo__persist`. An owner's name of more than 46 bytes is cut and
/// gets eight hexadecimal digits of a hash of the whole.
///
/// ```
/// assert_eq!(libmodfmt::persist::keeper_name("foo"), "foo__persist");
/// assert_eq!(libmodfmt::persist::keeper_name(&"x".repeat(50)).len(), 55);
/// ```
#[must_use]
pub fn keeper_name(owner: &str) -> String {
    keeper_of_generation(owner, 1)
}

/// The name of the keeper for one generation of `owner`'s data: `foo__persist`, `foo__persist_2`, ...
///
/// ```
/// assert_eq!(libmodfmt::persist::keeper_of_generation("foo", 12), "foo__persist_12");
/// ```
#[must_use]
pub fn keeper_of_generation(owner: &str, generation: u32) -> String {
    match generation {
        0 | 1 => bounded(owner, KEEPER),
        later => bounded(owner, &format!("{KEEPER}_{later}")),
    }
}

/// Whether a module of this name may be a keeper; its note decides.
///
/// ```
/// use libmodfmt::persist::is_keeper_name;
///
/// assert!(is_keeper_name("foo__persist") && is_keeper_name("foo__persist_2"));
/// assert!(!is_keeper_name("foo__persist_1") && !is_keeper_name("foo__persist_data"));
/// ```
#[must_use]
pub fn is_keeper_name(name: &str) -> bool {
    generation_in_name(name).is_some()
}

/// The generation in the name of a module that may be a keeper.
#[must_use]
pub fn generation_in_name(name: &str) -> Option<u32> {
    if name.ends_with(KEEPER) {
        return Some(1);
    }
    let (before, number) = name.rsplit_once('_')?;
    let generation = number.parse::<u32>().ok().filter(|generation| generation.to_string() == number);
    generation.filter(|generation| *generation > 1 && before.ends_with(KEEPER))
}

/// The name of the module that is there while a load of `owner` has made generations that are not in force
/// yet: `foo__pending`.
#[must_use]
pub fn pending_name(owner: &str) -> String {
    bounded(owner, "__pending")
}

/// The name of the module that holds the keeper of one generation loaded, for `modprobe -r`: `foo__hold`,
/// `foo__hold_2`, ...
///
/// ```
/// assert_eq!(libmodfmt::persist::hold_of_generation("foo", 1), "foo__hold");
/// ```
#[must_use]
pub fn hold_of_generation(owner: &str, generation: u32) -> String {
    match generation {
        0 | 1 => bounded(owner, HOLD),
        later => bounded(owner, &format!("{HOLD}_{later}")),
    }
}

/// The name of the symbol that a keeper exports for one unit:
/// `__persist_<16 hexadecimal digits>_<generation>_<ordinal>`, at most 48 bytes. The digits are a hash of the
/// owner's name.
#[must_use]
pub fn base_symbol(owner: &str, generation: u32, ordinal: u32) -> String {
    let mut hash = Hash::new();
    hash.text(owner);
    format!("{KEEPER}_{:016x}_{generation}_{ordinal}", hash.finish())
}

/// As [`base_symbol`], of a keeper that was made when its module was built: the digits are a hash of the
/// owner's name and of the header's identity.
#[must_use]
pub fn base_symbol_with_identity(owner: &str, identity: u64, generation: u32, ordinal: u32) -> String {
    let mut hash = Hash::new();
    hash.text(owner);
    hash.number(identity);
    format!("{KEEPER}_{:016x}_{generation}_{ordinal}", hash.finish())
}

/// The name of the symbol that a keeper of note version 1 exports for one section: `foo__persist_data`.
#[must_use]
pub fn base_symbol_version_1(owner: &str, section: PersistentSection) -> String {
    bounded(owner, &format!("{KEEPER}{}", section.suffix()))
}

fn bounded(owner: &str, suffix: &str) -> String {
    if owner.len().saturating_add(suffix.len()) <= MAX_NAME_BYTES {
        return format!("{owner}{suffix}");
    }
    let mut hash = Hash::new();
    hash.text(owner);
    let digits = format!("_{:08x}", hash.finish() >> 32);
    let mut keep = MAX_NAME_BYTES.saturating_sub(suffix.len().saturating_add(digits.len()));
    while !owner.is_char_boundary(keep) {
        keep = keep.saturating_sub(1);
    }
    format!("{}{digits}{suffix}", owner.get(..keep).unwrap_or_default())
}
