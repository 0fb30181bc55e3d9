// SPDX-License-Identifier: MIT OR Apache-2.0
//! The units that were read lately.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::debug_sections::DebugSections;
use super::error::DwarfError;
use super::line_program::LineProgram;
use super::unit::Unit;
use crate::image::Image;

/// When the units take more bytes than this, all are dropped.
const MAX_CACHE_BYTES: usize = 12 << 20;

/// The debug sections of a file and the units that were read from them.
#[derive(Debug)]
pub(super) struct UnitCache {
    pub(super) sections: DebugSections,
    units: RefCell<Units>,
}

#[derive(Debug, Default)]
struct Units {
    /// By offset in `.debug_info`.
    by_offset: HashMap<u64, Rc<Unit>>,
    bytes: usize,
    /// Line programs by offset in `.debug_line`: units may share one.
    lines: HashMap<u64, Rc<LineProgram>>,
}

impl UnitCache {
    pub(super) fn new(image: Rc<Image>) -> Self {
        Self { sections: DebugSections::new(image), units: RefCell::default() }
    }

    /// The unit at an offset in `.debug_info`.
    pub(super) fn unit(&self, offset: u64) -> Result<Rc<Unit>, DwarfError> {
        if let Some(unit) = self.units.borrow().by_offset.get(&offset) {
            return Ok(Rc::clone(unit));
        }
        let unit = Rc::new(Unit::read(&self.sections, offset)?);
        let mut units = self.units.borrow_mut();
        if units.bytes > MAX_CACHE_BYTES {
            *units = Units::default();
        }
        units.bytes = units.bytes.saturating_add(unit.memory_bytes());
        units.by_offset.insert(offset, Rc::clone(&unit));
        Ok(unit)
    }

    /// The rows and files of a unit's line program.
    pub(super) fn lines(&self, unit: &Unit) -> Result<Rc<LineProgram>, DwarfError> {
        let root = &unit.entries.root;
        let Some(offset) = root.lines else { return Ok(Rc::default()) };
        if let Some(lines) = self.units.borrow().lines.get(&offset) {
            return Ok(Rc::clone(lines));
        }
        let lines = Rc::new(LineProgram::read(&self.sections, root)?);
        self.units.borrow_mut().lines.insert(offset, Rc::clone(&lines));
        Ok(lines)
    }
}
