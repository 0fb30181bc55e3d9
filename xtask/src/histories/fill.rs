// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is written into the variables of a loaded version, so that they are in use.
//!
//! Only what the module's own sources declare gets a value: numbers, enumerators, pointers. What the kernel
//! declares, such as locks and list heads, stays as it is: it would not be idle otherwise.

use std::collections::BTreeSet;

use vmguest::histories::{Place, Write};

use super::types::{Id, Leaf, Type, Types};

/// At most so many values are written to one variable.
const MAX_VALUES: usize = 4000;

/// The size of the page that pointers lead to, and the distance between two such places.
const PAGE: u64 = 4096;
const STEP: u64 = 64;

/// The writes for all variables. `seed` makes the values of each version different.
pub fn writes(types: &Types, own: &BTreeSet<String>, seed: &str) -> Vec<Write> {
    let mut writes = Vec::new();
    for ((file, variable), kind) in &types.variables {
        if file.is_empty() {
            continue;
        }
        for leaf in types.leaves(*kind).iter().filter(|leaf| is_own(leaf, own)).take(MAX_VALUES) {
            let value = hash(&[seed, file, variable, &leaf.path]);
            let mut leads_to = None;
            let value = match types.get(leaf.kind) {
                Type::Integer { truth: true, .. } => value & 1,
                Type::Integer { .. } => value | 1,
                Type::Enumeration { values, .. } => {
                    let names = u64::try_from(values.len()).unwrap_or(1).max(1);
                    let chosen = usize::try_from(value % names).unwrap_or_default();
                    values.values().nth(chosen).copied().unwrap_or_default().cast_unsigned()
                }
                Type::Pointer(to) => match variable_of(types, *to) {
                    Some((file, name)) => {
                        leads_to = Some(Place::Variable(file.clone(), name.clone()));
                        0
                    }
                    None => {
                        leads_to = Some(Place::Page);
                        value % (PAGE / STEP) * STEP
                    }
                },
                Type::Compound { name, .. } if name.is_empty() && has_only_numbers(types, leaf.kind) => {
                    value | 1
                }
                _ => continue,
            };
            let size = usize::try_from(leaf.size).unwrap_or(8);
            let bytes = if leads_to.is_some() {
                format!("{value:x}")
            } else {
                value.to_le_bytes().iter().cycle().take(size).map(|byte| format!("{byte:02x}")).collect()
            };
            let (file, variable) = (file.clone(), variable.clone());
            writes.push(Write { file, variable, offset: leaf.offset, bytes, leads_to });
        }
    }
    writes
}

/// Whether any bytes make a value of this type.
fn has_only_numbers(types: &Types, kind: Id) -> bool {
    match types.get(kind) {
        Type::Integer { truth, .. } => !truth,
        Type::Array(of, _) => has_only_numbers(types, *of),
        Type::Compound { members, .. } => members.iter().all(|member| has_only_numbers(types, member.kind)),
        _ => false,
    }
}

/// A variable that is such a structure.
fn variable_of(types: &Types, kind: Id) -> Option<&(String, String)> {
    let is_structure = matches!(types.get(kind), Type::Compound { size: Some(_), .. });
    let found = types.variables.iter().find(|(key, of)| **of == kind && !key.0.is_empty());
    found.map(|(key, _)| key).filter(|_| is_structure)
}

/// Whether only the module's own structures are around it.
fn is_own(leaf: &Leaf, own: &BTreeSet<String>) -> bool {
    let mut names = leaf.inside.iter().enumerate();
    !leaf.is_bits && names.all(|(depth, name)| own.contains(name) || depth > 0 && name.is_empty())
}

/// FNV-1a.
fn hash(texts: &[&str]) -> u64 {
    let bytes = texts.iter().flat_map(|text| text.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
