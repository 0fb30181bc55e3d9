// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where a variable is at an address: an expression, or a list of expressions by address.

use std::cell::OnceCell;

use gimli::{
    AttributeValue, DebugAddr, DebugAddrBase, DebugLoc, DebugLocLists, EndianSlice, Endianity,
    EvaluationResult, Expression, LocationLists, LocationListsOffset, Piece, Reader, UnitOffset, ValueType,
};

use super::attributes::Address;
use super::call_frame;
use super::debug_sections::{DebugSections, Slice};
use super::error::DwarfError;
use super::unit_root::UnitRoot;
use crate::machine_state::MachineState;

/// Enough for most lists; larger ones are read in a second attempt.
const FIRST_LIST_BYTES: u64 = 256;
/// The rest of a unit's larger table of addresses is not read.
const MAX_ADDRESS_TABLE_BYTES: u64 = 16 << 20;
/// An expression that takes more steps is none of a compiler.
const MAX_STEPS: u32 = 1000;

/// The attribute that says where a variable is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LocationRef {
    Expression(Vec<u8>),
    /// Offset in `.debug_loclists` or `.debug_loc`.
    List(u64),
    /// Number in the unit's table in `.debug_loclists`.
    ListNumber(u64),
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
            AttributeValue::DebugLocListsIndex(index) => Self::ListNumber(index.0 as u64),
            _ => Self::Other,
        }
    }

    /// Whether it is an address in memory for good: a static variable. If more follows, the address is its
    /// value, or that is there.
    pub(super) fn is_static(&self) -> bool {
        let Self::Expression(bytes) = self else { return false };
        let Some((first, rest)) = bytes.split_first() else { return false };
        match gimli::DwOp(*first) {
            gimli::DW_OP_addr => matches!(rest.len(), 4 | 8),
            // One LEB128 number.
            gimli::DW_OP_addrx => rest.iter().position(|byte| *byte < 0x80) == rest.len().checked_sub(1),
            _ => false,
        }
    }
}

/// What an expression comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Register(u16),
    Value(u64),
    /// It is at this address.
    Memory(u64),
    None,
    EntryValue,
    Elsewhere,
}

/// An instruction in a function, and the state of the processor there.
pub(super) struct Stop<'a> {
    pub root: &'a UnitRoot,
    pub sections: &'a DebugSections,
    /// The instruction's address in the image.
    pub pc: u64,
    pub state: &'a dyn MachineState,
    /// From an address in the image to that at run time.
    pub run_time: &'a dyn Fn(u64) -> Option<u64>,
    /// From the entry of a base type to the kind of number that it is.
    pub base_type: &'a dyn Fn(usize) -> Option<ValueType>,
    /// What the function says of its frame (`DW_AT_frame_base`).
    pub frame_base: Option<LocationRef>,
    /// The frame's address (CFA), once it was looked up.
    pub frame: OnceCell<Option<u64>>,
}

