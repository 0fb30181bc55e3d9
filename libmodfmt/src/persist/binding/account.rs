// SPDX-License-Identifier: MIT OR Apache-2.0
//! The account of what becomes of each variable.

use std::sync::Arc;

use super::values::UnitValue;
use crate::convert::{Change, InPlace, Plan};
use crate::persist::{Difference, KeptPlace, Variable};

/// What loading a file would do with each variable.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// Every variable of the file, by unit and offset.
    pub variables: Vec<VariableAccount>,
    /// Where each unit of the file goes, in the order of its header.
    pub units: Vec<UnitPlace>,
    /// Variables that are kept, in force, and not in the file, with their places. They stay as they are.
    pub unused: Vec<(KeptPlace, Variable)>,
    /// What concerns no single variable: names are missing on one side.
    pub differences: Vec<Difference>,
    /// Kept variables that get another place, or start afresh.
    pub left: Vec<LeftBehind>,
    /// All variables of kept generations that are not in force once the file is loaded.
    pub replaced: Vec<KeptPlace>,
    /// The initial values of units that are converted, in the order of the file's header.
    pub values: Arc<[UnitValue]>,
    /// Why kept bytes that a changed variable depends on could not be read.
    pub unread: Option<String>,
    /// The number of the generation that holds what is new.
    pub generation: u32,
    /// Everything starts afresh: earlier generations are dropped in the end.
    pub fresh: bool,
}

/// What becomes of one variable of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VariableAccount {
    /// Its unit, by its place in the file's header.
    pub unit: usize,
    /// The variable.
    pub variable: Variable,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a variable of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// It is the kept variable at this place.
    Bound {
        /// Where it is kept.
        at: KeptPlace,
        /// Everything that is known of the types on both sides was compared.
        types_compared: bool,
    },
    /// It is the kept variable at this place, and stays there with another type.
    InPlace {
        /// Where it is kept.
        at: KeptPlace,
        /// What happens to it.
        stay: Stay,
        /// The change.
        how: Box<InPlace>,
    },
    /// It gets another place, and its initial value is made from what is kept.
    Converted {
        /// Where it is kept.
        at: KeptPlace,
        /// The conversion.
        plan: Box<Plan>,
    },
    /// It gets another place, and the module's init converts it (`persistent_old()`).
    ByHand {
        /// Where it is kept.
        at: KeptPlace,
    },
    /// Nothing is kept of it, or it starts afresh: it has the file's initial value.
    New,
    /// It is kept, and cannot be used as it is; or it must not be new.
    Differs(Box<Difference>),
}

/// How a variable stays where it is although its type changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    /// New fields take room that is zero.
    Grows,
    /// Fields at its end stay in memory, unused.
    Shrinks,
    /// The bytes mean the same: an enumerator more, a field with another name.
    ReadsTheSame,
}

/// A kept variable that is not used any more once the file is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftBehind {
    /// Where it is kept.
    pub place: KeptPlace,
    /// The variable as it is kept; its size after growth.
    pub variable: Variable,
    /// The variable's number among those of the account.
    pub number: usize,
    /// The module's init takes care of it, so that pointers to it do no harm.
    pub by_hand: bool,
}

/// Where a unit of the file goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnitPlace {
    /// Into a kept unit.
    Kept {
        /// The number of the generation.
        generation: u32,
        /// The unit in it.
        ordinal: u32,
        /// Where the unit of the file begins in the kept one, in bytes. Negative if what comes before its
        /// first bound variable has no place there.
        offset: i64,
    },
    /// Into a unit of the new generation.
    New {
        /// The unit in it.
        ordinal: u32,
    },
    /// Nowhere: one of its variables cannot be used.
    Refused,
}

impl Account {
    /// Whether the file may be loaded.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.differences.is_empty()
            && self.units.iter().all(|place| *place != UnitPlace::Refused)
            && self.variables.iter().all(|variable| !matches!(variable.fate, Fate::Differs(_)))
    }

    /// Why the file may not be loaded: first what concerns no single variable, then by variable.
    pub fn differences(&self) -> impl Iterator<Item = &Difference> {
        let of_variables = self.variables.iter().filter_map(|variable| match &variable.fate {
            Fate::Differs(difference) => Some(&**difference),
            _ => None,
        });
        self.differences.iter().chain(of_variables)
    }

    /// How many variables are bound, and of how many of these types were not compared, or not in full.
    #[must_use]
    pub fn bound(&self) -> (usize, usize) {
        let bound = self.variables.iter().filter_map(|variable| match variable.fate {
            Fate::Bound { types_compared, .. } => Some(types_compared),
            Fate::InPlace { .. } => Some(true),
            _ => None,
        });
        bound.fold((0, 0), |(all, not_compared), compared| {
            (all.saturating_add(1), not_compared.saturating_add(usize::from(!compared)))
        })
    }

    /// How many variables are new.
    #[must_use]
    pub fn new_variables(&self) -> usize {
        self.variables.iter().filter(|variable| variable.fate == Fate::New).count()
    }

    /// Whether a keeper is needed for units that are new.
    #[must_use]
    pub fn needs_generation(&self) -> bool {
        self.units.iter().any(|place| matches!(place, UnitPlace::New { .. }))
    }

    /// Whether data in force is replaced: the load needs a mark until the module's init has succeeded.
    #[must_use]
    pub fn replaces(&self) -> bool {
        self.fresh || !self.left.is_empty()
    }
}

impl Fate {
    /// Where the variable is kept, if it stays there.
    #[must_use]
    pub const fn place(&self) -> Option<KeptPlace> {
        match self {
            Self::Bound { at, .. } | Self::InPlace { at, .. } => Some(*at),
            _ => None,
        }
    }

    /// What changes about the variable, by field.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        match self {
            Self::InPlace { how, .. } => how.changes(),
            Self::Converted { plan, .. } => plan.changes(),
            _ => &[],
        }
    }
}
