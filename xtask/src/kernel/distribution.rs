// SPDX-License-Identifier: MIT OR Apache-2.0
//! The distribution's own kernels, as packages unpacked into the cache.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use vmguest::KernelKind;

use super::tree::{Kernel, compiler};
use super::{bzimage, headers};
use crate::setup::{apt, packages};
use crate::{cache, ui};

/// A kernel known by name.
#[derive(Clone, Copy, Debug)]
pub struct KernelSource {
    /// Name for `--kernel`.
    name: &'static str,
    /// Packages that depend on the image and the headers to use, in order of preference.
    meta: &'static [(&'static str, &'static str)],
    /// What the release must start with.
    release: &'static str,
}

const META: &[(&str, &str)] =
    &[("linux-image-amd64", "linux-headers-amd64"), ("linux-image-generic", "linux-headers-generic")];

/// Every kernel known by name.
const SOURCES: &[KernelSource] = &[
    KernelSource { name: "distribution", meta: META, release: "" },
    KernelSource { name: "6.1", meta: META, release: "6.1." },
];

/// The cache's directory of kernels.
const CACHED: &str = "kernels";

/// The names for `--kernel`.
pub fn names() -> Vec<&'static str> {
    SOURCES.iter().map(|source| source.name).collect()
}

/// The kernel of this name.
pub fn source(name: &str) -> Option<&'static KernelSource> {
    SOURCES.iter().find(|source| source.name == name)
}

impl KernelSource {
    /// Fetches the image and the headers, unless the cache has them.
    pub fn fetch(&self) -> Result<Kernel> {
        let cached = cache::newest(CACHED, &format!("linux-image-{}", self.release));
        let entry = match (self.choose(apt::lookup), cached) {
            (Some(choice), _) => unpack(&choice?)?,
            // No lists, but an older run has fetched a kernel.
            (None, Some(entry)) => entry,
            (None, None) => {
                apt::update()?;
                match self.choose(apt::lookup) {
                    Some(choice) => unpack(&choice?)?,
                    None => {
                        bail!("apt knows no package of {:?}; give a kernel with --kernel PATH", self.meta)
                    }
                }
            }
        };
        read(&entry)
    }

    /// The packages that the first known meta-packages lead to.
    fn choose(&self, lookup: impl Fn(&str) -> Option<apt::Package>) -> Option<Result<Choice>> {
        let (image, headers) =
            self.meta.iter().find_map(|(image, headers)| Some((lookup(image)?, lookup(headers)?)))?;
        Some(self.follow(&image, &headers))
    }

    fn follow(&self, image: &apt::Package, headers: &apt::Package) -> Result<Choice> {
        let release_of = |package: &apt::Package, prefix: &str| {
            let name = package.depends.iter().find_map(|name| name.strip_prefix(prefix));
            name.map(str::to_owned).ok_or_else(|| anyhow!("{} depends on no {prefix}*", package.name))
        };
        let release = release_of(image, "linux-image-")?;
        if !release.starts_with(self.release) {
            bail!(
                "this distribution's kernel is {release}, not {}*; `--kernel distribution` takes it",
                self.release
            );
        }
        let headers = release_of(headers, "linux-headers-")?;
        if headers != release {
            bail!("the image is {release} and the headers are {headers}: run apt-get update, then try again");
        }
        Ok(Choice { image: apt::package(&format!("linux-image-{release}"))?, release })
    }
}

/// Reads an entry of the cache, whichever run made it.
fn read(entry: &Path) -> Result<Kernel> {
    let image = fs::read_dir(entry.join("boot"))?
        .filter_map(Result::ok)
        .map(|file| file.path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("vmlinuz-")))
        .with_context(|| {
            format!("{}/boot has no vmlinuz; remove the directory and try again", entry.display())
        })?;
    let release = bzimage::release(&image)?;
    let build = entry.join(format!("usr/src/linux-headers-{release}"));
    packages::install_libraries(&kbuild_libraries(entry), "used by the kernel's own build programs")?;
    let modules = ["lib/modules", "usr/lib/modules"]
        .map(|place| entry.join(place).join(&release))
        .into_iter()
        .find(|path| path.join("kernel").is_dir());
    let kind = KernelKind::Stock;
    Ok(Kernel { compiler: compiler(&build), release, kind, image, build, modules })
}

fn unpack(choice: &Choice) -> Result<PathBuf> {
    let name = format!("{CACHED}/{}", choice.image.cache_name());
    let home = cache::root()?.join(&name);
    cache::entry(&name, |partial| {
        let packages = choice.packages()?;
        let what = format!("fetching Linux {} and its headers ({} packages)", choice.release, packages.len());
        ui::step(&what, || apt::unpack(&packages, partial))?;
        headers::relocate(partial, &home, &format!("linux-headers-{}", choice.release)).map(drop)
    })
}

/// Packages chosen for one kernel.
struct Choice {
    image: apt::Package,
    release: String,
}

impl Choice {
    /// The image, the headers, and what the headers need that is part of the kernel.
    fn packages(&self) -> Result<Vec<String>> {
        let headers = apt::package(&format!("linux-headers-{}", self.release))?;
        let mut names = vec![self.image.name.clone(), headers.name];
        let of_kernel =
            |name: &&String| name.starts_with("linux-headers-") || name.starts_with("linux-kbuild-");
        names.extend(headers.depends.iter().filter(of_kernel).cloned());
        // Ubuntu keeps the modules in a package of their own.
        names.extend(self.image.depends.iter().filter(|name| name.starts_with("linux-modules-")).cloned());
        Ok(names)
    }
}

/// Libraries that the unpacked kbuild programs load.
fn kbuild_libraries(entry: &Path) -> Vec<String> {
    let Ok(shared) = fs::read_dir(entry.join("usr/lib")) else { return Vec::new() };
    let name = shared
        .filter_map(Result::ok)
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .find(|name| name.starts_with("linux-kbuild-"));
    let package = name.and_then(|name| apt::lookup(&name));
    let depends = package.map(|package| package.depends).unwrap_or_default();
    depends.into_iter().filter(|name| name.starts_with("lib")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_release_is_refused_by_name() {
        let meta = |name: &str, on: &str| apt::Package {
            name: name.into(),
            version: "1".into(),
            depends: vec![on.into()],
        };
        let source = source("6.1").unwrap();
        let choice =
            source.follow(&meta("i", "linux-image-7.2.1-amd64"), &meta("h", "linux-headers-7.2.1-amd64"));
        let Err(error) = choice else { panic!("taken") };
        assert!(error.to_string().contains("--kernel distribution"), "{error}");
    }
}
