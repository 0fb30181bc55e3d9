// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where a kernel's packages come from: the machine's own release, its backports, or another release.
//!
//! Modules for a kernel of the machine's own release or its backports are built on the machine itself. For
//! others, what they are built with comes from the same place as the kernel: see [`super::build_root`].

use std::path::Path;

use anyhow::Result;

use crate::setup::apt::{self, Package};
use crate::setup::release::{self, Release};

/// A release, and a suite that adds newer kernels to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    base: &'static str,
    addition: Option<&'static str>,
}

impl Place {
    const fn new(base: &'static str, addition: Option<&'static str>) -> Self {
        Self { base, addition }
    }

    /// The suites that apt needs.
    fn suites(&self) -> Vec<&'static str> {
        [Some(self.base), self.addition].into_iter().flatten().collect()
    }

    /// The suite that the kernel is from.
    pub fn name(&self) -> &'static str {
        self.addition.unwrap_or(self.base)
    }

    /// Whether it is the machine's own release, or adds to it.
    pub fn is_own(&self) -> bool {
        release::own_name().is_ok_and(|own| own == self.base || (own == "unstable" && self.base == "sid"))
    }

    /// Whether an addition to the same release has newer kernels.
    pub fn is_superseded(&self) -> bool {
        self.addition.is_none() && PLACES.iter().any(|other| other.base == self.base && other != self)
    }

    /// The source of its packages.
    pub fn archive(&self) -> Result<Archive> {
        Ok(match self.addition {
            None if self.is_own() => Archive::Own,
            Some(addition) if self.is_own() => Archive::Addition(Release::named(addition)?),
            _ => Archive::Other { release: Release::of_suites(&self.suites())?, suite: self.name() },
        })
    }
}

/// Where kernels are looked for. Those with the newest kernels come last.
pub const PLACES: &[Place] = &[
    Place::new("bullseye", None),
    Place::new("bookworm", None),
    Place::new("bookworm", Some("bookworm-backports")),
    Place::new("trixie", None),
    Place::new("trixie", Some("trixie-backports")),
    Place::new("sid", None),
    Place::new("sid", Some("experimental")),
];

/// The sources of packages that are not the machine's own release, as far as they can be had.
pub fn others() -> impl Iterator<Item = Archive> {
    let others = PLACES.iter().filter(|place| place.addition.is_some() || !place.is_own());
    others.filter_map(|place| place.archive().ok())
}

/// A source of packages.
pub enum Archive {
    /// What the machine itself installs from.
    Own,
    /// A suite that adds to the machine's own release.
    Addition(Release),
    /// Another release, with the suite of it that the kernel is from.
    Other {
        /// All its suites.
        release: Release,
        /// The suite.
        suite: &'static str,
    },
}

impl Archive {
    /// Looks up a package in the lists that are there. For another release, they are fetched if there are
    /// none.
    pub fn lookup(&self, name: &str) -> Option<Package> {
        match self {
            Self::Own => apt::lookup(name),
            Self::Addition(release) => release.package(name).ok(),
            Self::Other { release, suite } => release.package_of(suite, name).ok(),
        }
    }

    /// Fetches the lists if there are none; says why if that is impossible. The machine's own are not
    /// touched.
    pub fn refresh(&self) -> Result<()> {
        match self {
            Self::Own => Ok(()),
            Self::Addition(release) | Self::Other { release, .. } => release.refresh(),
        }
    }

    /// Downloads packages and unpacks them all into `directory`.
    pub fn unpack(&self, names: &[String], directory: &Path) -> Result<()> {
        match self {
            Self::Own => apt::unpack(names, directory),
            Self::Addition(release) | Self::Other { release, .. } => release.unpack(names, directory),
        }
    }

    /// Looks up a package, and fetches the lists if that fails.
    pub fn package(&self, name: &str) -> Result<Package> {
        match self {
            Self::Own => apt::package(name),
            Self::Addition(release) => release.package(name),
            Self::Other { release, suite } => release.package_of(suite, name),
        }
    }
}
