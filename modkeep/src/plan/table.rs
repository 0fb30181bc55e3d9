// SPDX-License-Identifier: MIT OR Apache-2.0
//! The table of fallbacks.
//!
//! | region of this owner | auto | require | off |
//! |---|---|---|---|
//! | none | extended kernel, else keeper, else plain load, warning | same, else error | plain load |
//! | exists, each variable agrees or is new | bind; if impossible, error | same | plain load with a warning |
//! | exists, one cannot be used | error with the differences; `fresh` drops the region | same | as above |
//!
//! [`plan`](super::plan) picks the cell. If it finds that keeping is impossible here,
//! [`Case::keeping_is_impossible`] tells a plain load from an error. The column `off` never comes here.

use libmodfmt::file::Persistent;
use libmodfmt::image::{Bindings, ImageError};
use libmodfmt::persist::{
    Account, Difference, Header, MAX_TYPE_TABLE_BYTES, Refusals, Wishes, keeper_of_generation,
};
use libmodsys::Kernel;

use super::obstacle::Obstacle;
use super::outcome::{Images, NewKeeper, Plan, RegionUse};
use super::request::{KeepMode, Request};
use super::{export_layout, find_obstacle, hints, kernel_btf, old_pointers, pinned_modules, restored};
use crate::error::KeepError;
use crate::region::{Region, RegionMemory};

/// How the data will be kept.
pub(super) struct Keeping {
    pub(super) region_use: RegionUse,
    pub(super) method: Method,
    /// What the user should know.
    pub(super) notes: Vec<String>,
}

/// What will keep the data.
pub(super) enum Method {
    /// Keepers; the owner image imports from them.
    Keeper {
        /// The images.
        images: Images,
        /// What becomes of each variable.
        account: Box<Account>,
    },
    /// The extended kernel itself.
    ExtendedKernel {
        /// What becomes of each variable; `None` if nothing is kept of any.
        account: Option<Box<Account>>,
    },
}

/// One file with persistent data on one kernel.
pub(super) struct Case<'a> {
    pub(super) kernel: &'a dyn Kernel,
    pub(super) request: Request<'a>,
    pub(super) persistent: &'a Persistent<'a>,
    pub(super) region: Option<&'a Region>,
}

