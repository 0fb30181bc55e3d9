// SPDX-License-Identifier: MIT OR Apache-2.0
//! From an address to functions and lines, by DWARF 2 to 5.
//!
//! The plain use of the `addr2line` crate takes 5 s and 1 GB on a distribution's kernel, as it
//! looks at every unit. Here `.debug_aranges` tells the unit of an address ([`index`]), only that
//! unit is read ([`unit`]), and in it everything but functions is skipped ([`functions`]). A
//! function's tree is read when an address lies in it ([`inline`]), the line program ([`lines`]) and
//! strings likewise.

mod error;
mod functions;
mod header;
mod index;
mod inline;
mod lines;
mod path;
mod ranges;
mod root;
mod sections;
mod text;
mod unit;
mod value;

pub(crate) use error::DwarfError;

use super::answer::Frame;
use super::image::Image;
use index::Index;
use sections::Sections;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use unit::Unit;

/// Units are kept up to this many bytes of them; then all are forgotten.
const CACHE: usize = 24 << 20;

/// The debug information of one file.
#[derive(Debug)]
pub(crate) struct Dwarf {
    sections: Sections,
    index: OnceCell<Index>,
    /// The index of the units that `.debug_aranges` does not mention.
    rest: OnceCell<Index>,
    units: RefCell<Units>,
}

#[derive(Debug, Default)]
struct Units {
    by_offset: HashMap<u64, Rc<Unit>>,
    bytes: usize,
}

impl Dwarf {
    pub(crate) fn new(image: Rc<Image>) -> Self {
        Self {
            sections: Sections::new(image),
            index: OnceCell::new(),
            rest: OnceCell::new(),
            units: RefCell::default(),
        }
    }

    /// The functions at an address, the innermost first; empty if no unit covers it.
    pub(crate) fn frames(&self, address: u64) -> Result<Vec<Frame>, DwarfError> {
        let index = match self.index.get() {
            Some(index) => index,
            None => {
                let index = Index::from_aranges(&self.sections)?;
                self.index.get_or_init(|| index)
            }
        };
        let frames = self.frames_by(index, address)?;
        if !frames.is_empty() {
            return Ok(frames);
        }
        let rest = match self.rest.get() {
            Some(rest) => rest,
            None => {
                let rest = Index::from_units(&self.sections, index)?;
                self.rest.get_or_init(|| rest)
            }
        };
        self.frames_by(rest, address)
    }

    fn frames_by(&self, index: &Index, address: u64) -> Result<Vec<Frame>, DwarfError> {
        let mut best = Vec::new();
        for offset in index.units(address) {
            let unit = self.unit(offset)?;
            let frames = unit.frames(self, address)?;
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

    /// The unit at an offset in `.debug_info`.
    fn unit(&self, offset: u64) -> Result<Rc<Unit>, DwarfError> {
        if let Some(unit) = self.units.borrow().by_offset.get(&offset) {
            return Ok(Rc::clone(unit));
        }
        let unit = Rc::new(Unit::read(&self.sections, offset)?);
        let mut units = self.units.borrow_mut();
        if units.bytes > CACHE {
            *units = Units::default();
        }
        units.bytes = units.bytes.saturating_add(unit.weight());
        units.by_offset.insert(offset, Rc::clone(&unit));
        Ok(unit)
    }
}
