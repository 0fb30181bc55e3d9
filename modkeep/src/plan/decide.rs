// SPDX-License-Identifier: MIT OR Apache-2.0
//! From a file to a plan.

use libmodfmt::file::ModuleFile;
use libmodfmt::image::keepers_of;
use libmodfmt::persist::{Difference, Unit};
use libmodsys::{InitState, Kernel};

use super::extended_kernel::{self, Preference};
use super::obstacle::Obstacle;
use super::outcome::{Plan, RegionUse};
use super::request::{KeepMode, Request};
use super::restored;
use super::table::{Case, Keeping, Method};
use super::{bound_file, kernel_btf};
use crate::error::KeepError;
use crate::region::Region;

/// Decides what loading a file does.
///
/// # Errors
/// Whatever the table of fallbacks calls an error, a broken file, or a kernel that cannot be asked. Nothing
/// has been changed then.
pub fn plan(kernel: &dyn Kernel, request: Request<'_>) -> Result<Plan, KeepError> {
    if request.keep == KeepMode::Off {
        return Ok(Plan::Plain { warning: kept_but_unused(kernel, request.file) });
    }
    let owner = request.file.module()?.name.clone();
    if let Some(keepers) = keepers_of(request.file.module()?) {
        return bound_file::plan(kernel, request, owner, &keepers);
    }
    let btf = || kernel_btf::read(kernel, request.file.module().ok()?);
    let Some(persistent) = request.file.persistent_with(Some(&btf))? else {
        if request.restore.is_some() {
            return Err(KeepError::NothingToRestore { owner });
        }
        return without_persistent_data(kernel, request, &owner);
    };
    let region = Region::find_for(kernel, persistent.header())?;
    if !request.assume_unloaded {
        check_not_loaded(kernel, &owner, region.is_some())?;
    }
    let region = region.as_ref();
    let case = Case { kernel, request, persistent: &persistent, region };
    if let Some(restore) = request.restore {
        restored::check(restore, &owner, case.kept())?;
    }
    let Keeping { region_use, method, mut notes } = match keeping(&case)? {
        Ok(keeping) => keeping,
        Err(obstacle) => return case.keeping_is_impossible(obstacle),
    };
    let (region, inventory) = (region.cloned().map(Box::new), Box::new(persistent.into_inventory()));
    let (images, account) = match method {
        Method::ExtendedKernel { account } => {
            return Ok(Plan::Extended { region_use, owner, region, inventory, account, notes });
        }
        Method::Keeper { images, account } => (Box::new(images), account),
    };
    if request.file.signature()?.is_some() {
        notes.push("its signature is lost: the images that keep data differ from the signed file".to_owned());
    }
    Ok(Plan::Keeper {
        may_fall_back: region_use == RegionUse::Create
            && request.keep == KeepMode::Auto
            && request.restore.is_none(),
        region_use,
        owner,
        region,
        inventory,
        account,
        images,
        notes,
    })
}

/// How to keep the data, or the obstacle to that.
fn keeping(case: &Case<'_>) -> Result<Result<Keeping, Obstacle>, KeepError> {
    let refusals = match case.refusals()? {
        Ok(refusals) => refusals,
        Err(obstacle) => return Ok(Err(obstacle)),
    };
    // The extended kernel takes initial values from the file, which it is given as it is.
    if case.request.restore.is_some() {
        return case.by_keepers(&refusals);
    }
    let second_choice = match extended_kernel::keeps(case, &refusals)? {
        Some((keeping, Preference::First)) => return Ok(Ok(keeping)),
        Some((keeping, Preference::Second)) => Some(keeping),
        None => None,
    };
    let by_keepers = case.by_keepers(&refusals)?;
    Ok(by_keepers.or_else(|obstacle| second_choice.ok_or(obstacle)))
}

/// A file without persistent data: if anything is kept for its owner, the layout differs.
fn without_persistent_data(
    kernel: &dyn Kernel,
    request: Request<'_>,
    owner: &str,
) -> Result<Plan, KeepError> {
    if !Region::may_exist(kernel, owner) {
        return Ok(Plan::Plain { warning: None });
    }
    let Some(region) = Region::find(kernel, owner)? else {
        return Ok(Plan::Plain { warning: None });
    };
    if !request.assume_unloaded {
        check_not_loaded(kernel, owner, true)?;
    }
    // If nothing is in force, only what a killed command has left is there.
    if !request.fresh && !region.generations.is_empty() {
        let units = region.generations.iter().flat_map(|generation| &generation.header.units);
        let removed = |unit: &Unit| Difference::SectionRemoved { section: unit.section.clone() };
        let differences = units.map(removed).collect();
        return Err(KeepError::LayoutDiffers {
            owner: owner.to_owned(),
            differences,
            account: None,
            by_extended_kernel: false,
        });
    }
    let mut users = region.users.clone();
    users.retain(|user| !request.assume_unloaded || user != owner);
    if !users.is_empty() {
        return Err(KeepError::InUse { owner: owner.to_owned(), users });
    }
    Ok(Plan::Drop { region: Box::new(region) })
}

/// The warning of `--keep=off`, which loads a file whatever we make of it.
fn kept_but_unused(kernel: &dyn Kernel, file: &ModuleFile) -> Option<String> {
    // By what it imports, the kernel binds it all the same.
    if let Ok(module) = file.module()
        && keepers_of(module).is_some()
    {
        return Some(format!(
            "{} uses what is kept all the same: it was bound to its keepers when it was built (--keep=off)",
            module.name
        ));
    }
    let region = || Region::find(kernel, &file.module()?.name);
    match region() {
        Ok(None) => None,
        Ok(Some(region)) => Some(format!(
            "{} bytes of data of {} are kept in the kernel and not used by this load (--keep=off)",
            region.size(),
            region.owner
        )),
        Err(error) => {
            Some(format!("if data is kept in the kernel, it is not used by this load (--keep=off): {error}"))
        }
    }
}

fn check_not_loaded(kernel: &dyn Kernel, owner: &str, kept: bool) -> Result<(), KeepError> {
    let owner = owner.to_owned();
    match kernel.init_state(&owner)? {
        None | Some(InitState::DirectoryOnly) => Ok(()),
        Some(InitState::Coming) => Err(KeepError::StuckInInit { owner, kept }),
        Some(InitState::Live | InitState::Going) => Err(KeepError::AlreadyLoaded { owner }),
    }
}
