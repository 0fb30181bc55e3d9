// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where a variable is at an address: an expression, or a list of expressions by address.

use gimli::{
    AttributeValue, DebugAddr, DebugAddrBase, DebugLoc, DebugLocLists, EndianSlice, EvaluationResult,
    Expression, LocationLists, LocationListsOffset, Piece,
};

use super::debug_sections::{DebugSections, Slice};
use super::error::DwarfError;
use super::unit_root::UnitRoot;

/// Enough for most lists; larger ones are read in a second attempt.
const FIRST_LIST_BYTES: u64 = 256;
/// An expression that takes more steps is none of a compiler.
const MAX_STEPS: u32 = 1000;

/// The attribute that says where a variable is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LocationRef {
    Expression(Vec<u8>),
    /// Offset in `.debug_loclists` or `.debug_loc`.
    List(u64),
    /// In another form.
    Other,
}

impl LocationRef {
    pub(super) fn of(value: &AttributeValue<Slice<'_>>) -> Self {
        match value {
            AttributeValue::Exprloc(expression) => Self::Expression(expression.0.slice().to_vec()),
            AttributeValue::Block(bytes) => Self::Expression(bytes.slice().to_vec()),
            AttributeValue::LocationListsRef(offset) => Self::List(offset.0 as u64),
            AttributeValue::SecOffset(offset) => Self::List(*offset as u64),
            _ => Self::Other,
        }
    }

    /// Whether it is an address in memory for good: a static variable.
    pub(super) fn is_static(&self) -> bool {
        let is_address = |byte: &u8| *byte == gimli::DW_OP_addr.0 || *byte == gimli::DW_OP_addrx.0;
        matches!(self, Self::Expression(bytes) if bytes.first().is_some_and(is_address))
    }
}

/// What an expression comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Register(u16),
    Value(u64),
    None,
    EntryValue,
    Elsewhere,
}

/// Where a variable is at an address.
pub(super) fn find(
    root: &UnitRoot,
    sections: &DebugSections,
    location: &LocationRef,
    address: u64,
    register: &dyn Fn(u16) -> Option<u64>,
) -> Result<Found, DwarfError> {
    match location {
        LocationRef::Expression(bytes) => Ok(evaluate(root, sections, bytes, register)),
        LocationRef::List(offset) => Ok(match in_list(root, sections, *offset, address)? {
            Some(bytes) => evaluate(root, sections, &bytes, register),
            None => Found::None,
        }),
        LocationRef::Other => Ok(Found::Elsewhere),
    }
}

/// The expression for an address in a list.
fn in_list(
    root: &UnitRoot,
    sections: &DebugSections,
    offset: u64,
    address: u64,
) -> Result<Option<Vec<u8>>, DwarfError> {
    let encoding = root.header.encoding;
    let section = if encoding.version < 5 { ".debug_loc" } else { ".debug_loclists" };
    let base = root.low.map_or(Ok(0), |low| root.address(sections, low))?;
    sections.parse_at(section, offset, FIRST_LIST_BYTES, |bytes| {
        let none = EndianSlice::new(&[], sections.endian());
        let lists = if encoding.version < 5 {
            LocationLists::new(DebugLoc::from(bytes), DebugLocLists::from(none))
        } else {
            LocationLists::new(DebugLoc::from(none), DebugLocLists::from(bytes))
        };
        let addresses = DebugAddr::from(none);
        let mut all =
            lists.locations(LocationListsOffset(0), encoding, base, &addresses, DebugAddrBase(0))?;
        let mut found: Option<Vec<u8>> = None;
        while let Some(entry) = all.next()? {
            if entry.range.begin <= address && address < entry.range.end && found.is_none() {
                found = Some(entry.data.0.slice().to_vec());
            }
        }
        Ok(found)
    })
}

fn evaluate(
    root: &UnitRoot,
    sections: &DebugSections,
    bytes: &[u8],
    register: &dyn Fn(u16) -> Option<u64>,
) -> Found {
    if bytes.is_empty() {
        return Found::None;
    }
    let expression = Expression(sections.slice(bytes));
    let mut evaluation = expression.evaluation(root.header.encoding);
    evaluation.set_max_iterations(MAX_STEPS);
    let mut result = evaluation.evaluate();
    loop {
        result = match result {
            Ok(EvaluationResult::Complete) => break,
            Ok(EvaluationResult::RequiresRegister { register: number, .. }) => match register(number.0) {
                Some(value) => evaluation.resume_with_register(gimli::Value::Generic(value)),
                None => return Found::Elsewhere,
            },
            Ok(EvaluationResult::RequiresEntryValue(_)) => return Found::EntryValue,
            // Types in expressions only say how wide a number is.
            _ => return Found::Elsewhere,
        };
    }
    match evaluation.result().as_slice() {
        [Piece { location, size_in_bits: None, .. }] => match location {
            gimli::Location::Register { register } => Found::Register(register.0),
            gimli::Location::Value { value } => value.to_u64(u64::MAX).map_or(Found::Elsewhere, Found::Value),
            gimli::Location::Empty => Found::None,
            _ => Found::Elsewhere,
        },
        _ => Found::Elsewhere,
    }
}
