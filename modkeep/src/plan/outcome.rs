// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a plan says.

use libmodfmt::persist::{Account, Inventory};

use crate::region::Region;

/// What happens to the region of the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegionUse {
    /// Nothing is kept yet: a region is made.
    Create,
    /// The module is bound to what is there; what is new goes into a generation more.
    Bind,
    /// Everything starts afresh, and what is there is dropped once that has succeeded (`--fresh`).
    Replace,
}

/// The images to be loaded, in this order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Images {
    /// The mark on a generation that replaces data, until the module's init has succeeded.
    pub pending: Option<Vec<u8>>,
    /// The keeper of what is new; `None` if nothing is.
    pub keeper: Option<NewKeeper>,
    /// The module itself.
    pub owner: Vec<u8>,
    /// Keepers of which nothing is in force once the module's init has succeeded.
    pub spent: Vec<String>,
}

/// A keeper that is to be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKeeper {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: Vec<u8>,
}

/// What loading a file will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Load the file as if the module had no persistent data.
    Plain {
        /// Why nothing will be kept, or why what is kept will not be used; for the user.
        warning: Option<String>,
    },
    /// Load the file as it is, then drop the region: it no longer has persistent data.
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
        /// What becomes of each variable; `None` if nothing is kept of any.
        account: Option<Box<Account>>,
        /// What the user should know: types that were not compared.
        notes: Vec<String>,
    },
    /// Load the file as it is: it was bound to its keepers when it was built, and they are loaded.
    Bound {
        /// The module's name.
        owner: String,
        /// What is kept now.
        region: Box<Region>,
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
        /// What becomes of each variable.
        account: Box<Account>,
        /// The images.
        images: Box<Images>,
        /// What the user should know: a lost signature, a module that will be pinned, types that were not
        /// compared.
        notes: Vec<String>,
        /// If the kernel refuses the keeper, load the file plainly.
        may_fall_back: bool,
    },
}

impl Plan {
    /// What the user should know.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        match self {
            Self::Plain { warning } => warning.as_slice(),
            Self::Keeper { notes, .. } | Self::Extended { notes, .. } => notes,
            Self::Bound { .. } | Self::Drop { .. } => &[],
        }
    }
}
