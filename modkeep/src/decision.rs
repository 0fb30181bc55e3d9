// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cells of the table of fallbacks, for one file.

use libmodfmt::arch::Arch;
use libmodfmt::export::ExportLayout;
use libmodfmt::image::{self, Base, ImageError, KeeperOptions};
use libmodfmt::module::Module;
use libmodfmt::persist::{Agreement, Inventory, Refusals, compare};
use libmodsys::{Kernel, PersistSupport};

use crate::{
    Holder, Images, Keep, KeepError, Obstacle, Plan, Region, Request, Way, export_layout, imports, obstacle,
};

/// What is loaded, and how.
pub(crate) struct Made {
    pub(crate) way: Way,
    pub(crate) means: Means,
    pub(crate) notes: Vec<String>,
}

/// By what data are kept.
pub(crate) enum Means {
    /// By a keeper and an owner that imports from it.
    Images(Images),
    /// By the kernel itself.
    Kernel,
}

pub(crate) struct Decision<'a> {
    pub(crate) kernel: &'a dyn Kernel,
    pub(crate) request: Request<'a>,
    pub(crate) module: &'a Module<'a>,
    pub(crate) inventory: &'a Inventory,
    pub(crate) region: &'a Option<Region>,
}

impl Decision<'_> {
    /// What is to be loaded, or what stands in the way.
    pub(crate) fn make(&self) -> Result<Result<Made, Obstacle>, KeepError> {
        let arch = match Arch::of(self.module.object.ident) {
            Ok(arch) => arch,
            Err(machine) => return Ok(Err(Obstacle::Image(machine.into()))),
        };
        let refusals = Refusals::of(&self.module.object, self.inventory, arch)?;
        if !refusals.reasons.is_empty() {
            return Err(KeepError::Refused { reasons: refusals.reasons });
        }
        let way = self.way()?;
        if self.by_kernel(way, &refusals)? {
            return Ok(Ok(Made { way, means: Means::Kernel, notes: Vec::new() }));
        }
        if let Some(obstacle) = obstacle::of_kernel(self.kernel)? {
            return Ok(Err(obstacle));
        }
        self.images(way, &refusals)
    }

    /// Whether the kernel itself keeps the data. What a keeper keeps stays there, unless it is to go
    /// anyway.
    fn by_kernel(&self, way: Way, refusals: &Refusals) -> Result<bool, KeepError> {
        match self.region.as_ref().map(|region| &region.holder) {
            Some(Holder::Kernel) => Ok(true),
            Some(Holder::Keeper(_)) if way == Way::Bind => Ok(false),
            _ if self.kernel.persist_support()? != PersistSupport::Extended => Ok(false),
            // The kernel keeps no pointers into other modules; a keeper can pin those.
            _ => Ok(imports::notes(self.kernel, &refusals.imports)?.is_empty()),
        }
    }

    /// The images, or what stands in their way.
    fn images(&self, way: Way, refusals: &Refusals) -> Result<Result<Made, Obstacle>, KeepError> {
        let mut images = Images::default();
        let mut notes = Vec::new();
        let kept = match (way, self.region) {
            (Way::Bind, Some(region)) => &region.header,
            _ => &self.inventory.header,
        };
        if way != Way::Bind {
            let detected = match export_layout::detect(self.kernel, self.module.object.ident)? {
                Ok(detected) => detected,
                Err(obstacle) => return Ok(Err(obstacle)),
            };
            let taken = obstacle::of_module(self.kernel, self.module, &detected, self.region.is_some())?;
            if let Some(obstacle) = taken {
                return Ok(Err(obstacle));
            }
            if way == Way::Fresh {
                images.trial = Some(self.keeper(&detected.layout, true)?);
            }
            images.keeper = match image::keeper(
                self.module,
                self.inventory,
                KeeperOptions { layout: &detected.layout, trial: false },
            ) {
                Ok(keeper) => Some(keeper),
                Err(error) => return judged(error).map(Err),
            };
            notes = imports::notes(self.kernel, &refusals.imports)?;
        }
        images.owner = match image::owner(self.module, self.inventory, &Base::all(kept)) {
            Ok(owner) => owner,
            Err(error) => return judged(error).map(Err),
        };
        Ok(Ok(Made { way, means: Means::Images(images), notes }))
    }

    fn keeper(&self, layout: &ExportLayout, trial: bool) -> Result<Vec<u8>, KeepError> {
        Ok(image::keeper(self.module, self.inventory, KeeperOptions { layout, trial })?)
    }

    fn way(&self) -> Result<Way, KeepError> {
        let Some(region) = self.region else { return Ok(Way::First) };
        if self.request.fresh {
            let owner = &region.header.owner;
            let mut users = region.users.clone();
            users.retain(|user| !self.request.assume_unloaded || user != owner);
            return if users.is_empty() {
                Ok(Way::Fresh)
            } else {
                Err(KeepError::InUse { owner: owner.clone(), users })
            };
        }
        let mut file = self.inventory.header.clone();
        // The kernel's own comparison goes by the names of source files.
        file.named &= region.holder != Holder::Kernel || self.module.names_files();
        match compare(&region.header, &file) {
            Agreement::Layout | Agreement::Build => Ok(Way::Bind),
            Agreement::Differs(differences) => {
                Err(KeepError::Differs { owner: region.header.owner.clone(), differences })
            }
        }
    }

    /// The first row of the table where no keeper can be made, the second where there is one.
    pub(crate) fn without_keeper(&self, obstacle: Obstacle) -> Result<Plan, KeepError> {
        match (self.region, self.request.keep) {
            (Some(region), _) => Err(KeepError::CannotBind { owner: region.header.owner.clone(), obstacle }),
            (None, Keep::Require) => Err(KeepError::Impossible { obstacle }),
            (None, _) => Ok(Plan::Plain { warning: Some(nothing_kept(&obstacle)) }),
        }
    }
}

/// A sound file that cannot be kept is an obstacle; a broken one is not to be loaded at all.
fn judged(error: ImageError) -> Result<Obstacle, KeepError> {
    if error.is_broken_file() { Err(error.into()) } else { Ok(Obstacle::Image(error)) }
}

/// The one warning of a plain load that should have kept data.
pub(crate) fn nothing_kept(obstacle: &Obstacle) -> String {
    format!("its persistent data will not be kept: {obstacle}")
}
