// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a plan says.

use libmodfmt::persist::Inventory;

use crate::region::Region;

/// What happens to the region of the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegionUse {
    /// Nothing is kept yet: a region is made.
    Create,
    /// The module is bound to the region that is there.
    Bind,
    /// The region that is there is dropped and a new one made (`--fresh`).
    Replace,
}

/// The images to be loaded, in this order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Images {
    /// A keeper that is loaded and removed again before a living one is given up: it shows that the kernel
    /// accepts our keepers. Only with [`RegionUse::Replace`].
    pub trial: Option<Vec<u8>>,
    /// The keeper; `None` if there is a living one to bind to.
    pub keeper: Option<Vec<u8>>,
    /// The module itself.
    pub owner: Vec<u8>,
}

/// What loading a file will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Load the file as if the module had no persistent data.
    Plain {
        /// Why nothing will be kept, or why what is kept will not be used; for the user.
        warning: Option<String>,
    },
    /// Drop the region, then load the file as it is: it no longer has persistent data.
    Drop {
        /// What is kept now.
        region: Box<Region>,
    },
    /// Load the file as it is: the extended kernel keeps its data.
    Extended {
        /// What happens to the region.
        region_use: RegionUse,
        /// The module's name.
        owner: String,
        /// What is kept now, if anything.
        region: Option<Box<Region>>,
        /// What the file has.
        inventory: Box<Inventory>,
        /// What the user may want to know: types that were not compared.
        notes: Vec<String>,
    },
    /// Load images made from the file: a keeper keeps its data.
    Keeper {
        /// What happens to the region.
        region_use: RegionUse,
        /// The module's name.
        owner: String,
        /// What is kept now, if anything.
        region: Option<Box<Region>>,
        /// What the file has.
        inventory: Box<Inventory>,
        /// The images.
        images: Box<Images>,
        /// What the user should know: a lost signature, a module that will be pinned, types that were not
        /// compared.
        notes: Vec<String>,
        /// If the kernel refuses the keeper, load the file plainly.
        may_fall_back: bool,
    },
}
