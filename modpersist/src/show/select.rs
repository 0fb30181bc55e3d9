// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is asked for: all variables of an owner, one of them, or a part of one.

use anyhow::{Context, Result, bail, ensure};
use libmodfmt::types::{TypeId, Types, size_of};
use libmodfmt::values::{Located, PathStep, parse_path};
use libmodsys::SectionAddress;

use super::kept::{Kept, KeptVariable};
use super::memory::{Memory, number_of};

/// An object in memory, or a part of one.
pub(super) struct Target<'k> {
    /// As C writes it: `file.c:stats.room[3]`.
    pub(super) name: String,
    pub(super) mark: String,
    /// The variable; none for what a pointer leads to.
    pub(super) variable: Option<&'k KeptVariable<'k>>,
    pub(super) address: SectionAddress,
    /// Bytes.
    pub(super) size: u64,
    pub(super) type_name: Option<String>,
    /// The types, their index, and what stands at the address: its place is within the first byte.
    pub(super) ty: Option<(usize, Located)>,
    /// A part of a variable, or behind it.
    pub(super) is_part: bool,
}

impl<'k> Target<'k> {
    /// A whole variable.
    pub(super) fn whole(variable: &'k KeptVariable<'k>) -> Self {
        Self {
            name: variable.name.clone(),
            mark: variable.mark(),
            variable: Some(variable),
            address: variable.address,
            size: variable.size,
            type_name: variable.type_name.clone(),
            ty: variable.ty.map(|(types, id)| (types, Located::whole(id))),
            is_part: false,
        }
    }
}

/// The part of `owner`'s data that a path such as `stats.room[3]` or `file.c:head->next` names.
pub(super) fn select<'k>(
    kept: &'k Kept<'k>,
    owner: &str,
    path: &str,
    memory: &Memory<'_>,
) -> Result<Target<'k>> {
    let (variable, rest) = variable(kept, owner, path)?;
    let steps = parse_path(rest)?;
    let mut target = Target::whole(variable);
    if steps.is_empty() {
        return Ok(target);
    }
    let types_index = target.ty.map(|(index, _)| index);
    let (Some(index), Some((_, mut at))) = (types_index, target.ty) else {
        bail!("the type of {} is not known: the file was built without -g", variable.name);
    };
    let types = kept.types(index).context("the types are missing")?;
    let mut base =
        variable.address.known().with_context(|| format!("the address of {} is not known", variable.name))?;
    let mut reached = variable.name.clone();
    for step in &steps {
        if *step == PathStep::Behind {
            let pointer = at.step(types, step).with_context(|| reached.clone())?;
            let place = base.checked_add(at.bit_offset / 8).context("an address beyond 2^64")?;
            let size = size_of(types, at.type_id).unwrap_or(8);
            let read =
                memory.read(place, size).map_err(anyhow::Error::msg).with_context(|| reached.clone())?;
            base = number_of(&read).with_context(|| format!("{reached} has no size of a pointer"))?;
            ensure!(base != 0, "{reached} is NULL");
            // NULL with an offset, and error numbers.
            let errors = (usize::MAX as u64).saturating_sub(4095);
            ensure!((4096..errors).contains(&base), "{reached} leads nowhere: it is {base:#x}");
            at = pointer;
            reached.push_str("->");
        } else {
            at = at.step(types, step).with_context(|| reached.clone())?;
            match step {
                PathStep::Field(name) if reached.ends_with("->") => reached.push_str(name),
                PathStep::Field(name) => reached.push_str(&format!(".{name}")),
                PathStep::Element(index) => reached.push_str(&format!("[{index}]")),
                PathStep::Behind => {}
            }
        }
    }
    let address = base.checked_add(at.bit_offset / 8).context("an address beyond 2^64")?;
    let within = at.bit_offset % 8;
    let size = match at.size(types) {
        Some(size) => size,
        None if at.bits > 0 => within.saturating_add(at.bits).div_ceil(8),
        None => 0,
    };
    let at = Located { bit_offset: within, ..at };
    let type_name =
        if at.dimensions > 0 { element_type(types, at) } else { libmodfmt::types::c_text(types, at.type_id) };
    target.type_name = Some(if at.bits > 0 { format!("{type_name}:{}", at.bits) } else { type_name });
    target = Target {
        name: reached,
        mark: String::new(),
        address: SectionAddress::Known(address),
        size,
        ..target
    };
    (target.ty, target.is_part) = (Some((index, at)), true);
    Ok(target)
}

/// The type of a row of an array of several dimensions.
fn element_type(types: &dyn Types, at: Located) -> String {
    let ty = types.get(at.type_id);
    let libmodfmt::types::Type::Array { element, counts } = &*ty else { return String::new() };
    let counts = counts.get(at.dimensions..).unwrap_or_default();
    let counts: String = counts.iter().map(|count| format!("[{}]", count.unwrap_or(0))).collect();
    libmodfmt::types::c_declaration(types, TypeId(element.0), &counts)
}

/// The variable with which a path begins, and the rest of the path.
fn variable<'k, 'p>(
    kept: &'k Kept<'k>,
    owner: &str,
    path: &'p str,
) -> Result<(&'k KeptVariable<'k>, &'p str)> {
    let own = || kept.variables.iter().filter(|variable| variable.owner == owner);
    let rest_behind = |name: &str| {
        let rest = path.strip_prefix(name)?;
        (rest.is_empty() || rest.starts_with(['.', '[']) || rest.starts_with("->")).then_some(rest)
    };
    // Of several generations, the one that is in force.
    let find = |name_of: &dyn Fn(&KeptVariable<'_>) -> String| {
        let fits = own().filter_map(|variable| Some((variable, rest_behind(&name_of(variable))?)));
        let mut found: Vec<_> = fits.collect();
        // `a.c:x.y` may be the field y of x, or the variable that clang calls x.y.
        let shortest = found.iter().map(|(_, rest)| rest.len()).min();
        found.retain(|(variable, rest)| Some(rest.len()) == shortest && !variable.is_replaced);
        found
    };
    let mut found = find(&|variable| variable.name.clone());
    if found.is_empty() {
        found = find(&|variable| variable.plain_name.to_owned());
    }
    match found.as_slice() {
        [one] => Ok(*one),
        [] => {
            let names: Vec<String> = own().map(|variable| variable.name.clone()).collect();
            bail!("no variable of {owner} begins '{path}'; it has {}", names.join(", "))
        }
        several => {
            let names: Vec<&str> = several.iter().map(|(variable, _)| &*variable.name).collect();
            bail!("'{path}' may be any of {}", names.join(", "))
        }
    }
}
