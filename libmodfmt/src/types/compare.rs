// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether two types read the same bytes the same way, and where they first differ.
//!
//! Pairs of types are compared breadth first, so that the difference that is found is the one nearest to
//! the variable. A pair that was met before is taken for equal: that is how lists, which lead back to
//! themselves, come to an end.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt::Write;

use super::describe::c_text;
use super::{KernelTypes, Member, Type, TypeId, Types, layout_hash};

/// Most pairs of types in one comparison. A driver's types make some thousands.
const MAX_PAIRS: usize = 1 << 20;

/// How much of two types was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Completeness {
    /// Something was not known on one side, or there was too much to compare.
    Partial,
    /// Everything that is defined on both sides.
    Full,
}

/// The first difference between two types.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TypeDifference {
    /// The way from the variable to it, outermost first.
    pub steps: Vec<Step>,
    /// What differs there, as a clause: `size changed from 4 to 8 (int, long int)`.
    pub what: String,
}

/// One step from a type into a type that it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// To what a pointer leads to.
    Target,
    /// Into an element of an array.
    Element,
    /// Into a member; an anonymous one has an empty name.
    Member(String),
    /// To what a function returns.
    Result,
    /// To a parameter, counted from 1.
    Parameter(usize),
}

impl TypeDifference {
    /// The difference with the way to it as C writes it:
    /// `head->next[].size: size changed from 4 to 8 (int, long int)`.
    #[must_use]
    pub fn in_variable(&self, variable: &str) -> String {
        format!("{}: {}", self.path(variable), self.what)
    }

    /// The way to the difference as a C expression.
    #[must_use]
    pub fn path(&self, variable: &str) -> String {
        let mut path = variable.to_owned();
        // A pointer that was followed, and not used yet.
        let mut pending: usize = 0;
        let settle = |path: &mut String, pending: &mut usize| {
            if *pending > 0 {
                *path = format!("({}{path})", "*".repeat(*pending));
                *pending = 0;
            }
        };
        for step in &self.steps {
            match step {
                Step::Target => pending = pending.saturating_add(1),
                Step::Member(name) if name.is_empty() => {}
                Step::Member(name) => {
                    let arrow = pending > 0;
                    pending = pending.saturating_sub(1);
                    settle(&mut path, &mut pending);
                    // Writing to a String does not fail.
                    let _ = write!(path, "{}{name}", if arrow { "->" } else { "." });
                }
                Step::Element => {
                    settle(&mut path, &mut pending);
                    path.push_str("[]");
                }
                Step::Result => {
                    settle(&mut path, &mut pending);
                    path.push_str("()");
                }
                Step::Parameter(number) => {
                    settle(&mut path, &mut pending);
                    let _ = write!(path, "(parameter {number})");
                }
            }
        }
        format!("{}{path}", "*".repeat(pending))
    }
}

/// A pair that is to be compared, and how it was reached.
struct Pair {
    old: TypeId,
    new: TypeId,
    from: Option<usize>,
    step: Option<Step>,
    behind_pointer: bool,
}

/// Compares the type of a kept variable with the type that a new version has for it.
///
/// # Errors
/// The difference nearest to the variable.
pub fn compare(old: (&dyn Types, TypeId), new: (&dyn Types, TypeId)) -> Result<Completeness, TypeDifference> {
    Comparison::new(old.0, new.0).of(old.1, new.1)
}

/// Two sources of types to be compared.
#[derive(Debug)]
pub struct Comparison<'t> {
    /// Of what is kept.
    pub old: &'t dyn Types,
    /// Of the new version.
    pub new: &'t dyn Types,
    /// Which types of the new version the kernel has, for those that the old side knows by name and hash
    /// only.
    pub kernel: Option<&'t dyn KernelTypes>,
    /// Pairs that were found equal before.
    proven: RefCell<HashSet<(TypeId, TypeId)>>,
}

impl<'t> Comparison<'t> {
    /// Of two sources, without knowledge of the kernel's types.
    #[must_use]
    pub fn new(old: &'t dyn Types, new: &'t dyn Types) -> Self {
        Self { old, new, kernel: None, proven: RefCell::default() }
    }

    /// Compares one type of each side. What was found equal is not compared again by a later call.
    ///
    /// # Errors
    /// The difference nearest to the variable.
    pub fn of(&self, old: TypeId, new: TypeId) -> Result<Completeness, TypeDifference> {
        let (old_types, new_types) = (self.old, self.new);
        let mut completeness = Completeness::Full;
        let mut seen = HashSet::from([(old, new)]);
        let mut pairs = vec![Pair { old, new, from: None, step: None, behind_pointer: false }];
        let mut next = 0;
        while let Some(pair) = pairs.get(next) {
            let (old, new) = (old_types.get(pair.old), new_types.get(pair.new));
            let parts = match self.without_parts((&old, pair.old), (&new, pair.new), pair.behind_pointer) {
                Verdict::Same(parts) => parts,
                Verdict::Unknown => {
                    completeness = Completeness::Partial;
                    Vec::new()
                }
                Verdict::Differs(what) => {
                    let texts = [c_text(old_types, pair.old), c_text(new_types, pair.new)];
                    return Err(TypeDifference {
                        steps: steps(&pairs, next),
                        what: with_types(&what, &texts),
                    });
                }
            };
            let behind = pair.behind_pointer || matches!(&*old, Type::Pointer { .. });
            for (old, new, step) in parts {
                if pairs.len() >= MAX_PAIRS {
                    return Ok(Completeness::Partial);
                }
                if !self.proven.borrow().contains(&(old, new)) && seen.insert((old, new)) {
                    let (from, step) = (Some(next), Some(step));
                    pairs.push(Pair { old, new, from, step, behind_pointer: behind });
                }
            }
            next = next.saturating_add(1);
        }
        self.proven.borrow_mut().extend(seen);
        Ok(completeness)
    }

