// SPDX-License-Identifier: MIT OR Apache-2.0
//! The series of kernels that there are our patches for, and where their source packages come from.

use std::path::PathBuf;

use anyhow::Result;

use super::place::{self, Archive};
use crate::setup::{Missing, apt};
use crate::workspace;

/// A series that there are patches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Series(&'static str);

/// All of them, the newest last. The first is the one that `extended` alone means.
pub const ALL: &[Series] = &[Series("6.1"), Series("6.12"), Series("7.3")];

impl Series {
    /// The one that is meant if none is named.
    pub const DEFAULT: Self = Self("6.1");

    /// The series of this name; `newest` is the newest that there are patches for.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "newest" => ALL.last().copied(),
            _ => ALL.iter().find(|series| series.0 == name).copied(),
        }
    }

    /// The series of a kernel's release, such as `6.12.117-test`.
    pub fn of_release(release: &str) -> Option<Self> {
        let is_of = |series: &&Self| release.strip_prefix(series.0).is_some_and(|rest| rest.starts_with('.'));
        ALL.iter().find(is_of).copied()
    }

    /// Its name, such as `6.12`.
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// The source package.
    pub fn package(self) -> String {
        format!("linux-source-{}", self.0)
    }

    /// The directory of our patches for it.
    pub fn patches(self) -> PathBuf {
        workspace::root().join("kernel/patches").join(self.0)
    }

    /// The source package's version, and where it is from: the machine's own release if that has it,
    /// otherwise the first other place.
    pub fn find(self) -> Result<(Archive, apt::Package)> {
        let name = self.package();
        if let Some(package) = apt::lookup(&name) {
            return Ok((Archive::Own, package));
        }
        for archive in place::others() {
            if let Some(package) = archive.lookup(&name) {
                return Ok((archive, package));
            }
        }
        // There may be no lists yet.
        match apt::package(&name) {
            Ok(package) => Ok((Archive::Own, package)),
            Err(error) if self == Self::DEFAULT => Err(error),
            Err(error) => Err(Missing(format!("no release has a package {name}: {error:#}")).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_of_one_series() {
        assert_eq!(Series::of_release("6.12.117-test"), Some(Series("6.12")));
        assert_eq!(Series::of_release("6.1.192"), Some(Series::DEFAULT));
        assert_eq!(Series::of_release("6.11.2"), None);
    }

    #[test]
    fn every_series_has_patches_and_a_name() {
        for series in ALL {
            assert_eq!(Series::named(series.name()), Some(*series));
            assert!(series.patches().is_dir(), "{}", series.name());
        }
        assert_eq!(Series::named("newest"), ALL.last().copied());
    }
}
