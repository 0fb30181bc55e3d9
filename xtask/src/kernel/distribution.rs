// SPDX-License-Identifier: MIT OR Apache-2.0
//! The distribution's kernels: packages that are unpacked into the cache.
//!
//! `newest` is the newest on offer for the machine's release: its own or that of its backports, whose headers
//! are made for the same compiler and libraries. Those are looked up beside the machine's own apt sources;
//! the machine never installs from them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};
use vmguest::KernelKind;

use super::archive::Archive;
use super::tree::{Kernel, compiler};
use super::{bzimage, headers};
use crate::setup::release::{self, Release};
use crate::setup::{apt, packages};
use crate::{cache, process, ui};

/// A kernel with a known name.
#[derive(Clone, Copy, Debug)]
pub struct KernelSource {
    /// Name for `--kernel`.
    name: &'static str,
    /// Metapackages that depend on the image and the headers to use, in order of preference.
    meta: &'static [(&'static str, &'static str)],
    /// The prefix that the release must have.
    release: &'static str,
    /// Whether a newer one of the backports is taken instead.
    with_backports: bool,
}

const META: &[(&str, &str)] =
    &[("linux-image-amd64", "linux-headers-amd64"), ("linux-image-generic", "linux-headers-generic")];

/// Every kernel with a known name.
const SOURCES: &[KernelSource] = &[
    KernelSource { name: "distribution", meta: META, release: "", with_backports: false },
    KernelSource { name: "6.1", meta: META, release: "6.1.", with_backports: false },
    KernelSource { name: "newest", meta: META, release: "", with_backports: true },
];

/// The directory of kernels in the cache.
const CACHED: &str = "kernels";

/// The directory of those from backports.
const CACHED_BACKPORTS: &str = "kernels-backports";

/// The names for `--kernel`.
pub fn names() -> Vec<&'static str> {
    SOURCES.iter().map(|source| source.name).collect()
}

/// The kernel of this name.
pub fn source(name: &str) -> Option<&'static KernelSource> {
    SOURCES.iter().find(|source| source.name == name)
}

impl KernelSource {
    /// Downloads the image and the headers, unless the cache has them.
    pub fn fetch(&self) -> Result<Kernel> {
        let own = self.fetch_from(&Archive::Own, CACHED)?;
        if !self.with_backports {
            return Ok(own);
        }
        let backports = format!("{}-backports", release::own_name()?);
        let backport = Release::named(&backports)
            .and_then(|release| self.fetch_from(&Archive::Other(release), CACHED_BACKPORTS));
        match backport {
            Ok(backport) if is_newer(&backport.release, &own.release)? => Ok(backport),
            Ok(_) => Ok(own),
            Err(error) => {
                ui::line(&format!("{backports} has no kernel, so {} is the newest: {error:#}", own.release));
                Ok(own)
            }
        }
    }

    fn fetch_from(&self, archive: &Archive, directory: &str) -> Result<Kernel> {
        let cached = cache::newest(directory, &format!("linux-image-{}", self.release));
        let entry = match (self.choose(archive), cached) {
            (Some(choice), _) => unpack(&choice?, archive, directory)?,
            // No package lists, but an earlier run has downloaded a kernel.
            (None, Some(entry)) => entry,
            (None, None) => {
                archive.update()?;
                match self.choose(archive) {
                    Some(choice) => unpack(&choice?, archive, directory)?,
                    None => {
                        bail!(
                            "apt has none of the kernel packages {:?}; use --kernel PATH to run another kernel",
                            self.meta
                        )
                    }
                }
            }
        };
        read(&entry, archive)
    }

    /// The packages that belong to the first pair of metapackages that apt has.
    fn choose(&self, archive: &Archive) -> Option<Result<Choice>> {
        let (image, headers) = self
            .meta
            .iter()
            .find_map(|(image, headers)| Some((archive.lookup(image)?, archive.lookup(headers)?)))?;
        Some(self.follow(&image, &headers, archive))
    }

