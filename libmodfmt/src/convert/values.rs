// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers and enumerations: which ones can become which, and what becomes of their values.

use std::collections::HashMap;

use super::plan::Values;
use super::refusal::Reason;
use crate::types::number_encoding::{BOOLEAN, SIGNED, SIGNED_CHAR, UNSIGNED, UNSIGNED_CHAR};
use crate::types::{Type, is_other_format};

/// What sort of number an encoding stands for: characters are numbers.
const fn sort(encoding: u8) -> u8 {
    match encoding {
        SIGNED_CHAR => SIGNED,
        UNSIGNED_CHAR => UNSIGNED,
        other => other,
    }
}

/// Whether the value of an integer of this encoding may be negative.
pub(super) const fn is_signed(encoding: u8) -> bool {
    matches!(encoding, SIGNED | SIGNED_CHAR)
}

/// Whether two numbers read the same bytes the same way. An encoding of 0 is not known. Whether `char` has a
/// sign is the compiler's choice, and the kernel's since 6.2 (`-funsigned-char`): what it holds is the same.
pub(super) fn is_same_number(old: &Type, new: &Type) -> bool {
    let (
        Type::Number { name, size, encoding },
        Type::Number { name: new_name, size: new_size, encoding: now },
    ) = (old, new)
    else {
        return false;
    };
    let known = *encoding != 0 && *now != 0;
    let are_characters = name == "char" && new_name == "char";
    size == new_size
        && !is_other_format(old, new)
        && (!known || are_characters || sort(*encoding) == sort(*now))
}

/// Whether all values of a number of `old` bits and encoding exist in the new one.
pub(super) fn widens(
    (old, encoding): (u64, u8),
    (new, new_encoding): (u64, u8),
    texts: impl Fn() -> (String, String),
) -> Result<(), Reason> {
    let (from, to) = (sort(encoding), sort(new_encoding));
    let kind = || {
        let (old, new) = texts();
        Reason::OtherKind { old, new }
    };
    match (from, to) {
        // A boolean in one bit or in a byte.
        _ if from == to && matches!(from, SIGNED | UNSIGNED | BOOLEAN) => {
            if new < old {
                Err(Reason::Narrower { old, new })
            } else {
                Ok(())
            }
        }
        (UNSIGNED, SIGNED) if new > old => Ok(()),
        _ => Err(kind()),
    }
}

/// What becomes of the values of an enumeration, by the names of the enumerators.
pub(super) fn values<'h>(
    old: &[(String, u64)],
    new: &[(String, u64)],
    renamed: &dyn Fn(&str) -> Option<&'h str>,
) -> Values {
    let names: HashMap<&str, u64> = new.iter().map(|(name, value)| (&**name, *value)).collect();
    let now = |name: &str| names.get(name).or_else(|| names.get(renamed(name)?)).copied();
    let mut fixed = true;
    let mut list: Vec<(u64, String, Option<u64>)> = Vec::with_capacity(old.len());
    for (name, value) in old {
        let now = now(name);
        fixed &= now.is_none_or(|now| now == *value);
        list.push((*value, name.clone(), now));
    }
    // Of several names for one value, one that still exists tells what becomes of it.
    list.sort_by_key(|entry| (entry.0, entry.2.is_none()));
    list.dedup_by_key(|entry| entry.0);
    Values { list, fixed }
}

impl Values {
    /// Whether every value stays as it is.
    pub(super) fn all_stay(&self) -> bool {
        self.fixed && self.list.iter().all(|(_, _, now)| now.is_some())
    }

    /// The new value for an old one.
    pub(super) fn of(&self, value: u64) -> Result<u64, Reason> {
        match self.list.binary_search_by_key(&value, |entry| entry.0).ok().and_then(|at| self.list.get(at)) {
            Some((_, _, Some(now))) => Ok(*now),
            Some((_, name, None)) => Err(Reason::EnumeratorGone { name: name.clone(), value }),
            None if self.fixed => Ok(value),
            None => Err(Reason::NoEnumerator { value }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_char_is_a_char_with_a_sign_or_without() {
        let number = |name: &str, encoding| Type::Number { name: name.to_owned(), size: 1, encoding };
        assert!(is_same_number(&number("char", SIGNED_CHAR), &number("char", UNSIGNED_CHAR)));
        assert!(!is_same_number(&number("signed char", SIGNED_CHAR), &number("char", UNSIGNED_CHAR)));
        assert!(!is_same_number(
            &number("signed char", SIGNED_CHAR),
            &number("unsigned char", UNSIGNED_CHAR)
        ));
    }
}
