// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether a kept variable can be used as it is. This is the place where types are compared.

use std::cell::RefCell;
use std::collections::HashMap;

use super::account::Stay;
use super::kernel_types::LazyKernelBtf;
use super::values::Values;
use super::wishes::Wishes;
use crate::convert::{
    ConversionRefusal, Decision, InPlace, Plan, Reason, Request, Side, decide, plan_to_move,
};
use crate::persist::{Difference, Grown, Header, KeptPlace, Unit, Variable};
use crate::types::{Comparison, Completeness, TypeId};

/// A kept variable that is in force.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct KeptVariable<'k> {
    /// The header of its generation.
    pub header: &'k Header,
    /// Its unit.
    pub unit: &'k Unit,
    /// The variable as its generation was made.
    pub variable: &'k Variable,
    /// Where it is kept.
    pub place: KeptPlace,
    /// The variable as the file should have it: its name and file after renames, size and type after growth.
    pub sought: Variable,
    /// The header with the type in `sought`.
    pub types: &'k Header,
}

impl<'k> KeptVariable<'k> {
    pub(super) fn new(
        header: &'k Header,
        unit: &'k Unit,
        variable: &'k Variable,
        place: KeptPlace,
        mut sought: Variable,
        grown: Option<(&'k Header, &'k Grown)>,
    ) -> Self {
        let mut types = header;
        if let Some((said_by, grown)) = grown {
            types = said_by;
            sought.size = grown.size;
            sought.type_id = grown.type_id;
            sought.type_name.clone_from(&grown.type_name);
        }
        Self { header, unit, variable, place, sought, types }
    }

    /// Whether what is kept was made from the build of this file.
    fn is_of_build_of(&self, file: &Header) -> bool {
        !self.types.build_id.is_empty() && self.types.build_id == file.build_id
    }
}

/// What a change to a variable means for what is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// It can be used as it is.
    Same(Completeness),
    /// It stays where it is, with another type.
    InPlace(Stay, Box<InPlace>),
    /// It needs another place, and what is kept can be converted, as far as types tell.
    Converts(Box<Plan>),
    /// It cannot be used.
    Differs(Box<Difference>),
}

/// Compares kept variables with those of a file.
pub(super) struct Changes<'a> {
    file: &'a Header,
    wishes: &'a Wishes,
    values: Option<&'a Values<'a>>,
    /// By generation: what was found equal is not compared again.
    comparisons: HashMap<u32, Comparison<'a>>,
    /// Why kept bytes could not be read.
    pub(super) unread: RefCell<Option<String>>,
}

impl<'a> Changes<'a> {
    pub(super) fn new(
        kept: &[&'a Header],
        file: &'a Header,
        wishes: &'a Wishes,
        values: Option<&'a Values<'a>>,
        kernel: Option<&'a LazyKernelBtf<'a>>,
    ) -> Self {
        let comparison = |header: &'a Header| match kernel {
            Some(kernel) => kernel.comparison(&header.types, &file.types),
            None => Comparison::new(&header.types, &file.types),
        };
        let comparisons = kept.iter().map(|header| (header.generation, comparison(header))).collect();
        Self { file, wishes, values, comparisons, unread: RefCell::new(None) }
    }