impl Case<'_> {
    /// What the file alone tells, if its data may be kept, or the obstacle to that.
    pub(super) fn refusals(&self) -> Result<Result<Refusals, Obstacle>, KeepError> {
        match self.persistent.refusals() {
            Ok(refusals) if refusals.reasons.is_empty() => Ok(Ok(refusals)),
            Ok(refusals) => Err(KeepError::Refused { reasons: refusals.reasons }),
            Err(error) => obstacle_or_error(error).map(Err),
        }
    }

    /// How keepers keep the data, or the obstacle to that.
    pub(super) fn by_keepers(&self, refusals: &Refusals) -> Result<Result<Keeping, Obstacle>, KeepError> {
        let region_use = self.region_use()?;
        if let Some(obstacle) = find_obstacle::on_this_kernel(self.kernel, self.file_is_signed()) {
            return Ok(Err(obstacle));
        }
        self.make_images(region_use, refusals)
    }

    /// A damaged signature counts as one: the kernel judges it.
    fn file_is_signed(&self) -> bool {
        self.request.file.signature().map_or(true, |signature| signature.is_some())
    }

    /// A plain load with a warning or an error: nothing here can keep the data.
    pub(super) fn keeping_is_impossible(&self, obstacle: Obstacle) -> Result<Plan, KeepError> {
        match (self.kept(), self.request.keep) {
            (Some(region), _) => Err(KeepError::CannotBind { owner: region.owner.clone(), obstacle }),
            (None, _) if self.request.restore.is_some() => Err(KeepError::CannotRestoreHere { obstacle }),
            (None, KeepMode::Require) => Err(KeepError::Impossible { obstacle }),
            (None, _) => Ok(Plan::Plain { warning: Some(nothing_kept(&obstacle)) }),
        }
    }

    /// The region, if anything is in force.
    pub(super) fn kept(&self) -> Option<&Region> {
        self.region.filter(|region| !region.generations.is_empty())
    }

    /// The row of the table.
    pub(super) fn region_use(&self) -> Result<RegionUse, KeepError> {
        let Some(region) = self.kept() else { return Ok(RegionUse::Create) };
        if !self.request.fresh {
            return Ok(RegionUse::Bind);
        }
        let owner = &region.owner;
        let mut users = region.users.clone();
        users.retain(|user| !self.request.assume_unloaded || user != owner);
        if users.is_empty() {
            Ok(RegionUse::Replace)
        } else {
            Err(KeepError::InUse { owner: owner.clone(), users })
        }
    }

    /// What the file and the user ask for.
    fn wishes(&self) -> Result<Wishes, KeepError> {
        let wishes = Wishes {
            fresh: self.request.fresh,
            fresh_variables: self.request.fresh_variables.to_vec(),
            renamed: self.request.renamed.to_vec(),
            drops: self.request.drops.to_vec(),
            defined_tags: self.persistent.inventory().defined_tags.clone(),
            ..Wishes::default()
        };
        Ok(hints::add_to(wishes, self.persistent.module())?)
    }

    /// What becomes of each variable of `file` in the extended kernel, which converts nothing.
    pub(super) fn account_without_values(&self, file: &Header) -> Result<Account, KeepError> {
        let kept = self.kept().map(Region::headers).unwrap_or_default();
        let btf = || kernel_btf::read(self.kernel, self.persistent.module());
        let mut account = Account::on_kernel(&kept, file, &self.wishes()?, &btf);
        if let Some(region) = self.region {
            account.generation = region.next_generation();
        }
        if account.is_allowed() {
            return Ok(account);
        }
        let mut differences: Vec<Difference> = account.differences().cloned().collect();
        if differences.is_empty() {
            differences.push(Difference::NoPlace);
        }
        let owner = self.persistent.header().owner.clone();
        let account = Some(Box::new(account));
        Err(KeepError::LayoutDiffers { owner, differences, account, by_extended_kernel: true })
    }

    /// What becomes of each variable; and what the user should know about it.
    fn account(&self) -> Result<(Account, Vec<String>), KeepError> {
        if let Some(restore) = self.request.restore {
            let (wishes, left) = (self.wishes()?, self.region);
            let account = restored::account(self.kernel, self.persistent, restore, &wishes, left)?;
            return Ok((account, Vec::new()));
        }
        let kept = self.kept().map(Region::headers).unwrap_or_default();
        let btf = || kernel_btf::read(self.kernel, self.persistent.module());
        let memory = RegionMemory { kernel: self.kernel, region: self.kept(), kernel_btf: Some(&btf) };
        let mut account = self.persistent.account(&kept, &self.wishes()?, &memory)?;
        if let Some(region) = self.region {
            account.generation = region.next_generation();
            // What an interrupted discard has left does not come into force again.
            account.fresh |= region.generations.is_empty();
        }
        let mut differences: Vec<Difference> = account.differences().cloned().collect();
        let (pointing, mut notes) = self.what_points_to_old_places(&account);
        differences.extend(pointing);
        if account.is_allowed() && differences.is_empty() {
            match account.unread.clone() {
                Some(why) if self.request.assume_unloaded => {
                    notes.push(format!("whether the values allow it is not known: {why}"));
                }
                Some(why) => {
                    let owner = self.persistent.header().owner.clone();
                    return Err(KeepError::CannotRead { owner, why });
                }
                None => {}
            }
            return Ok((account, notes));
        }
        if differences.is_empty() {
            differences.push(Difference::NoPlace);
        }
        let owner = self.persistent.header().owner.clone();
        let account = Some(Box::new(account));
        Err(KeepError::LayoutDiffers { owner, differences, account, by_extended_kernel: false })
    }

    /// What stands in the way of variables that would get another place, or why it is not known.
    fn what_points_to_old_places(&self, account: &Account) -> (Vec<Difference>, Vec<String>) {
        let Some(region) = self.kept().filter(|_| account.left.iter().any(|left| !left.by_hand)) else {
            return Default::default();
        };
        match old_pointers::find(self.kernel, account, region) {
            Ok(found) => (found, Vec::new()),
            // What is converted has been read, or the load is refused.
            Err(why) => {
                (Vec::new(), vec![format!("whether anything points to what is replaced is not known: {why}")])
            }
        }
    }

    /// The images of keeper and owner, or the obstacle to making them.
    fn make_images(
        &self,
        region_use: RegionUse,
        refusals: &Refusals,
    ) -> Result<Result<Keeping, Obstacle>, KeepError> {
        let (account, mut notes) = self.account()?;
        let (bound, not_compared) = account.bound();
        notes.extend(types_note(not_compared, bound, self.persistent.inventory().types_left_out));
        let kept: Vec<&Header> = self.kept().map(Region::headers).unwrap_or_default();
        let Some(bindings) = Bindings::of(&account, self.persistent.header(), &kept) else {
            let differences = vec![Difference::NoPlace];
            return Err(KeepError::LayoutDiffers {
                owner: self.persistent.header().owner.clone(),
                differences,
                account: Some(Box::new(account)),
                by_extended_kernel: false,
            });
        };
        let mut images = Images::default();
        let spent = self.kept().into_iter().flat_map(|region| &region.generations);
        let spent = spent.filter(|generation| bindings.spent.contains(&generation.header.generation));
        images.spent =
            spent.filter_map(|generation| generation.kept_by.keeper()).map(str::to_owned).collect();
        if let Some(generation) = &bindings.generation {
            let detected = match export_layout::detect(self.kernel, self.persistent.module().object.ident)? {
                Ok(detected) => detected,
                Err(obstacle) => return Ok(Err(obstacle)),
            };
            let name = keeper_of_generation(&generation.owner, generation.generation);
            let for_module =
                find_obstacle::for_this_module(self.kernel, self.persistent.module(), &detected, &name)?;
            if let Some(obstacle) = for_module {
                return Ok(Err(obstacle));
            }
            let image = match self.persistent.keeper(&detected.layout, &bindings) {
                Ok(image) => image,
                Err(error) => return obstacle_or_error(error).map(Err),
            };
            images.keeper = Some(NewKeeper { name, image });
            if account.replaces() && region_use != RegionUse::Create {
                images.pending = match self.persistent.pending(&[generation.generation]) {
                    Ok(image) => Some(image),
                    Err(error) => return obstacle_or_error(error).map(Err),
                };
            }
            notes.extend(pinned_modules::notes(self.kernel, &refusals.imports)?);
        }
        images.owner = match self.persistent.owner(&bindings) {
            Ok(owner) => owner,
            Err(error) => return obstacle_or_error(error).map(Err),
        };
        Ok(Ok(Keeping { region_use, method: Method::Keeper { images, account: Box::new(account) }, notes }))
    }
}

