// SPDX-License-Identifier: MIT OR Apache-2.0
//! Compares two types without the types that they refer to.

use std::collections::HashMap;

use super::difference::Step;
use super::number_encoding::{COMPLEX, FIRST_OF_COMPILER, FLOAT};
use super::{Member, OTHER_BYTE_ORDER, Type, TypeId, element_count};

/// The outcome.
pub(super) enum Verdict {
    /// As far as these two themselves go; their parts are to be compared.
    Same(Vec<(TypeId, TypeId, Step)>),
    /// One of them is not known.
    Unknown,
    /// They differ, in this.
    Differs(String),
}

/// Compares two types without what they refer to. `flat`: arrays of one side have one dimension only.
pub(super) fn without_parts(old: &Type, new: &Type, behind_pointer: bool, flat: bool) -> Verdict {
    let changed = |what: &str, old: &dyn std::fmt::Display, new: &dyn std::fmt::Display| {
        Verdict::Differs(format!("{what} changed from {old} to {new}"))
    };
    match (old, new) {
        (Type::Unknown, _) | (_, Type::Unknown) => Verdict::Unknown,
        (Type::Void, Type::Void) => Verdict::Same(Vec::new()),
        (
            Type::Number { name, size, encoding },
            Type::Number { name: new_name, size: new_size, encoding: new_encoding },
        ) => {
            if size != new_size {
                changed("size", size, new_size)
            } else if is_other_format(old, new) {
                changed("format of the number", name, new_name)
            } else if *encoding != *new_encoding && *encoding != 0 && *new_encoding != 0 {
                changed("kind of number", &encoding_text(*encoding), &encoding_text(*new_encoding))
            } else {
                Verdict::Same(Vec::new())
            }
        }
        (
            Type::Enumeration { name, size, values },
            Type::Enumeration { name: new_name, size: new_size, values: new_values },
        ) => {
            if behind_pointer && differ(name, new_name) {
                return changed("tag", name, new_name);
            }
            if size != new_size {
                return changed("size", size, new_size);
            }
            enumerators(values, new_values)
        }
        (Type::Pointer { size, target }, Type::Pointer { size: new_size, target: new_target }) => {
            if size != new_size {
                return changed("size of the pointer", size, new_size);
            }
            Verdict::Same(vec![(*target, *new_target, Step::Target)])
        }
        (Type::Array { element, counts }, Type::Array { element: new_element, counts: new_counts }) => {
            // `[]` and `[0]` are the same to whoever reads bytes.
            let plain = |counts: &[Option<u64>]| counts.iter().map(|count| count.unwrap_or(0)).collect();
            let (old, new): (Vec<u64>, Vec<u64>) = (plain(counts), plain(new_counts));
            let is_same = if flat { element_count(counts) == element_count(new_counts) } else { old == new };
            if !is_same {
                let text =
                    |counts: &[u64]| counts.iter().map(|count| format!("[{count}]")).collect::<String>();
                return changed("dimensions", &text(&old), &text(&new));
            }
            Verdict::Same(vec![(*element, *new_element, Step::Element)])
        }
        (
            Type::Record { kind, name, size, members },
            Type::Record { kind: new_kind, name: new_name, size: new_size, members: new_members },
        ) => {
            if kind != new_kind {
                return changed("kind", &kind.keyword(), &new_kind.keyword());
            }
            if behind_pointer && differ(name, new_name) {
                return changed("tag", name, new_name);
            }
            records(members, new_members, (*size, *new_size))
        }
        (
            Type::Function { result, parameters, variadic },
            Type::Function { result: new_result, parameters: new_parameters, variadic: new_variadic },
        ) => {
            if parameters.len() != new_parameters.len() || variadic != new_variadic {
                return changed("number of parameters", &parameters.len(), &new_parameters.len());
            }
            let parts = parameters.iter().zip(new_parameters).enumerate();
            let parts =
                parts.map(|(index, (old, new))| (*old, *new, Step::Parameter(index.saturating_add(1))));
            Verdict::Same(std::iter::once((*result, *new_result, Step::Result)).chain(parts).collect())
        }
        (Type::Kernel { hash, .. }, Type::Kernel { hash: new_hash, .. }) => match same_tag(old, new) {
            Some(difference) => Verdict::Differs(difference),
            None if hash == new_hash => Verdict::Same(Vec::new()),
            None => Verdict::Differs("layout changed".to_owned()),
        },
        _ => match (old.tag(), new.tag()) {
            // One side declares it only, or knows it by its name.
            (Some(_), Some(_)) if is_opaque(old) || is_opaque(new) => match same_tag(old, new) {
                Some(difference) => Verdict::Differs(difference),
                None if matches!(old, Type::Declared { .. }) || matches!(new, Type::Declared { .. }) => {
                    Verdict::Same(Vec::new())
                }
                None => Verdict::Unknown,
            },
            _ => Verdict::Differs("another kind of type".to_owned()),
        },
    }
}

fn is_opaque(ty: &Type) -> bool {
    matches!(ty, Type::Declared { .. } | Type::Kernel { .. })
}

/// What differs between the tags of two types that have some.
pub(super) fn same_tag(old: &Type, new: &Type) -> Option<String> {
    let ((kind, name), (new_kind, new_name)) = (old.tag()?, new.tag()?);
    if kind != new_kind {
        return Some(format!("kind changed from {} to {}", kind.keyword(), new_kind.keyword()));
    }
    differ(name, new_name).then(|| format!("tag changed from {name} to {new_name}"))
}

/// Whether both have a name, and not the same.
fn differ(name: &str, new: &str) -> bool {
    !name.is_empty() && !new.is_empty() && name != new
}

