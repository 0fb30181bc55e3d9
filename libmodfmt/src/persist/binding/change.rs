// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whether a kept variable can be used as it is. This is the place where types are compared.

use std::collections::HashMap;

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
        grown: Option<&(&'k Header, &'k Grown)>,
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

/// What a change to a variable means for what is kept of it. Growth in place and conversion will be kinds of
/// their own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// It can be used as it is.
    Same(Completeness),
    /// It cannot.
    Differs(Box<Difference>),
}

/// Compares kept variables with those of a file.
pub(super) struct Changes<'a> {
    file: &'a Header,
    /// By generation: what was found equal is not compared again.
    comparisons: HashMap<u32, Comparison<'a>>,
}

impl<'a> Changes<'a> {
    pub(super) fn new(kept: &[&'a Header], file: &'a Header) -> Self {
        let comparison =
            |header: &&'a Header| (header.generation, Comparison::new(&header.types, &file.types));
        Self { file, comparisons: kept.iter().map(comparison).collect() }
    }

    /// What the change from a kept variable to that of the file, in `unit`, means.
    pub(super) fn of(&self, kept: &KeptVariable<'a>, unit: &Unit, file: &Variable) -> Change {
        let section = || unit.section.clone();
        if kept.unit.writable != unit.writable {
            let is_writable = kept.unit.writable;
            let kept = kept.variable.clone();
            return Change::Differs(Box::new(Difference::Writable { kept, is_writable }));
        }
        // What several variables in one section ask for is known of the section only.
        let is_alone = unit.variables.len() < 2;
        if kept.sought.size != file.size || (is_alone && kept.variable.align < file.align) {
            let mut before = kept.sought.clone();
            // Where it is does not matter here, nor that it is aligned to more than it needs.
            before.offset = file.offset;
            before.align = before.align.min(file.align);
            return Change::Differs(Box::new(Difference::Changed {
                section: section(),
                kept: before,
                file: file.clone(),
            }));
        }
        if kept.is_of_build_of(self.file) {
            return Change::Same(Completeness::Full);
        }
        match self.types(kept, file.type_id) {
            Ok(completeness) => Change::Same(completeness),
            Err(difference) => Change::Differs(Box::new(Difference::Type {
                section: section(),
                kept: kept.sought.clone(),
                file: file.clone(),
                difference,
            })),
        }
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