    fn follow(&self, image: &apt::Package, headers: &apt::Package, archive: &Archive) -> Result<Choice> {
        let release_of = |package: &apt::Package, prefix: &str| {
            let name = package.depends.iter().find_map(|name| name.strip_prefix(prefix));
            name.map(str::to_owned)
                .ok_or_else(|| anyhow!("{} does not depend on any {prefix}* package", package.name))
        };
        let release = release_of(image, "linux-image-")?;
        if !release.starts_with(self.release) {
            bail!(
                "this distribution's kernel is {release}, not {}*; use --kernel distribution to run it",
                self.release
            );
        }
        let headers = release_of(headers, "linux-headers-")?;
        if headers != release {
            bail!(
                "the kernel package is {release}, but the headers are {headers}: run apt-get update, then try again"
            );
        }
        Ok(Choice { image: archive.package(&format!("linux-image-{release}"))?, release })
    }
}

/// Whether a release is newer than another, by the rules for versions of packages.
fn is_newer(one: &str, other: &str) -> Result<bool> {
    let mut compare = Command::new("dpkg");
    compare.args(["--compare-versions", one, "gt", other]);
    Ok(process::raw(&mut compare)?.status.success())
}

/// Reads a cache entry.
fn read(entry: &Path, archive: &Archive) -> Result<Kernel> {
    let image = fs::read_dir(entry.join("boot"))?
        .filter_map(Result::ok)
        .map(|file| file.path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("vmlinuz-")))
        .with_context(|| format!("{0}/boot has no vmlinuz: remove {0} and try again", entry.display()))?;
    let release = bzimage::release(&image)?;
    let build = entry.join(format!("usr/src/linux-headers-{release}"));
    packages::install_libraries(&kbuild_libraries(entry, archive), "used by the kernel's build tools")?;
    let modules = ["lib/modules", "usr/lib/modules"]
        .map(|place| entry.join(place).join(&release))
        .into_iter()
        .find(|path| path.join("kernel").is_dir());
    let kind = KernelKind::Stock;
    Ok(Kernel { compiler: compiler(&build), release, kind, image, build, modules })
}

fn unpack(choice: &Choice, archive: &Archive, directory: &str) -> Result<PathBuf> {
    let name = format!("{directory}/{}", choice.image.cache_name());
    let home = cache::root()?.join(&name);
    cache::entry(&name, |partial| {
        let packages = choice.packages(archive)?;
        let what =
            format!("downloading Linux {} and its headers ({} packages)", choice.release, packages.len());
        ui::step(&what, || archive.unpack(&packages, partial))?;
        headers::relocate(partial, &home, &format!("linux-headers-{}", choice.release)).map(drop)
    })
}

/// The packages for one kernel.
struct Choice {
    image: apt::Package,
    release: String,
}

impl Choice {
    /// The image, the headers, and the kernel packages that the headers depend on.
    fn packages(&self, archive: &Archive) -> Result<Vec<String>> {
        let headers = archive.package(&format!("linux-headers-{}", self.release))?;
        let mut names = vec![self.image.name.clone(), headers.name];
        let of_kernel =
            |name: &&String| name.starts_with("linux-headers-") || name.starts_with("linux-kbuild-");
        names.extend(headers.depends.iter().filter(of_kernel).cloned());
        // Ubuntu has the modules in a separate package.
        names.extend(self.image.depends.iter().filter(|name| name.starts_with("linux-modules-")).cloned());
        Ok(names)
    }
}

/// Libraries that the unpacked kbuild tools need.
fn kbuild_libraries(entry: &Path, archive: &Archive) -> Vec<String> {
    let Ok(shared) = fs::read_dir(entry.join("usr/lib")) else { return Vec::new() };
    let name = shared
        .filter_map(Result::ok)
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .find(|name| name.starts_with("linux-kbuild-"));
    let package = name.and_then(|name| archive.lookup(&name));
    let depends = package.map(|package| package.depends).unwrap_or_default();
    depends.into_iter().filter(|name| name.starts_with("lib")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_different_release_is_refused() {
        let meta = |name: &str, on: &str| apt::Package {
            name: name.into(),
            version: "1".into(),
            depends: vec![on.into()],
        };
        let source = source("6.1").unwrap();
        let choice = source.follow(
            &meta("i", "linux-image-7.2.1-amd64"),
            &meta("h", "linux-headers-7.2.1-amd64"),
            &Archive::Own,
        );
        let Err(error) = choice else { panic!("taken") };
        assert!(error.to_string().contains("--kernel distribution"), "{error}");
    }
}
