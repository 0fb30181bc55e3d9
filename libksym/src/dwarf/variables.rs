// SPDX-License-Identifier: MIT OR Apache-2.0
//! The parameters and local variables at an address: of the function there, and of what is inlined into it.

use std::cell::OnceCell;

use super::attributes::{Attributes, Reference};
use super::error::DwarfError;
use super::function_name;
use super::functions::Function;
use super::inlined_calls::{chain, covers};
use super::location::{Found, LocationRef, Stop};
use super::types::{self, Type};
use super::unit::Unit;
use super::unit_cache::UnitCache;
use crate::machine_state::MachineState;
use crate::variable::{Variable, VariableValue};

/// Nobody reads more of them.
const MAX_VARIABLES: usize = 64;

/// An entry of a variable, or of a block with variables.
#[derive(Default)]
struct Entry {
    attributes: Attributes,
    ty: Option<Reference>,
    location: Option<LocationRef>,
    constant: Option<u64>,
    is_declaration: bool,
}

/// Those at an address of the image, the innermost function first. `run_time` returns where an address of the
/// image was when it ran.
pub(super) fn at(
    units: &UnitCache,
    unit: &Unit,
    function: Function,
    address: u64,
    state: &dyn MachineState,
    run_time: &dyn Fn(u64) -> Option<u64>,
) -> Result<Vec<Variable>, DwarfError> {
    let scopes = chain(&unit.entries, &units.sections, function, address)?;
    let base_type = |entry| types::value_type(units, unit, entry).ok().flatten();
    let stop = Stop {
        root: &unit.entries.root,
        sections: &units.sections,
        pc: address,
        state,
        run_time,
        base_type: &base_type,
        // What is inlined has no frame of its own.
        frame_base: frame_base(units, unit, function.entry)?,
        frame: OnceCell::new(),
    };
    let mut all = Vec::new();
    for scope in scopes.iter().rev() {
        let name = function_name::of_entry(units, unit, Reference::Unit(scope.entry))?.unwrap_or_default();
        for (is_parameter, entry) in of_scope(units, unit, scope.entry, address)? {
            if all.len() >= MAX_VARIABLES {
                return Ok(all);
            }
            all.extend(variable(units, unit, &name, is_parameter, entry, &stop)?);
        }
    }
    Ok(all)
}

/// What a function says of its frame.
fn frame_base(units: &UnitCache, unit: &Unit, function: usize) -> Result<Option<LocationRef>, DwarfError> {
    let error = |source| unit.entries.error(source);
    let mut entries = unit.entries.cursor_at(&units.sections, function);
    let Some(abbreviation) = entries.read_abbreviation().map_err(error)? else { return Ok(None) };
    let mut found = None;
    for &spec in abbreviation.attributes() {
        let value = entries.read_attribute(spec).map_err(error)?;
        if spec.name() == gimli::DW_AT_frame_base {
            found = Some(LocationRef::of(&value.value()));
        }
    }
    Ok(found)
}

