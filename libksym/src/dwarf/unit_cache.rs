// SPDX-License-Identifier: MIT OR Apache-2.0
//! The units that were read lately.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::debug_sections::DebugSections;
use super::error::DwarfError;
use super::line_program::LineProgram;
use super::unit::Unit;
use crate::image::Image;

/// When the units that were read once take more bytes than this, all of these are dropped. Few of a long list
/// of addresses are in a unit that is come back to, and memory that is used again at once is the fastest.
const MAX_ONCE_BYTES: usize = 1 << 20;
/// The same for units that were read again: reports of one kernel have the same functions in their traces.
const MAX_AGAIN_BYTES: usize = 12 << 20;

/// The debug sections of a file and the units that were read from them.
#[derive(Debug)]
pub(super) struct UnitCache {
    pub(super) sections: DebugSections,
    units: RefCell<Units>,
}

#[derive(Debug, Default)]
struct Units {
    once: Pool,
    again: Pool,
    /// Offsets of all units that were ever read.
    read_before: HashSet<u64>,
}

#[derive(Debug, Default)]
struct Pool {
    /// By offset in `.debug_info`.
    by_offset: HashMap<u64, Rc<Unit>>,
    bytes: usize,
    /// Line programs by offset in `.debug_line`: units may share one.
    lines: HashMap<u64, Rc<LineProgram>>,
}

impl Units {
    fn unit(&self, offset: u64) -> Option<&Rc<Unit>> {
        self.once.by_offset.get(&offset).or_else(|| self.again.by_offset.get(&offset))
    }

    fn lines(&self, offset: u64) -> Option<&Rc<LineProgram>> {
        self.once.lines.get(&offset).or_else(|| self.again.lines.get(&offset))
    }

    fn add(&mut self, offset: u64, unit: Rc<Unit>) {
        let (pool, limit) = match self.read_before.insert(offset) {
            true => (&mut self.once, MAX_ONCE_BYTES),
            false => (&mut self.again, MAX_AGAIN_BYTES),
        };
        if pool.bytes > limit {
            *pool = Pool::default();
        }
        pool.bytes = pool.bytes.saturating_add(unit.memory_bytes());
        pool.by_offset.insert(offset, unit);
    }

    /// The pool that the unit is in.
    fn pool_of(&mut self, unit: &Unit) -> &mut Pool {
        match self.again.by_offset.contains_key(&unit.entries.root.header.offset) {
            true => &mut self.again,
            false => &mut self.once,
        }
    }
}

impl UnitCache {
    pub(super) fn new(image: Rc<Image>) -> Self {
        Self { sections: DebugSections::new(image), units: RefCell::default() }
    }

    /// The unit at an offset in `.debug_info`.
    pub(super) fn unit(&self, offset: u64) -> Result<Rc<Unit>, DwarfError> {
        if let Some(unit) = self.units.borrow().unit(offset) {
            return Ok(Rc::clone(unit));
        }
        let unit = Rc::new(Unit::read(&self.sections, offset)?);
        self.units.borrow_mut().add(offset, Rc::clone(&unit));
        Ok(unit)
    }

    /// The rows and files of a unit's line program.
    pub(super) fn lines(&self, unit: &Unit) -> Result<Rc<LineProgram>, DwarfError> {
        let root = &unit.entries.root;
        let Some(offset) = root.lines else { return Ok(Rc::default()) };
        if let Some(lines) = self.units.borrow().lines(offset) {
            return Ok(Rc::clone(lines));
        }
        let lines = Rc::new(LineProgram::read(&self.sections, root)?);
        self.units.borrow_mut().pool_of(unit).lines.insert(offset, Rc::clone(&lines));
        Ok(lines)
    }
}
