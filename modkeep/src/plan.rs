// SPDX-License-Identifier: MIT OR Apache-2.0
//! What loading a file would do: the table of fallbacks. Nothing is changed here.
//!
//! | region of this owner | auto | require | off |
//! |---|---|---|---|
//! | none | extended kernel, else keeper, else plain load with a warning | the same, else error | plain load |
//! | exists, layout agrees | bind; if impossible, error | same | plain load with a warning |
//! | exists, layout differs | error with the account; `fresh` drops the region | same | same as above |

use libmodfmt::module::Module;
use libmodfmt::persist::{Difference, Inventory, VariableDebugInfo};
use libmodfmt::signature;
use libmodsys::{InitState, Kernel};

use crate::decision::{Decision, Made, Means};
use crate::{KeepError, Region};

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
    /// Nothing is kept yet: a region is made.
    First,
    /// The module is bound to the region.
    Bind,
    /// The region is dropped and a new one made.
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
    /// The region is dropped, and the file, which has no persistent data any more, loaded as it is.
    Drop {
        /// What is kept now.
        region: Box<Region>,
    },
    /// By the kernel itself: the file is loaded as it is.
    Direct {
        /// How.
        way: Way,
        /// The module's name.
        owner: String,
        /// What is kept now, if anything.
        region: Option<Box<Region>>,
        /// What the file has.
        inventory: Box<Inventory>,
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
    let facts = VariableDebugInfo::all(&module.object);
    let build_id = module.build_id.as_deref();
    let Some(inventory) = Inventory::of(&module.object, &module.name, build_id, &facts)? else {
        return without_data(kernel, request, &module.name);
    };
    let owner = module.name.clone();
    let region = Region::find_for(kernel, &inventory.header)?;
    if !request.assume_unloaded {
        check_owner(kernel, &owner, region.is_some())?;
    }
    let decision = Decision { kernel, request, module: &module, inventory: &inventory, region: &region };
    let Made { way, means, mut notes } = match decision.make()? {
        Ok(made) => made,
        Err(obstacle) => return decision.without_keeper(obstacle),
    };
    let (region, inventory) = (region.map(Box::new), Box::new(inventory));
    let images = match means {
        Means::Kernel => return Ok(Plan::Direct { way, owner, region, inventory }),
        Means::Images(images) => Box::new(images),
    };
    if signature.is_some() {
        notes.push("its signature is lost: the images that keep data differ from the signed file".to_owned());
    }
    Ok(Plan::Keep {
        may_fall_back: way == Way::First && request.keep == Keep::Auto,
        way,
        owner,
        region,
        inventory,
        images,
        notes,
    })
}

/// A file without persistent data: another layout than whatever is kept.
fn without_data(kernel: &dyn Kernel, request: Request<'_>, owner: &str) -> Result<Plan, KeepError> {
    if !Region::may_exist(kernel, owner) {
        return Ok(Plan::Plain { warning: None });
    }
    let Some(region) = Region::find(kernel, owner)? else {
        return Ok(Plan::Plain { warning: None });
    };
    if !request.assume_unloaded {
        check_owner(kernel, owner, true)?;
    }
    if !request.fresh {
        let sections = region.header.sections.iter();
        let differences =
            sections.map(|section| Difference::SectionRemoved { section: section.role }).collect();
        return Err(KeepError::Differs { owner: owner.to_owned(), differences });
    }
    if !region.users.is_empty() {
        return Err(KeepError::InUse { owner: owner.to_owned(), users: region.users });
    }
    Ok(Plan::Drop { region: Box::new(region) })
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
