// SPDX-License-Identifier: MIT OR Apache-2.0
//! Kernels by the names for `--kernel`: a series (`6.12`), a package, or a word.

use std::process::Command;

use anyhow::{Error, Result};

use super::distribution::{self, IMAGE, Offer};
use super::place::{Archive, PLACES, Place};
use super::tree::Kernel;
use crate::setup::Missing;
use crate::{process, processors, ui};

/// A distribution's kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// That of the machine's own release.
    Own,
    /// The newest of all places.
    Newest,
    /// That of the first place whose release starts with these numbers and a dot.
    Series(String),
    /// That of a package.
    Package(String),
    /// That of another processor: `arm64-6.1`.
    OfProcessor(String),
}

/// What is tested as `all`: every series that a release of Debian in use has, and the newest.
const ALL: &[&str] = &["5.10", "6.1", "6.12", "newest"];

/// The series that must be at hand: that of this project's own patch.
const REQUIRED: &str = "6.1";

impl Named {
    /// The kernel of this name, if it is one.
    pub fn parse(name: &str) -> Option<Self> {
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        match name {
            "distribution" => Some(Self::Own),
            "newest" => Some(Self::Newest),
            name if name.starts_with(IMAGE) => Some(Self::Package(name.to_owned())),
            name if name.split('.').count() == 2 && name.split('.').all(is_number) => {
                Some(Self::Series(name.to_owned()))
            }
            name => processors::find(name).map(|_| Self::OfProcessor(name.to_owned())),
        }
    }

    /// Whether every scenario is run in it: it is the machine's own, or the one that must be at hand.
    pub fn is_main(&self) -> bool {
        match self {
            Self::Own => true,
            Self::Series(series) => series == REQUIRED,
            Self::Newest | Self::Package(_) | Self::OfProcessor(_) => false,
        }
    }

    /// Downloads it, unless the cache has it. One that cannot be had is [`Missing`].
    pub fn fetch(&self) -> Result<Kernel> {
        let missing = |error: Error| match error.is::<Missing>() {
            true => error,
            false => Missing(format!("{error:#}")).into(),
        };
        match self {
            Self::Own => own(),
            Self::Newest => newest().map_err(missing),
            Self::Series(series) if series == REQUIRED => in_series(series),
            Self::Series(series) => in_series(series).map_err(missing),
            Self::Package(package) => of_package(package).map_err(missing),
            Self::OfProcessor(name) => processors::kernel(name).map_err(missing),
        }
    }
}

/// These names, with those that `all` stands for in its place.
pub fn expand(names: &[String]) -> Vec<String> {
    let each = |name: &String| match name.as_str() {
        "all" => ALL.iter().map(|name| (*name).to_owned()).collect(),
        _ => vec![name.clone()],
    };
    names.iter().flat_map(each).collect()
}

fn own() -> Result<Kernel> {
    let own = Archive::Own;
    match (distribution::offer(&own), own.fetched("")) {
        (Some(offer), _) => own.fetch(&offer?),
        // No package lists, but an earlier run has downloaded a kernel.
        (None, Some(kernel)) => kernel,
        (None, None) => {
            crate::setup::apt::update()?;
            match distribution::offer(&own) {
                Some(offer) => own.fetch(&offer?),
                None => anyhow::bail!("apt has no kernel package that is known here; use --kernel PATH"),
            }
        }
    }
}

/// The first place that has a kernel of the series. The machine's own comes first.
fn in_series(series: &str) -> Result<Kernel> {
    let prefix = format!("{series}.");
    let own = Archive::Own;
    match distribution::offer(&own) {
        Some(Ok(offer)) if offer.release.starts_with(&prefix) => return own.fetch(&offer),
        Some(_) => {}
        None => {
            if let Some(kernel) = own.fetched(&prefix) {
                return kernel;
            }
        }
    }
    let mut reasons = Vec::new();
    for place in own_first() {
        match look(place) {
            Ok((archive, offer)) if offer.release.starts_with(&prefix) => return archive.fetch(&offer),
            Ok((_, offer)) => reasons.push(format!("{} has {}", place.name(), offer.release)),
            Err(error) => match earlier(place, &prefix) {
                Some(kernel) => return kernel,
                None => reasons.push(first_line(&error)),
            },
        }
    }
    Err(Missing(format!("no release has a kernel {series}: {}", reasons.join("; "))).into())
}