    /// Two types without what they refer to, or by hash where one of them is the kernel's.
    fn without_parts(
        &self,
        (old, old_id): (&Type, TypeId),
        (new, new_id): (&Type, TypeId),
        behind_pointer: bool,
    ) -> Verdict {
        let (hash, computed) = match (old, new) {
            (Type::Kernel { hash, .. }, Type::Record { .. } | Type::Enumeration { .. }) => {
                (hash, layout_hash(self.new, new_id))
            }
            (Type::Record { .. } | Type::Enumeration { .. }, Type::Kernel { hash, .. }) => {
                (hash, layout_hash(self.old, old_id))
            }
            _ => return without_parts(old, new, behind_pointer),
        };
        if let Some(difference) = same_tag(old, new) {
            return Verdict::Differs(difference);
        }
        if computed == *hash {
            return Verdict::Same(Vec::new());
        }
        // The hash also differs where one version includes a header more, and so has a definition more.
        match self.kernel.filter(|_| matches!(old, Type::Kernel { .. })) {
            Some(kernel) if kernel.find(new_id) == Some(*hash) => Verdict::Same(Vec::new()),
            Some(_) => Verdict::Differs("layout is no longer that of the kernel's own type".to_owned()),
            None => Verdict::Unknown,
        }
    }
}

fn steps(pairs: &[Pair], last: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut at = Some(last);
    while let Some(pair) = at.and_then(|index| pairs.get(index)) {
        steps.extend(pair.step.clone());
        at = pair.from;
    }
    steps.reverse();
    steps
}

fn with_types(what: &str, [old, new]: &[String; 2]) -> String {
    if old == new { format!("{what} ({old})") } else { format!("{what} ({old}, now {new})") }
}

enum Verdict {
    /// As far as these two themselves go; their parts are to be compared.
    Same(Vec<(TypeId, TypeId, Step)>),
    Unknown,
    Differs(String),
}

/// Compares two types without what they refer to.
fn without_parts(old: &Type, new: &Type, behind_pointer: bool) -> Verdict {
    let changed = |what: &str, old: &dyn std::fmt::Display, new: &dyn std::fmt::Display| {
        Verdict::Differs(format!("{what} changed from {old} to {new}"))
    };
    match (old, new) {
        (Type::Unknown, _) | (_, Type::Unknown) => Verdict::Unknown,
        (Type::Void, Type::Void) => Verdict::Same(Vec::new()),
        (
            Type::Number { size, encoding, .. },
            Type::Number { size: new_size, encoding: new_encoding, .. },
        ) => {
            if size != new_size {
                changed("size", size, new_size)
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
            if old != new {
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
fn same_tag(old: &Type, new: &Type) -> Option<String> {
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

fn enumerators(old: &[(String, u64)], new: &[(String, u64)]) -> Verdict {
    if old == new {
        return Verdict::Same(Vec::new());
    }
    for (name, value) in old {
        match new.iter().find(|(other, _)| other == name) {
            None => return Verdict::Differs(format!("enumerator {name} was removed")),
            Some((_, other)) if other != value => {
                return Verdict::Differs(format!("enumerator {name} changed from {value} to {other}"));
            }
            Some(_) => {}
        }
    }
    let added = new.iter().find(|(name, _)| !old.iter().any(|(other, _)| other == name));
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
    let named = |members: &'_ [Member], name: &str| -> Option<Member> {
        members.iter().find(|member| member.name == name && !name.is_empty()).cloned()
    };
    for member in old.iter().filter(|member| !member.name.is_empty()) {
        match named(new, &member.name) {
            None => return Verdict::Differs(format!("member {} was removed", member.name)),
            Some(other) if !same(member, &other) => return Verdict::Differs(moved(member, &other)),
            Some(_) => {}
        }
    }
    let added = new.iter().find(|member| !member.name.is_empty() && named(old, &member.name).is_none());
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
        if let Some(other) = named(new, &member.name) {
            parts.push((member.type_id, other.type_id, Step::Member(member.name.clone())));
        }
    }
    Verdict::Same(parts)
}

/// `DW_ATE_*` in words.
fn encoding_text(encoding: u8) -> String {
    match encoding {
        2 => "boolean".to_owned(),
        3 => "complex".to_owned(),
        4 => "floating point".to_owned(),
        5 => "signed".to_owned(),
        6 => "signed character".to_owned(),
        7 => "unsigned".to_owned(),
        8 => "unsigned character".to_owned(),
        0x10 => "Unicode character".to_owned(),
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
