// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where a kernel's packages come from: the machine's own release, or another one.

use std::path::Path;

use anyhow::Result;

use crate::setup::apt::{self, Package};
use crate::setup::release::Release;

/// A source of packages.
pub enum Archive {
    /// What the machine itself installs from.
    Own,
    /// Another release.
    Other(Release),
}

impl Archive {
    /// Looks up a package in the lists that are there.
    pub fn lookup(&self, name: &str) -> Option<Package> {
        match self {
            Self::Own => apt::lookup(name),
            Self::Other(release) => release.package(name).ok(),
        }
    }

    /// Looks up a package, and fetches the lists if that fails.
    pub fn package(&self, name: &str) -> Result<Package> {
        match self {
            Self::Own => apt::package(name),
            Self::Other(release) => release.package(name),
        }
    }

    /// Fetches the lists.
    pub fn update(&self) -> Result<()> {
        match self {
            Self::Own => apt::update(),
            // They are fetched with the first look-up.
            Self::Other(_) => Ok(()),
        }
    }

    /// Downloads packages and unpacks them all into `directory`.
    pub fn unpack(&self, names: &[String], directory: &Path) -> Result<()> {
        match self {
            Self::Own => apt::unpack(names, directory),
            Self::Other(release) => release.unpack(names, directory),
        }
    }
}