/// The entries of parameters and variables of a scope, and of its blocks that cover the address.
fn of_scope(
    units: &UnitCache,
    unit: &Unit,
    scope: usize,
    address: u64,
) -> Result<Vec<(bool, Entry)>, DwarfError> {
    let error = |source| unit.entries.error(source);
    let sections = &units.sections;
    let mut found = Vec::new();
    let mut entries = unit.entries.cursor_at(sections, scope);
    let Some(abbreviation) = entries.read_abbreviation().map_err(error)? else { return Ok(found) };
    entries.skip_attributes(abbreviation.attributes()).map_err(error)?;
    if !abbreviation.has_children() {
        return Ok(found);
    }
    // The depth of what is in the scope, or in the innermost block that covers the address.
    let mut inside = 1;
    while !entries.is_empty() {
        let depth = entries.next_depth();
        if depth < 1 {
            break;
        }
        inside = inside.min(depth);
        let Some(abbreviation) = entries.read_abbreviation().map_err(error)? else { continue };
        let tag = abbreviation.tag();
        let entry = Entry::read(&mut entries, abbreviation).map_err(error)?;
        if depth != inside {
            continue;
        }
        match tag {
            gimli::DW_TAG_formal_parameter => found.push((true, entry)),
            gimli::DW_TAG_variable => found.push((false, entry)),
            gimli::DW_TAG_lexical_block if abbreviation.has_children() => {
                let covers = covers(&unit.entries, sections, &entry.attributes, address)?;
                if covers == Some(true) {
                    inside = depth.saturating_add(1);
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

impl Entry {
    fn read(
        entries: &mut gimli::EntriesRaw<'_, super::debug_sections::Slice<'_>>,
        abbreviation: &gimli::Abbreviation,
    ) -> gimli::Result<Self> {
        let mut read = Self::default();
        for &spec in abbreviation.attributes() {
            let value = entries.read_attribute(spec)?.value();
            match spec.name() {
                gimli::DW_AT_type => {
                    read.ty = match value {
                        gimli::AttributeValue::UnitRef(offset) => Some(Reference::Unit(offset.0)),
                        gimli::AttributeValue::DebugInfoRef(offset) => Some(Reference::Info(offset.0 as u64)),
                        _ => None,
                    }
                }
                gimli::DW_AT_location => read.location = Some(LocationRef::of(&value)),
                gimli::DW_AT_const_value => {
                    let signed = value.sdata_value().map(i64::cast_unsigned);
                    read.constant = value.udata_value().or(signed);
                }
                gimli::DW_AT_declaration => read.is_declaration = true,
                name => read.attributes.set(name, value),
            }
        }
        Ok(read)
    }
}

fn variable(
    units: &UnitCache,
    unit: &Unit,
    function: &str,
    is_parameter: bool,
    entry: Entry,
    stop: &Stop<'_>,
) -> Result<Option<Variable>, DwarfError> {
    let origin = match entry.attributes.origin.and_then(|origin| types::in_unit(unit, origin)) {
        Some(origin) => {
            let error = |source| unit.entries.error(source);
            let mut entries = unit.entries.cursor_at(&units.sections, origin);
            match entries.read_abbreviation().map_err(error)? {
                Some(abbreviation) => Entry::read(&mut entries, abbreviation).map_err(error)?,
                None => Entry::default(),
            }
        }
        None => Entry::default(),
    };
    let is_static = |entry: &Entry| entry.location.as_ref().is_some_and(LocationRef::is_static);
    if entry.is_declaration || origin.is_declaration || is_static(&entry) || is_static(&origin) {
        return Ok(None);
    }
    let Some(name) = entry.attributes.name.or(origin.attributes.name) else { return Ok(None) };
    let name = name.read(&units.sections, &unit.entries.root.bases)?;
    let ty = match entry.ty.or(origin.ty).and_then(|ty| types::in_unit(unit, ty)) {
        Some(ty) => types::at(units, unit, ty)?,
        None => None,
    };
    let found = match (entry.constant.or(origin.constant), &entry.location) {
        (Some(constant), _) => Found::Value(constant),
        (None, Some(location)) => stop.find(location)?,
        (None, None) => Found::None,
    };
    let value = value(found, ty.as_ref(), stop.state);
    let members = match ty.as_ref().and_then(|ty| ty.target) {
        // They are of use only where the pointer is known.
        Some(target) if matches!(value, VariableValue::Known { .. }) => types::members(units, unit, target)?,
        _ => Vec::new(),
    };
    let (function, type_name) = (function.to_owned(), ty.map(|ty| ty.name));
    Ok(Some(Variable { function, name, type_name, is_parameter, value, members }))
}

fn value(found: Found, ty: Option<&Type>, state: &dyn MachineState) -> VariableValue {
    let Some(ty) = ty.filter(|ty| ty.is_scalar && matches!(ty.size, 1..=8)) else {
        return match found {
            Found::None => VariableValue::OptimisedOut,
            Found::EntryValue => VariableValue::EntryValue,
            _ => VariableValue::Elsewhere,
        };
    };
    let (value, number, address) = match found {
        Found::None => return VariableValue::OptimisedOut,
        Found::EntryValue => return VariableValue::EntryValue,
        Found::Elsewhere => return VariableValue::Elsewhere,
        Found::Value(value) => (Some(value), None, None),
        Found::Register(number) => (state.register(number), Some(number), None),
        Found::Memory(address) => (state.memory(address, ty.size), None, Some(address)),
    };
    let Some(value) = value else { return VariableValue::Elsewhere };
    let unused = u32::try_from(8_u64.saturating_sub(ty.size).saturating_mul(8)).unwrap_or(0);
    let shifted = value << unused;
    let value =
        if ty.is_signed { (shifted.cast_signed() >> unused).cast_unsigned() } else { shifted >> unused };
    VariableValue::Known { value, size: ty.size, is_signed: ty.is_signed, register: number, address }
}
