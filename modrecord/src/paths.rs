// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every fixed path of this project that is not an interface of the kernel.

use std::path::PathBuf;

pub use libmodsys::paths::{MODULES_DIRECTORY, RUN_DIRECTORY};

use crate::policy::Policy;

/// The configuration file: see [`policy`](crate::policy).
pub const CONFIG_FILE: &str = "/etc/modpersist.conf";

/// The journal, and snapshots. modutils had its logs here and wrote them only if the directory existed.
pub const LOG_DIRECTORY: &str = "/var/log/ksymoops";

/// Saved parameters, unless the configuration file names another directory. It is the one of modutils.
pub const PERSIST_DIRECTORY: &str = "/var/lib/modules/persist";

/// Where the parameters of each loaded module are to be saved, one small file a module.
pub const SAVE_LOCATIONS: &str = "/run/modpersist/parameters";

/// Where the sections of each loaded module with persistent data are in memory, one small file a module.
pub const OWNER_SECTIONS: &str = "/run/modpersist/sections";

/// The images of loaded modules with persistent data, and their parameters: the way back of a reload.
pub const LOADED_IMAGES: &str = "/run/modpersist/images";

/// Reloads that are under way or were interrupted, one small file a module.
pub const RELOADS: &str = "/run/modpersist/reload";

/// Our insmod as the package installs it.
pub const INSMOD: &str = "/usr/lib/modpersist/insmod";

/// The paths of one system. Tests make their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// [`CONFIG_FILE`]
    pub config: PathBuf,
    /// [`SAVE_LOCATIONS`]
    pub save_locations: PathBuf,
    /// [`OWNER_SECTIONS`]
    pub owner_sections: PathBuf,
    /// [`LOADED_IMAGES`]
    pub loaded_images: PathBuf,
    /// [`RELOADS`]
    pub reloads: PathBuf,
    /// [`LOG_DIRECTORY`]
    pub logs: PathBuf,
    /// [`MODULES_DIRECTORY`]
    pub modules: PathBuf,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            config: CONFIG_FILE.into(),
            save_locations: SAVE_LOCATIONS.into(),
            owner_sections: OWNER_SECTIONS.into(),
            loaded_images: LOADED_IMAGES.into(),
            reloads: RELOADS.into(),
            logs: LOG_DIRECTORY.into(),
            modules: MODULES_DIRECTORY.into(),
        }
    }
}

impl Paths {
    /// The directory for saved parameters whose file the user did not name; `None` if the configuration has
    /// an empty `persistdir=`, which means that they are not wanted.
    #[must_use]
    pub fn persist_directory(&self) -> Option<PathBuf> {
        let policy = Policy::read(&self.config);
        match policy.persistdir().map(|setting| setting.value.as_str()) {
            Some("") => None,
            Some(directory) => Some(directory.into()),
            None => Some(PERSIST_DIRECTORY.into()),
        }
    }
}
