// SPDX-License-Identifier: MIT OR Apache-2.0
//! The table of fallbacks.
//!
//! | region of this owner | auto | require | off |
//! |---|---|---|---|
//! | none | extended kernel, else keeper, else plain load, warning | same, else error | plain load |
//! | exists, layout agrees | bind; if impossible, error | same | plain load with a warning |
//! | exists, layout differs | error with the differences; `fresh` drops the region | same | as above |
//!
//! [`Case::decide`] picks the cell. If it says that keeping is impossible here,
//! [`Case::keeping_is_impossible`] tells a plain load from an error. The column `off` never comes here.

use libmodfmt::file::Persistent;
use libmodfmt::image::{Base, ImageError};
use libmodfmt::persist::{Agreement, Refusals, compare};
use libmodsys::{Kernel, PersistSupport};

use super::obstacle::Obstacle;
use super::outcome::{Images, Plan, RegionUse};
use super::request::{KeepMode, Request};
use super::{export_layout, find_obstacle, pinned_modules};
use crate::error::KeepError;
use crate::region::{KeptBy, Region};

/// How the data will be kept.
pub(super) struct Keeping {
    pub(super) region_use: RegionUse,
    pub(super) method: Method,
    /// What the user should know.
    pub(super) notes: Vec<String>,
}

/// What will keep the data.
pub(super) enum Method {
    /// A keeper; the owner image imports from it.
    Keeper(Images),
    /// The extended kernel itself.
    ExtendedKernel,
}

/// One file with persistent data on one kernel.
pub(super) struct Case<'a> {
    pub(super) kernel: &'a dyn Kernel,
    pub(super) request: Request<'a>,
    pub(super) persistent: &'a Persistent<'a>,
    pub(super) region: Option<&'a Region>,
}

impl Case<'_> {
    /// How to keep the data, or the obstacle to that.
    pub(super) fn decide(&self) -> Result<Result<Keeping, Obstacle>, KeepError> {
        let refusals = match self.persistent.refusals() {
            Ok(refusals) => refusals,
            Err(error) => return obstacle_or_error(error).map(Err),
        };
        if !refusals.reasons.is_empty() {
            return Err(KeepError::Refused { reasons: refusals.reasons });
        }
        let region_use = self.region_use()?;
        if self.extended_kernel_keeps(region_use, &refusals)? {
            return Ok(Ok(Keeping { region_use, method: Method::ExtendedKernel, notes: Vec::new() }));
        }
        if let Some(obstacle) = find_obstacle::on_this_kernel(self.kernel)? {
            return Ok(Err(obstacle));
        }
        self.make_images(region_use, &refusals)
    }

    /// A plain load with a warning or an error: nothing here can keep the data.
    pub(super) fn keeping_is_impossible(&self, obstacle: Obstacle) -> Result<Plan, KeepError> {
        match (self.region, self.request.keep) {
            (Some(region), _) => Err(KeepError::CannotBind { owner: region.header.owner.clone(), obstacle }),
            (None, KeepMode::Require) => Err(KeepError::Impossible { obstacle }),
            (None, _) => Ok(Plan::Plain { warning: Some(nothing_kept(&obstacle)) }),
        }
    }

    /// The row of the table.
    fn region_use(&self) -> Result<RegionUse, KeepError> {
        let Some(region) = self.region else { return Ok(RegionUse::Create) };
        if self.request.fresh {
            let owner = &region.header.owner;
            let mut users = region.users.clone();
            users.retain(|user| !self.request.assume_unloaded || user != owner);
            return if users.is_empty() {
                Ok(RegionUse::Replace)
            } else {
                Err(KeepError::InUse { owner: owner.clone(), users })
            };
        }
        let mut file = self.persistent.header().clone();
        // The extended kernel compares by the names of source files.
        file.named &= region.kept_by != KeptBy::ExtendedKernel || self.persistent.module().names_files();
        match compare(&region.header, &file) {
            Agreement::Layout | Agreement::Build => Ok(RegionUse::Bind),
            Agreement::Differs(differences) => {
                Err(KeepError::LayoutDiffers { owner: region.header.owner.clone(), differences })
            }
        }
    }

    /// Whether the extended kernel keeps the data. What a keeper holds stays there unless it is dropped
    /// anyway.
    fn extended_kernel_keeps(&self, region_use: RegionUse, refusals: &Refusals) -> Result<bool, KeepError> {
        match self.region.map(|region| &region.kept_by) {
            Some(KeptBy::ExtendedKernel) => Ok(true),
            Some(KeptBy::Keeper(_)) if region_use == RegionUse::Bind => Ok(false),
            _ if self.kernel.persist_support()? != PersistSupport::Extended => Ok(false),
            // The extended kernel keeps no pointers into other modules; a keeper can pin those modules.
            _ => Ok(pinned_modules::notes(self.kernel, &refusals.imports)?.is_empty()),
        }
    }

    /// The images of keeper and owner, or the obstacle to making them.
    fn make_images(
        &self,
        region_use: RegionUse,
        refusals: &Refusals,
    ) -> Result<Result<Keeping, Obstacle>, KeepError> {
        let mut images = Images::default();
        let mut notes = Vec::new();
        let kept = match (region_use, self.region) {
            (RegionUse::Bind, Some(region)) => &region.header,
            _ => self.persistent.header(),
        };
        if region_use != RegionUse::Bind {
            let detected = match export_layout::detect(self.kernel, self.persistent.module().object.ident)? {
                Ok(detected) => detected,
                Err(obstacle) => return Ok(Err(obstacle)),
            };
            let for_module = find_obstacle::for_this_module(
                self.kernel,
                self.persistent.module(),
                &detected,
                self.region.is_some(),
            )?;
            if let Some(obstacle) = for_module {
                return Ok(Err(obstacle));
            }
            if region_use == RegionUse::Replace {
                images.trial = Some(self.persistent.trial_keeper(&detected.layout)?);
            }
            images.keeper = match self.persistent.keeper(&detected.layout) {
                Ok(keeper) => Some(keeper),
                Err(error) => return obstacle_or_error(error).map(Err),
            };
            notes = pinned_modules::notes(self.kernel, &refusals.imports)?;
        }
        images.owner = match self.persistent.owner(&Base::all(kept)) {
            Ok(owner) => owner,
            Err(error) => return obstacle_or_error(error).map(Err),
        };
        Ok(Ok(Keeping { region_use, method: Method::Keeper(images), notes }))
    }
}

/// A valid file whose data cannot be kept is an obstacle; a broken file must not be loaded at all.
fn obstacle_or_error(error: ImageError) -> Result<Obstacle, KeepError> {
    if error.is_broken_file() { Err(error.into()) } else { Ok(Obstacle::Image(error)) }
}

/// The one warning of a plain load that should have kept data.
pub(crate) fn nothing_kept(obstacle: &Obstacle) -> String {
    format!("its persistent data will not be kept: {obstacle}")
}