    /// The header of the file.
    pub(super) const fn file(&self) -> &'a Header {
        self.file
    }

    /// What the change from a kept variable to that of the file, in `unit`, the file's unit of that number,
    /// means.
    pub(super) fn of(
        &self,
        kept: &KeptVariable<'a>,
        (number, unit): (usize, &Unit),
        file: &Variable,
    ) -> Change {
        let section = || unit.section.clone();
        if kept.unit.writable != unit.writable {
            let is_writable = kept.unit.writable;
            let kept = kept.variable.clone();
            return Change::Differs(Box::new(Difference::Writable { kept, is_writable }));
        }
        // What several variables in one section ask for is known of the section only.
        let is_alone = unit.variables.len() < 2;
        if self.values.is_some_and(|values| values.memory.is_saved()) {
            return self.of_saved(kept, (number, is_alone), file);
        }
        let difference = if kept.sought.size != file.size || (is_alone && kept.variable.align < file.align) {
            let mut before = kept.sought.clone();
            // Where it is does not matter here, nor that it is aligned to more than it needs.
            before.offset = file.offset;
            before.align = before.align.min(file.align);
            Difference::Changed { section: section(), kept: before, file: file.clone() }
        } else if kept.is_of_build_of(self.file) {
            return Change::Same(Completeness::Full);
        } else {
            match self.types(kept, file.type_id) {
                Ok(completeness) => return Change::Same(completeness),
                Err(difference) => Difference::Type {
                    section: section(),
                    kept: kept.sought.clone(),
                    file: file.clone(),
                    difference,
                },
            }
        };
        match self.with_request(kept, (number, is_alone), file, decide) {
            None | Some(Ok(Decision::Equal(_))) => Change::Differs(Box::new(difference)),
            Some(Ok(Decision::ReadsTheSame(how))) => Change::InPlace(Stay::ReadsTheSame, Box::new(how)),
            Some(Ok(Decision::GrowsInPlace(how))) => Change::InPlace(Stay::Grows, Box::new(how)),
            Some(Ok(Decision::ShrinksInPlace(how))) => Change::InPlace(Stay::Shrinks, Box::new(how)),
            Some(Ok(Decision::Converts(plan))) => Change::Converts(Box::new(plan)),
            Some(Err(refusal)) => {
                let says_less = matches!(refusal.reason, Reason::Unknown | Reason::Inconsistent { .. })
                    && refusal.path == file.plain_name();
                let refused = || Difference::Conversion { variable: file.clone(), refusal };
                Change::Differs(Box::new(if says_less { difference } else { refused() }))
            }
        }
    }

    /// A saved value, which always gets a new place.
    fn of_saved(&self, kept: &KeptVariable<'a>, unit: (usize, bool), file: &Variable) -> Change {
        let unknown = || ConversionRefusal { path: file.plain_name().to_owned(), reason: Reason::Unknown };
        match self.with_request(kept, unit, file, plan_to_move).unwrap_or_else(|| Err(unknown())) {
            Ok(plan) => Change::Converts(Box::new(plan)),
            Err(refusal) => {
                Change::Differs(Box::new(Difference::Conversion { variable: file.clone(), refusal }))
            }
        }
    }

    /// How a variable that could stay where it is gets another place, in the file's unit of that number,
    /// which has it alone or not. `None` if that is impossible.
    pub(super) fn plan_to_move(
        &self,
        kept: &KeptVariable<'a>,
        unit: (usize, bool),
        file: &Variable,
    ) -> Option<Plan> {
        self.with_request(kept, unit, file, plan_to_move)?.ok()
    }

    /// Asks about the change from a kept variable to that of the file; `None` if too little is known.
    fn with_request<T>(
        &self,
        kept: &KeptVariable<'a>,
        (unit, is_alone): (usize, bool),
        file: &Variable,
        ask: impl FnOnce(&Request<'_>) -> T,
    ) -> Option<T> {
        let values = self.values?;
        let (old, new) = kept.sought.type_id.zip(file.type_id)?;
        let old = Side { types: &kept.types.types, id: old, size: kept.sought.size };
        let new = Side { types: &self.file.types, id: new, size: file.size };
        let name = file.plain_name();
        let mut request = Request::new(name, old, new, values.order, values.class);
        let is_alone_there = kept.unit.variables.len() == 1 && kept.variable.offset == 0;
        request.room = if is_alone_there { kept.unit.room.max(old.size) } else { old.size };
        request.align = kept.variable.align;
        request.new_align = if is_alone { file.align } else { 1 };
        let initial = values.initial.get(unit).map(|unit| unit.part(file.offset, file.size));
        let (initial, relocated) = initial.unwrap_or_default();
        (request.initial, request.relocated) = (initial, &relocated);
        (request.renames, request.drops) = (&self.wishes.fields, &self.wishes.drops);
        // Its value matters here only if it may stay in its place.
        let may_stay = new.size <= request.room && request.new_align <= request.align.max(1);
        let read = || values.memory.read(kept.place, old.size.max(new.size));
        let bytes = may_stay.then(read).transpose();
        let bytes = bytes.map_err(|why| *self.unread.borrow_mut() = Some(why)).ok().flatten();
        if let Some((bytes, rest)) =
            bytes.as_ref().and_then(|bytes| bytes.split_at_checked(usize::try_from(old.size).ok()?))
        {
            request.kept = Some(bytes);
            // Something that was not written down was there: an init that failed may have used the room.
            if rest.iter().any(|byte| *byte != 0) {
                request.room = old.size;
            }
        }
        Some(ask(&request))
    }

    /// Whether a kept variable and one of the file have one type, as far as both are known.
    pub(super) fn types(
        &self,
        kept: &KeptVariable<'a>,
        file: Option<TypeId>,
    ) -> Result<Completeness, crate::types::TypeDifference> {
        let comparison = self.comparisons.get(&kept.types.generation);
        match (comparison, kept.sought.type_id, file) {
            (Some(comparison), Some(kept), Some(file)) => comparison.of(kept, file),
            _ => Ok(Completeness::Partial),
        }
    }
}
