// SPDX-License-Identifier: MIT OR Apache-2.0
//! A file that was bound to its keepers when it was built (`modpersist split`). The kernel links it; here it
//! is found out beforehand whether that can succeed, since the kernel says no more than "Unknown symbol".

use libmodfmt::image::BoundKeeper;
use libmodfmt::persist::Variable;
use libmodsys::{InitState, Kernel};

use super::outcome::Plan;
use super::request::Request;
use crate::error::KeepError;
use crate::region::{Generation, Region};

pub(super) fn plan(
    kernel: &dyn Kernel,
    request: Request<'_>,
    owner: String,
    keepers: &[BoundKeeper],
) -> Result<Plan, KeepError> {
    let wants_more = request.fresh
        || request.restore.is_some()
        || !(request.fresh_variables.is_empty() && request.renamed.is_empty() && request.drops.is_empty());
    if wants_more {
        return Err(KeepError::BoundAtBuild { owner });
    }
    if !request.assume_unloaded {
        match kernel.init_state(&owner)? {
            None | Some(InitState::DirectoryOnly) => {}
            Some(InitState::Coming) => return Err(KeepError::StuckInInit { owner, kept: true }),
            Some(InitState::Live | InitState::Going) => return Err(KeepError::AlreadyLoaded { owner }),
        }
    }
    let region = Region::find(kernel, &owner)?;
    let loaded = |keeper: &&BoundKeeper| {
        let generations = region.iter().flat_map(|region| &region.generations);
        let found = generations.into_iter().find(|found| found.kept_by.keeper() == Some(&*keeper.name));
        found.map(|found| found.header.identity)
    };
    let missing: Vec<String> =
        keepers.iter().filter(|keeper| loaded(keeper).is_none()).map(|keeper| keeper.name.clone()).collect();
    // With data in force that this file does not know, loading the others would make a second copy.
    let mut all = region.iter().flat_map(|region| &region.generations);
    let other = all.find(|generation| !is_named(generation, keepers));
    if let Some(other) = other.filter(|_| !missing.is_empty()) {
        let keeper = other.kept_by.keeper().unwrap_or("the kernel").to_owned();
        return Err(KeepError::OtherKeeper { owner, keeper });
    }
    if !missing.is_empty() {
        return Err(KeepError::KeepersNotLoaded { owner, keepers: missing });
    }
    if let Some(other) = keepers.iter().find(|keeper| loaded(keeper) != Some(keeper.identity)) {
        return Err(KeepError::OtherKeeper { owner, keeper: other.name.clone() });
    }
    if let Some(keeper) = region.as_ref().and_then(|region| replaced_later(region, keepers)) {
        return Err(KeepError::ReplacedLater { owner, keeper });
    }
    match region {
        Some(region) => Ok(Plan::Bound { owner, region: Box::new(region) }),
        None => Ok(Plan::Plain { warning: None }),
    }
}

/// A keeper in force that the file does not know, and that has in its place what the file would use: values
/// that another version has converted, started afresh or has for itself.
fn replaced_later(region: &Region, keepers: &[BoundKeeper]) -> Option<String> {
    let (known, others): (Vec<&Generation>, Vec<&Generation>) =
        region.generations.iter().partition(|generation| is_named(generation, keepers));
    let same = |one: &Variable, other: &Variable| {
        (one.plain_name(), &one.file, &one.function) == (other.plain_name(), &other.file, &other.function)
    };
    let has = |variable: &Variable| {
        let mut own = known.iter().flat_map(|generation| generation.header.variables());
        own.any(|(_, own)| same(own, variable))
    };
    let replaces = |generation: &&&Generation| {
        let header = &generation.header;
        !header.replaced.is_empty() || header.variables().any(|(_, variable)| has(variable))
    };
    let found = others.iter().find(replaces)?;
    Some(found.kept_by.keeper().unwrap_or("the kernel").to_owned())
}

fn is_named(generation: &Generation, keepers: &[BoundKeeper]) -> bool {
    generation.kept_by.keeper().is_some_and(|name| keepers.iter().any(|keeper| keeper.name == name))
}
