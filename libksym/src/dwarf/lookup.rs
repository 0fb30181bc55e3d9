// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looks up an address: its unit, the function there, what is inlined into it, and the lines.

use std::cell::OnceCell;
use std::rc::Rc;

use super::address_index::AddressIndex;
use super::attributes::Reference;
use super::call_frame;
use super::error::DwarfError;
use super::function_name;
use super::inlined_calls;
use super::line_program::{LineProgram, SourcePlace};
use super::unit::Unit;
use super::unit_cache::UnitCache;
use super::variables;
use crate::answer::Frame;
use crate::caller::CallerState;
use crate::image::Image;
use crate::machine_state::MachineState;
use crate::variable::Variable;

/// The debug information of one file.
#[derive(Debug)]
pub(crate) struct Dwarf {
    units: UnitCache,
    aranges: OnceCell<AddressIndex>,
    /// The units that `.debug_aranges` does not mention.
    without_aranges: OnceCell<AddressIndex>,
}

impl Dwarf {
    pub(crate) fn new(image: Rc<Image>) -> Self {
        Self { units: UnitCache::new(image), aranges: OnceCell::new(), without_aranges: OnceCell::new() }
    }

    /// The functions at an address of the image, the innermost first; empty if no unit covers it.
    pub(crate) fn frames(&self, address: u64) -> Result<Vec<Frame>, DwarfError> {
        let aranges = match self.aranges.get() {
            Some(aranges) => aranges,
            None => {
                let aranges = AddressIndex::from_aranges(&self.units.sections)?;
                self.aranges.get_or_init(|| aranges)
            }
        };
        let frames = self.frames_by(aranges, address)?;
        if !frames.is_empty() {
            return Ok(frames);
        }
        let without_aranges = match self.without_aranges.get() {
            Some(index) => index,
            None => {
                let index = AddressIndex::from_units(&self.units.sections, aranges)?;
                self.without_aranges.get_or_init(|| index)
            }
        };
        self.frames_by(without_aranges, address)
    }

    /// The parameters and local variables at an address of the image, those of the innermost function first.
    pub(crate) fn variables(
        &self,
        address: u64,
        state: &dyn MachineState,
        run_time: &dyn Fn(u64) -> Option<u64>,
    ) -> Result<Vec<Variable>, DwarfError> {
        let aranges = AddressIndex::from_aranges(&self.units.sections)?;
        let aranges = self.aranges.get_or_init(|| aranges);
        let mut units: Vec<_> = aranges.units(address).collect();
        if units.is_empty() {
            let others = AddressIndex::from_units(&self.units.sections, aranges)?;
            units = self.without_aranges.get_or_init(|| others).units(address).collect();
        }
        for offset in units {
            let unit = self.units.unit(offset)?;
            let Some(function) = unit.function_at(&self.units.sections, address)? else { continue };
            return variables::at(&self.units, &unit, function, address, state, run_time);
        }
        Ok(Vec::new())
    }

    /// What the caller of the function at an address of the image, for x86-64, has in its registers.
    pub(crate) fn caller(&self, address: u64, state: &dyn MachineState) -> Option<CallerState> {
        call_frame::caller(&self.units.sections, address, state)
    }

    fn frames_by(&self, index: &AddressIndex, address: u64) -> Result<Vec<Frame>, DwarfError> {
        let mut best = Vec::new();
        for offset in index.units(address) {
            let unit = self.units.unit(offset)?;
            let frames = self.frames_in(&unit, address)?;
            // A unit that knows the function is better than one that knows the line only.
            if frames.first().is_some_and(|frame| frame.function.is_some()) {
                return Ok(frames);
            }
            if best.is_empty() {
                best = frames;
            }
        }
        Ok(best)
    }

    fn frames_in(&self, unit: &Unit, address: u64) -> Result<Vec<Frame>, DwarfError> {
        let sections = &self.units.sections;
        let function = unit.function_at(sections, address)?;
        let lines = &*self.units.lines(unit)?;
        let place = lines.find(address);
        let Some(function) = function else {
            let frame = place.map(|place| self.frame(unit, lines, None, place)).transpose()?;
            return Ok(frame.into_iter().collect());
        };
        let chain = inlined_calls::chain(&unit.entries, sections, function, address)?;
        let mut frames = Vec::with_capacity(chain.len());
        // The line of the innermost function is that of the address, the others' that of the call.
        let mut place = place.unwrap_or_default();
        for scope in chain.iter().rev() {
            let name = function_name::of_entry(&self.units, unit, Reference::Unit(scope.entry))?;
            frames.push(self.frame(unit, lines, name, place)?);
            place = scope.call;
        }
        Ok(frames)
    }

    fn frame(
        &self,
        unit: &Unit,
        lines: &LineProgram,
        function: Option<String>,
        place: SourcePlace,
    ) -> Result<Frame, DwarfError> {
        let number = |number: u64| u32::try_from(number).ok().filter(|&number| number != 0);
        let path = |file| lines.path(&self.units.sections, &unit.entries.root, file);
        let file = place.file.map(path).transpose()?.flatten();
        Ok(Frame { function, file, line: number(place.line), column: number(place.column) })
    }
}