impl Stop<'_> {
    /// Where a variable is.
    pub(super) fn find(&self, location: &LocationRef) -> Result<Found, DwarfError> {
        let offset = match location {
            LocationRef::Expression(bytes) => return self.evaluate(bytes, true),
            LocationRef::Other => return Ok(Found::Elsewhere),
            LocationRef::List(offset) => *offset,
            LocationRef::ListNumber(number) => self.list_offset(*number)?,
        };
        match self.in_list(offset)? {
            Some(bytes) => self.evaluate(&bytes, true),
            None => Ok(Found::None),
        }
    }

    fn list_offset(&self, number: u64) -> Result<u64, DwarfError> {
        let bases = &self.root.bases;
        let at = number.saturating_mul(bases.offset_size()).saturating_add(bases.location_lists);
        let format = self.root.header.encoding.format;
        let read = |mut bytes: Slice<'_>| bytes.read_offset(format);
        let offset = self.sections.parse_at(".debug_loclists", at, bases.offset_size(), read)?;
        Ok((offset as u64).saturating_add(bases.location_lists))
    }

    /// The expression for the instruction in a list.
    fn in_list(&self, offset: u64) -> Result<Option<Vec<u8>>, DwarfError> {
        let (root, sections) = (self.root, self.sections);
        let encoding = root.header.encoding;
        let section = if encoding.version < 5 { ".debug_loc" } else { ".debug_loclists" };
        let base = root.low.map_or(Ok(0), |low| root.address(sections, low))?;
        let none = EndianSlice::new(&[], sections.endian());
        let parse = |bytes: Slice<'_>, addresses: Slice<'_>| {
            let lists = if encoding.version < 5 {
                LocationLists::new(DebugLoc::from(bytes), DebugLocLists::from(none))
            } else {
                LocationLists::new(DebugLoc::from(none), DebugLocLists::from(bytes))
            };
            let addresses = DebugAddr::from(addresses);
            let mut all =
                lists.locations(LocationListsOffset(0), encoding, base, &addresses, DebugAddrBase(0))?;
            let mut found: Option<Vec<u8>> = None;
            while let Some(entry) = all.next()? {
                if entry.range.begin <= self.pc && self.pc < entry.range.end && found.is_none() {
                    found = Some(entry.data.0.slice().to_vec());
                }
            }
            Ok(found)
        };
        let plain = sections.parse_at(section, offset, FIRST_LIST_BYTES, |bytes| parse(bytes, none));
        if plain.is_ok() || sections.size(".debug_addr")? == 0 {
            return plain;
        }
        // The list refers to the table of addresses, as clang's lists do.
        let table = sections.read(".debug_addr", root.bases.addresses, MAX_ADDRESS_TABLE_BYTES)?;
        sections.parse_at(section, offset, FIRST_LIST_BYTES, |bytes| parse(bytes, sections.slice(&table)))
    }

    /// `has_frame` is false for the expression that says where the frame is.
    fn evaluate(&self, bytes: &[u8], has_frame: bool) -> Result<Found, DwarfError> {
        if bytes.is_empty() {
            return Ok(Found::None);
        }
        let expression = Expression(self.sections.slice(bytes));
        let mut evaluation = expression.evaluation(self.root.header.encoding);
        evaluation.set_max_iterations(MAX_STEPS);
        let mut result = evaluation.evaluate();
        loop {
            let next = match result {
                Ok(EvaluationResult::Complete) => break,
                Ok(EvaluationResult::RequiresEntryValue(_)) => return Ok(Found::EntryValue),
                Ok(EvaluationResult::RequiresRegister { register, base_type }) => {
                    let value =
                        self.state.register(register.0).and_then(|value| self.typed(base_type, value));
                    value.map(|value| evaluation.resume_with_register(value))
                }
                Ok(EvaluationResult::RequiresMemory { address, size, base_type, .. }) => {
                    let value = self.state.memory(address, size.into());
                    let value = value.and_then(|value| self.typed(base_type, value));
                    value.map(|value| evaluation.resume_with_memory(value))
                }
                Ok(EvaluationResult::RequiresBaseType(base_type)) => {
                    self.value_type(base_type).map(|kind| evaluation.resume_with_base_type(kind))
                }
                Ok(EvaluationResult::RequiresCallFrameCfa) => {
                    self.frame().map(|frame| evaluation.resume_with_call_frame_cfa(frame))
                }
                Ok(EvaluationResult::RequiresFrameBase) if has_frame => {
                    self.frame_base()?.map(|base| evaluation.resume_with_frame_base(base))
                }
                Ok(EvaluationResult::RequiresRelocatedAddress(address)) => {
                    (self.run_time)(address).map(|at| evaluation.resume_with_relocated_address(at))
                }
                Ok(EvaluationResult::RequiresIndexedAddress { index, relocate }) => {
                    let address = self.root.address(self.sections, Address::Index(index.0 as u64))?;
                    let address = if relocate { (self.run_time)(address) } else { Some(address) };
                    address.map(|at| evaluation.resume_with_indexed_address(at))
                }
                _ => None,
            };
            match next {
                Some(next) => result = next,
                None => return Ok(Found::Elsewhere),
            }
        }
        Ok(match evaluation.result().as_slice() {
            [Piece { location, size_in_bits: None, .. }] => match location {
                gimli::Location::Register { register } => Found::Register(register.0),
                gimli::Location::Value { value } => {
                    value.to_u64(u64::MAX).map_or(Found::Elsewhere, Found::Value)
                }
                gimli::Location::Address { address } => Found::Memory(*address),
                gimli::Location::Bytes { value } => self.number(value).map_or(Found::Elsewhere, Found::Value),
                gimli::Location::Empty => Found::None,
                _ => Found::Elsewhere,
            },
            _ => Found::Elsewhere,
        })
    }

    /// The kind of numbers of a base type; 0 stands for that of addresses.
    fn value_type(&self, base_type: UnitOffset) -> Option<ValueType> {
        if base_type.0 == 0 { Some(ValueType::Generic) } else { (self.base_type)(base_type.0) }
    }

    fn typed(&self, base_type: UnitOffset, value: u64) -> Option<gimli::Value> {
        gimli::Value::from_u64(self.value_type(base_type)?, value).ok()
    }

    /// The number that an expression spells out, in the byte order of the file.
    fn number(&self, bytes: &Slice<'_>) -> Option<u64> {
        let bytes = bytes.slice();
        let next = |number: u64, byte: &u8| (number << 8) | u64::from(*byte);
        let number = if self.sections.endian().is_big_endian() {
            bytes.iter().fold(0, next)
        } else {
            bytes.iter().rev().fold(0, next)
        };
        matches!(bytes.len(), 1..=8).then_some(number)
    }

    /// The stack pointer before the function was called.
    fn frame(&self) -> Option<u64> {
        let size = self.root.header.encoding.address_size;
        *self.frame.get_or_init(|| call_frame::address(self.sections, size, self.pc, self.state))
    }

    /// What places in the frame are counted from.
    fn frame_base(&self) -> Result<Option<u64>, DwarfError> {
        let expression = match &self.frame_base {
            Some(LocationRef::Expression(bytes)) => bytes,
            _ => return Ok(None),
        };
        Ok(match self.evaluate(expression, false)? {
            Found::Register(number) => self.state.register(number),
            Found::Memory(address) | Found::Value(address) => Some(address),
            _ => None,
        })
    }
}