/// What is said if types were not compared, or will not be: a change to them would go unnoticed.
fn types_note(not_compared: usize, variables: usize, left_out: Option<usize>) -> Option<String> {
    if not_compared == 0 {
        return types_not_kept(left_out);
    }
    let why = types_missing(left_out);
    Some(format!(
        "the types of {not_compared} of {variables} variables were not compared with what is kept: {why}"
    ))
}

/// What is said at a load that compares nothing, if later ones will not be able to.
pub(super) fn types_not_kept(left_out: Option<usize>) -> Option<String> {
    left_out?;
    Some(format!("the types of its variables are not kept with them: {}", types_missing(left_out)))
}

/// Why the file's types are not known in full. They may have been left out because of their size in bytes.
pub(crate) fn types_missing(left_out: Option<usize>) -> String {
    let Some(bytes) = left_out else {
        return "debug information is missing or incomplete (build with -g, do not strip it)".to_owned();
    };
    let (kib, most) = (bytes.div_ceil(1024), MAX_TYPE_TABLE_BYTES >> 10);
    format!("they take {kib} KiB, more than the {most} KiB that a header can have")
}

/// A valid file whose data cannot be kept is an obstacle; a broken file must not be loaded at all.
fn obstacle_or_error(error: ImageError) -> Result<Obstacle, KeepError> {
    if error.is_broken_file() { Err(error.into()) } else { Ok(Obstacle::Image(error)) }
}

/// The one warning of a plain load that should have kept data.
pub(crate) fn nothing_kept(obstacle: &Obstacle) -> String {
    format!("its persistent data will not be kept: {obstacle}")
}