/// Whether two numbers of one size and encoding are stored differently, which only their names tell: there
/// are several formats of floating point numbers of 2 and of 16 bytes, and what a compiler's own encoding
/// stands for (gcc's `complex int`) is known to the compiler only.
pub(crate) fn is_other_format(old: &Type, new: &Type) -> bool {
    let (
        Type::Number { name, size, encoding },
        Type::Number { name: new_name, size: new_size, encoding: new_encoding },
    ) = (old, new)
    else {
        return false;
    };
    let may_differ = match *encoding {
        FIRST_OF_COMPILER.. => true,
        // A complex number is two of half its size.
        COMPLEX => !matches!(size, 8 | 16),
        FLOAT => !matches!(size, 4 | 8),
        _ => false,
    };
    // gcc's `_Float128` is clang's `__float128`.
    let plain = |name: &str| name.trim_start_matches('_').to_ascii_lowercase();
    may_differ && (size, encoding) == (new_size, new_encoding) && differ(&plain(name), &plain(new_name))
}

fn enumerators(old: &[(String, u64)], new: &[(String, u64)]) -> Verdict {
    if old == new {
        return Verdict::Same(Vec::new());
    }
    let values = |list: &'_ [(String, u64)]| -> HashMap<String, u64> { list.iter().rev().cloned().collect() };
    let (old_values, new_values) = (values(old), values(new));
    for (name, value) in old {
        match new_values.get(name) {
            None => return Verdict::Differs(format!("enumerator {name} was removed")),
            Some(other) if other != value => {
                return Verdict::Differs(format!("enumerator {name} changed from {value} to {other}"));
            }
            Some(_) => {}
        }
    }
    let added = new.iter().find(|(name, _)| !old_values.contains_key(name));
    match added {
        Some((name, _)) => Verdict::Differs(format!("enumerator {name} was added")),
        None => Verdict::Differs("the order of the enumerators changed".to_owned()),
    }
}

fn records(old: &[Member], new: &[Member], (size, new_size): (u64, u64)) -> Verdict {
    let same = |old: &Member, new: &Member| {
        (&old.name, old.bit_offset, old.bits, &old.selected_by)
            == (&new.name, new.bit_offset, new.bits, &new.selected_by)
    };
    if old.len() == new.len() && old.iter().zip(new).all(|(old, new)| same(old, new)) {
        if size != new_size {
            return Verdict::Differs(format!("size changed from {size} to {new_size}"));
        }
        let parts = old.iter().zip(new);
        let parts = parts.map(|(old, new)| (old.type_id, new.type_id, Step::Member(old.name.clone())));
        return Verdict::Same(parts.collect());
    }
    let (old_named, new_named) = (by_name(old), by_name(new));
    for member in old.iter().filter(|member| !member.name.is_empty()) {
        match new_named.get(&*member.name) {
            None => return Verdict::Differs(format!("member {} was removed", member.name)),
            Some(other) if !same(member, other) => return Verdict::Differs(moved(member, other)),
            Some(_) => {}
        }
    }
    let added = new.iter().find(|member| !member.name.is_empty() && !old_named.contains_key(&*member.name));
    if let Some(member) = added {
        return Verdict::Differs(format!("member {} was added", member.name));
    }
    if size != new_size || old.len() != new.len() {
        return Verdict::Differs("its anonymous members changed".to_owned());
    }
    // The same members in another order, as in a union.
    let unnamed = |members: &[Member]| -> Vec<Member> {
        members.iter().filter(|member| member.name.is_empty()).cloned().collect()
    };
    let mut parts = Vec::new();
    for (old, new) in unnamed(old).iter().zip(&unnamed(new)) {
        if !same(old, new) {
            return Verdict::Differs("its anonymous members changed".to_owned());
        }
        parts.push((old.type_id, new.type_id, Step::Member(String::new())));
    }
    for member in old.iter().filter(|member| !member.name.is_empty()) {
        if let Some(other) = new_named.get(&*member.name) {
            parts.push((member.type_id, other.type_id, Step::Member(member.name.clone())));
        }
    }
    Verdict::Same(parts)
}

/// The members that have a name; of several with one name, the first.
fn by_name(members: &[Member]) -> HashMap<&str, &Member> {
    let named = members.iter().rev().filter(|member| !member.name.is_empty());
    named.map(|member| (&*member.name, member)).collect()
}

/// `DW_ATE_*` in words.
fn encoding_text(encoding: u8) -> String {
    match encoding {
        1 => "address".to_owned(),
        2 => "boolean".to_owned(),
        3 => "complex".to_owned(),
        4 => "floating point".to_owned(),
        5 => "signed".to_owned(),
        6 => "signed character".to_owned(),
        7 => "unsigned".to_owned(),
        8 => "unsigned character".to_owned(),
        0x10 => "Unicode character".to_owned(),
        other if other < FIRST_OF_COMPILER && other & OTHER_BYTE_ORDER != 0 => {
            format!("{} in the other byte order", encoding_text(other & !OTHER_BYTE_ORDER))
        }
        other => format!("DWARF encoding {other:#x}"),
    }
}

fn moved(old: &Member, new: &Member) -> String {
    let name = &old.name;
    if old.bit_offset != new.bit_offset {
        let place = |member: &Member| match (member.bit_offset / 8, member.bit_offset % 8, member.bits) {
            (byte, 0, 0) => format!("{byte:#x}"),
            (byte, bit, _) => format!("{byte:#x} bit {bit}"),
        };
        format!("member {name} moved from offset {} to {}", place(old), place(new))
    } else if old.bits != new.bits {
        format!("member {name} changed from {} to {} bits", old.bits, new.bits)
    } else {
        format!("member {name} belongs to another variant")
    }
}
