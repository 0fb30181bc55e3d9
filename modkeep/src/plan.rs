// SPDX-License-Identifier: MIT OR Apache-2.0
//! What loading a file would do: the table of fallbacks. Nothing is changed here.
//!
//! | region of this owner | auto | require | off |
//! |---|---|---|---|
//! | none | keeper, else plain load with a warning | keeper, else error | plain load |
//! | exists, layout agrees | bind; if impossible, error | same | plain load with a warning |
//! | exists, layout differs | error with the account; `fresh` drops the region | same | same as above |

use libmodfmt::arch::Arch;
use libmodfmt::export::ExportLayout;
use libmodfmt::image::{self, Base, ImageError, Keeper};
use libmodfmt::module::Module;
use libmodfmt::persist::{Agreement, DebugFact, Inventory, Refusals, compare};
use libmodfmt::signature;
use libmodsys::{InitState, Kernel};

use crate::{KeepError, Obstacle, Region, export_layout, imports, obstacle};

/// `--keep`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// Keep where it is possible.
    #[default]
    Auto,
    /// Keep or fail.
    Require,
    /// Keep nothing.
    Off,
}

/// A file to be loaded.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The decompressed file.
    pub file: &'a [u8],
    /// `--keep`
    pub keep: Keep,
    /// `--fresh`: drop what is kept for this owner first.
    pub fresh: bool,
    /// Only look: decide as if the owner were not loaded, should it be.
    pub assume_unloaded: bool,
}

/// How the data will be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Nothing is kept yet: a keeper is made.
    First,
    /// The module is bound to the living keeper.
    Bind,
    /// The living keeper is removed and a new one made.
    Fresh,
}

/// The images to be loaded, in this order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Images {
    /// Loaded and removed again before a living keeper is given up: shows that the kernel takes it.
    pub trial: Option<Vec<u8>>,
    /// The keeper; none where there is a living one to bind to.
    pub keeper: Option<Vec<u8>>,
    /// The module itself.
    pub owner: Vec<u8>,
}

/// What loading a file will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// As if the module had no persistent data.
    Plain {
        /// Why nothing will be kept, or why what is kept will not be used; for the user.
        warning: Option<String>,
    },
    /// By a keeper.
    Keep {
        /// How.
        way: Way,
        /// The module's name.
        owner: String,
        /// What is kept now, if anything.
        region: Option<Box<Region>>,
        /// What the file has.
        inventory: Box<Inventory>,
        /// The images.
        images: Box<Images>,
        /// What the user should know: a lost signature, a module that will be pinned.
        notes: Vec<String>,
        /// A plain load may take its place where the kernel refuses the keeper.
        may_fall_back: bool,
    },
}

/// Decides what loading a file does.
///
/// # Errors
/// Whatever the table calls an error, a broken file, or a kernel that cannot be asked. Nothing has
/// been changed then.
pub fn plan(kernel: &dyn Kernel, request: Request<'_>) -> Result<Plan, KeepError> {
    if request.keep == Keep::Off {
        return Ok(Plan::Plain { warning: not_used(kernel, request.file) });
    }
    let (file, signature) = signature::split(request.file)?;
    let module = Module::parse(file)?;
    let facts = DebugFact::all(&module.object);
    let build_id = module.build_id.as_deref();
    let Some(inventory) = Inventory::of(&module.object, &module.name, build_id, &facts)? else {
        return Ok(Plan::Plain { warning: None });
    };
    let owner = module.name.clone();
    let region = Region::find(kernel, &owner)?;
    if !request.assume_unloaded {
        check_owner(kernel, &owner, region.is_some())?;
    }
    let decision = Decision { kernel, request, module: &module, inventory: &inventory, region: &region };
    let made = match decision.images()? {
        Ok(made) => made,
        Err(obstacle) => return decision.without_keeper(obstacle),
    };
    let mut notes = made.notes;
    if signature.is_some() {
        notes.push("its signature is lost: the images that keep data differ from the signed file".to_owned());
    }
    Ok(Plan::Keep {
        way: made.way,
        owner,
        may_fall_back: made.way == Way::First && request.keep == Keep::Auto,
        region: region.map(Box::new),
        inventory: Box::new(inventory),
        images: Box::new(made.images),
        notes,
    })
}

/// What is said at `--keep=off`, which loads a file whatever we make of it.
fn not_used(kernel: &dyn Kernel, file: &[u8]) -> Option<String> {
    let region = || {
        let (file, _) = signature::split(file)?;
        Region::find(kernel, &Module::parse(file)?.name)
    };
    match region() {
        Ok(None) => None,
        Ok(Some(Region { header, .. })) => Some(format!(
            "{} bytes of data of {} are kept in the kernel and not used by this load (--keep=off)",
            header.size(),
            header.owner
        )),
        Err(error) => Some(format!(
            "data that may be kept in the kernel are not used by this load (--keep=off): {error}"
        )),
    }
}

fn check_owner(kernel: &dyn Kernel, owner: &str, kept: bool) -> Result<(), KeepError> {
    let owner = owner.to_owned();
    match kernel.init_state(&owner)? {
        None | Some(InitState::DirectoryOnly) => Ok(()),
        Some(InitState::Coming) => Err(KeepError::Stuck { owner, kept }),
        Some(InitState::Live | InitState::Going) => Err(KeepError::Loaded { owner }),
    }
}

struct Made {
    way: Way,
    images: Images,
    notes: Vec<String>,
}

struct Decision<'a> {
    kernel: &'a dyn Kernel,
    request: Request<'a>,
    module: &'a Module<'a>,
    inventory: &'a Inventory,
    region: &'a Option<Region>,
}

impl Decision<'_> {
    /// The images, or what stands in their way.
    fn images(&self) -> Result<Result<Made, Obstacle>, KeepError> {
        let arch = match Arch::of(self.module.object.ident) {
            Ok(arch) => arch,
            Err(machine) => return Ok(Err(Obstacle::Image(machine.into()))),
        };
        let refusals = Refusals::of(&self.module.object, self.inventory, arch)?;
        if !refusals.reasons.is_empty() {
            return Err(KeepError::Refused { reasons: refusals.reasons });
        }
        let way = self.way()?;
        if let Some(obstacle) = obstacle::of_kernel(self.kernel)? {
            return Ok(Err(obstacle));
        }
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
                Keeper { layout: &detected.layout, trial: false },
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
        Ok(Ok(Made { way, images, notes }))
    }

    fn keeper(&self, layout: &ExportLayout, trial: bool) -> Result<Vec<u8>, KeepError> {
        Ok(image::keeper(self.module, self.inventory, Keeper { layout, trial })?)
    }

    fn way(&self) -> Result<Way, KeepError> {
        let Some(region) = self.region else { return Ok(Way::First) };
        if self.request.fresh {
            return if region.users.is_empty() {
                Ok(Way::Fresh)
            } else {
                Err(KeepError::InUse { owner: region.header.owner.clone(), users: region.users.clone() })
            };
        }
        match compare(&region.header, &self.inventory.header) {
            Agreement::Layout | Agreement::Build => Ok(Way::Bind),
            Agreement::Differs(differences) => {
                Err(KeepError::Differs { owner: region.header.owner.clone(), differences })
            }
        }
    }

    /// The first row of the table where no keeper can be made, the second where there is one.
    fn without_keeper(&self, obstacle: Obstacle) -> Result<Plan, KeepError> {
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