fn newest() -> Result<Kernel> {
    let mut best: Option<(Archive, String)> = None;
    let mut reasons = Vec::new();
    for place in PLACES.iter().rev().filter(|place| !place.is_superseded()) {
        match version_in(place) {
            Ok((archive, version)) => {
                let is_newer = match &best {
                    Some((_, other)) => is_newer(&version, other)?,
                    None => true,
                };
                if is_newer {
                    best = Some((archive, version));
                }
            }
            Err(error) => reasons.push(first_line(&error)),
        }
        // Older releases have older kernels.
        if best.is_some() && place.is_own() {
            break;
        }
    }
    if !reasons.is_empty() {
        ui::line(&format!("  not looked at for the newest kernel: {}", reasons.join("; ")));
    }
    match best.and_then(|(archive, _)| distribution::offer(&archive).map(|offer| (archive, offer))) {
        Some((archive, offer)) => archive.fetch(&offer?),
        None => own(),
    }
}

/// The version of the kernel that a place has.
fn version_in(place: &Place) -> Result<(Archive, String)> {
    let archive = place.archive()?;
    archive.refresh()?;
    let version = distribution::version(&archive);
    let missing = || Missing(format!("{} has no kernel package", place.name()));
    Ok((archive, version.ok_or_else(missing)?))
}

fn of_package(package: &str) -> Result<Kernel> {
    let mut reasons = Vec::new();
    for place in own_first() {
        let archive = match place.archive() {
            Ok(archive) => archive,
            Err(error) => {
                reasons.push(first_line(&error));
                continue;
            }
        };
        if let Some(offer) = distribution::offer_named(&archive, package) {
            return archive.fetch(&offer);
        }
        reasons.push(format!("not in {}", place.name()));
    }
    Err(Missing(format!("no release has a package {package}: {}", reasons.join("; "))).into())
}

/// The kernel that a place has.
fn look(place: &Place) -> Result<(Archive, Offer)> {
    let archive = place.archive()?;
    archive.refresh()?;
    let offer = distribution::offer(&archive)
        .unwrap_or_else(|| Err(Missing(format!("{} has no kernel package", place.name())).into()))?;
    Ok((archive, offer))
}

/// A kernel that was downloaded from there when there were package lists.
fn earlier(place: &Place, prefix: &str) -> Option<Result<Kernel>> {
    place.archive().ok()?.fetched(prefix)
}

/// All places, the machine's own first: their modules need no system of their own to be built in.
fn own_first() -> Vec<&'static Place> {
    let mut places: Vec<&Place> = PLACES.iter().collect();
    places.sort_by_key(|place| !place.is_own());
    places
}

/// Whether a package's version is newer than another.
fn is_newer(one: &str, other: &str) -> Result<bool> {
    let mut compare = Command::new("dpkg");
    compare.args(["--compare-versions", one, "gt", other]);
    Ok(process::raw(&mut compare)?.status.success())
}

fn first_line(error: &Error) -> String {
    format!("{error:#}").lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        assert_eq!(Named::parse("6.12"), Some(Named::Series("6.12".into())));
        assert_eq!(Named::parse("distribution"), Some(Named::Own));
        assert_eq!(Named::parse("arm64-6.1"), Some(Named::OfProcessor("arm64-6.1".into())));
        let package = "linux-image-6.1.0-1-amd64";
        assert_eq!(Named::parse(package), Some(Named::Package(package.into())));
        for other in ["6", "6.1.2", "6.", "extended", "vmlinuz"] {
            assert_eq!(Named::parse(other), None, "{other}");
        }
        assert!(expand(&["all".to_owned()]).iter().all(|name| Named::parse(name).is_some()));
    }

    #[test]
    fn release_candidates_are_older_than_the_release() {
        assert!(is_newer("7.3.4-1~bpo13+1", "7.3~rc7-1~exp1").unwrap());
        assert!(!is_newer("6.12.117-1", "7.2.13-1").unwrap());
    }
}
