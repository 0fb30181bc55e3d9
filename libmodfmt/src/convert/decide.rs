// SPDX-License-Identifier: MIT OR Apache-2.0
//! What becomes of a variable: it stays, stays with another type, or is converted.

use super::build::Builder;
use super::in_place::{self, InPlace};
use super::plan::{Node, Plan, Values};
use super::refusal::{ConversionRefusal, Reason};
use super::request::Request;
use crate::types::{Completeness, compare, size_of};

/// What becomes of a kept variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The types are equal, as far as both are known.
    Equal(Completeness),
    /// The types differ, but not in what the bytes mean: an enumerator more, another parameter of a function.
    ReadsTheSame(InPlace),
    /// It stays where it is; new fields take room that is zero.
    GrowsInPlace(InPlace),
    /// It stays where it is; fields at its end stay as well, unused.
    ShrinksInPlace(InPlace),
    /// It needs a new place, and its new value is made from the kept one.
    Converts(Plan),
}

/// Decides what becomes of a variable. Without the kept bytes ([`Request::kept`]) it is assumed that room is
/// empty; whether the values allow it is found out by [`InPlace::check`] and [`Plan::apply`].
///
/// # Errors
/// The field that stands in the way, and why.
pub fn decide(request: &Request<'_>) -> Result<Decision, ConversionRefusal> {
    let (old, new) = (request.old, request.new);
    let named = |refusal: ConversionRefusal| refusal.below(request.variable);
    let mut difference = None;
    if old.size == new.size {
        match compare((old.types, old.id), (new.types, new.id)) {
            Ok(completeness) => return Ok(Decision::Equal(completeness)),
            Err(found) => difference = Some(found),
        }
    }
    check_sizes(request)?;
    let fits = |plan: &Plan| {
        let found = in_place::of(plan, request)?;
        let free = request.kept.is_none_or(|kept| found.room_is_free(kept));
        free.then_some(found)
    };
    // A field that is missing at the end is not lost if the variable stays where it is.
    if let Ok((plan, true)) = Builder::new(request, true).plan()
        && let Some(found) = fits(&plan)
        && found.adds_nothing()
    {
        return Ok(Decision::ShrinksInPlace(found));
    }
    let (mut plan, _) = Builder::new(request, false).plan().map_err(named)?;
    // Fields that only move, or the parameters of a function: no field says what has changed.
    if let Some(found) = difference.filter(|_| plan.changes().is_empty()) {
        plan.because(&found.path(request.variable), format!("differs: {}", found.what));
    }
    Ok(match fits(&plan) {
        Some(mut found) if found.adds_nothing() && old.size == new.size => {
            found.has_more_values = loses_values_on_the_way_back(request);
            Decision::ReadsTheSame(found)
        }
        Some(found) if old.size <= new.size => Decision::GrowsInPlace(found),
        Some(found) => Decision::ShrinksInPlace(found),
        None => Decision::Converts(plan),
    })
}

/// The plan for a variable that could stay where it is, but has to move along with what it points to. Nothing
/// stays behind its end then.
///
/// # Errors
/// The field that stands in the way, and why.
pub(crate) fn plan_to_move(request: &Request<'_>) -> Result<Plan, ConversionRefusal> {
    check_sizes(request)?;
    let (plan, _) = Builder::new(request, false).plan().map_err(|refusal| refusal.below(request.variable))?;
    Ok(plan)
}

/// Whether both types are as large as the variable.
fn check_sizes(request: &Request<'_>) -> Result<(), ConversionRefusal> {
    let named = |refusal: ConversionRefusal| refusal.below(request.variable);
    for side in [request.old, request.new] {
        match size_of(side.types, side.id) {
            Some(size) if size == side.size => {}
            None => return Err(named(ConversionRefusal::new(Reason::Unknown))),
            Some(_) => {
                let what = "the variable is larger than its type, as with a flexible array";
                return Err(named(ConversionRefusal::new(Reason::Inconsistent { what })));
            }
        }
    }
    Ok(())
}

/// Whether going back to the old type may meet values that it does not know.
fn loses_values_on_the_way_back(request: &Request<'_>) -> bool {
    let renames = request.renames.reversed();
    let back = Request {
        old: request.new,
        new: request.old,
        initial: &[],
        relocated: &[],
        kept: None,
        renames: &renames,
        ..*request
    };
    let loses = |values: &Values| values.list.iter().any(|(_, _, now)| now.is_none()) || !values.fixed;
    Builder::new(&back, false).plan().map_or(true, |(plan, _)| {
        plan.nodes.iter().any(|node| match node {
            Node::Enumeration { values, .. } => loses(values),
            Node::BitField { values, .. } => values.as_ref().is_some_and(loses),
            Node::Pointer { changed, .. } => changed.is_some(),
            _ => false,
        })
    })
}
