// SPDX-License-Identifier: MIT OR Apache-2.0
//! The distribution's kernels: packages that are unpacked into the cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::slice;

use anyhow::{Context, Result, anyhow, bail};
use vmguest::KernelKind;

use super::build_root::BuildRoot;
use super::place::Archive;
use super::tree::{Kernel, compiler};
use super::{bzimage, headers, tree};
use crate::setup::{apt, packages};
use crate::{cache, ui};

/// Metapackages that depend on the image and the headers to use, in order of preference.
const META: &[(&str, &str)] =
    &[("linux-image-amd64", "linux-headers-amd64"), ("linux-image-generic", "linux-headers-generic")];

/// What the names of image packages start with.
pub const IMAGE: &str = "linux-image-";

/// A kernel that an archive has.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The package of the image.
    pub image: apt::Package,
    /// The kernel's release.
    pub release: String,
}

/// The version of the kernel that an archive has. It is faster to ask for than the whole offer.
pub fn version(archive: &Archive) -> Option<String> {
    META.iter().find_map(|(image, _)| Some(archive.lookup(image)?.version))
}

/// The kernel that the first pair of metapackages which the archive has depends on.
pub fn offer(archive: &Archive) -> Option<Result<Offer>> {
    let (image, headers) =
        META.iter().find_map(|(image, headers)| Some((archive.lookup(image)?, archive.lookup(headers)?)))?;
    Some(
        follow(&image, &headers)
            .and_then(|release| Ok(Offer { image: archive.package(&format!("{IMAGE}{release}"))?, release })),
    )
}

/// The kernel of a package.
pub fn offer_named(archive: &Archive, package: &str) -> Option<Offer> {
    let release = package.strip_prefix(IMAGE)?.to_owned();
    Some(Offer { image: archive.lookup(package)?, release })
}

/// The release that a pair of metapackages leads to.
fn follow(image: &apt::Package, headers: &apt::Package) -> Result<String> {
    let release_of = |package: &apt::Package, prefix: &str| {
        let name = package.depends.iter().find_map(|name| name.strip_prefix(prefix));
        name.map(str::to_owned)
            .ok_or_else(|| anyhow!("{} does not depend on any {prefix}* package", package.name))
    };
    let release = release_of(image, IMAGE)?;
    let headers = release_of(headers, "linux-headers-")?;
    if headers != release {
        bail!(
            "the kernel package is {release}, but the headers are {headers}: run apt-get update, then try again"
        );
    }
    Ok(release)
}

impl Archive {
    /// The directory of its kernels in the cache.
    fn cached(&self) -> &'static str {
        match self {
            Self::Own => "kernels",
            Self::Addition(_) => "kernels-backports",
            Self::Other { .. } => "kernels-in-roots",
        }
    }

    /// Downloads a kernel and what its modules are built with, unless the cache has it.
    pub fn fetch(&self, offer: &Offer) -> Result<Kernel> {
        let name = format!("{}/{}", self.cached(), offer.image.cache_name());
        let home = cache::root()?.join(&name);
        let entry = cache::entry(&name, |partial| {
            let headers = self.package(&format!("linux-headers-{}", offer.release))?;
            let names = on_machine(offer, &headers);
            let mut what = format!("downloading Linux {}", offer.release);
            what += &match self {
                Self::Own | Self::Addition(_) => format!(" and its headers ({} packages)", names.len()),
                Self::Other { suite, .. } => format!(", and a small {suite} to build its modules in"),
            };
            ui::step(&what, || match self {
                Self::Own => apt::unpack(&names, partial),
                Self::Addition(release) => release.unpack(&names, partial),
                Self::Other { release, .. } => {
                    BuildRoot::unpack(release, slice::from_ref(&headers.name), partial)?;
                    release.unpack(&image_packages(&offer.image), partial)
                }
            })?;
            // What is not whole must not stay.
            image(partial)
                .with_context(|| format!("{} and what it depends on has no vmlinuz", offer.image.name))?;
            match self {
                Self::Own | Self::Addition(_) => headers::relocate(partial, &home, &headers.name).map(drop),
                Self::Other { .. } => Ok(()),
            }
        })?;
        self.read(&entry)
    }

    /// A kernel that an earlier run has downloaded, the newest one whose release starts with `prefix`.
    pub fn fetched(&self, prefix: &str) -> Option<Result<Kernel>> {
        cache::newest(self.cached(), &format!("{IMAGE}{prefix}")).map(|entry| self.read(&entry))
    }

    /// Reads a cache entry.
    fn read(&self, entry: &Path) -> Result<Kernel> {
        let image = image(entry)
            .with_context(|| format!("{0} has no vmlinuz: remove {0} and try again", entry.display()))?;
        let release = bzimage::release(&image)?;
        let build = entry.join(format!("usr/src/linux-headers-{release}"));
        let root = match self {
            Self::Other { .. } => Some(BuildRoot::enter(entry)?),
            Self::Own | Self::Addition(_) => {
                packages::install_libraries(&of_kbuild(entry, self), "used by the kernel's build tools")?;
                packages::install_libraries(&of_headers(&build, &release, self), "compiled the kernel")?;
                None
            }
        };
        let modules = modules(entry, &release);
        let kind = KernelKind::Stock;
        let compiler = compiler(&build, root.as_ref());
        Ok(Kernel { compiler, release, kind, image, build, root, modules, processor: None })
    }
}

/// Where packages have modules, and since 7.2 the image.
const MODULES: [&str; 2] = ["lib/modules", "usr/lib/modules"];

/// The directory of the kernel's own modules in a cache entry.
pub fn modules(entry: &Path, release: &str) -> Option<PathBuf> {
    let mut places = MODULES.map(|place| entry.join(place).join(release)).into_iter();
    places.find(|path| path.join("kernel").is_dir())
}

/// The image in a cache entry.
pub fn image(entry: &Path) -> Option<PathBuf> {
    let is_image = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("vmlinu")) && path.is_file()
    };
    let files = |directory: PathBuf| {
        fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok).map(|file| file.path())
    };
    let beside_modules = MODULES.into_iter().flat_map(|place| files(entry.join(place))).flat_map(files);
    files(entry.join("boot")).chain(beside_modules).find(is_image)
}

/// The packages of the image and the modules.
pub fn image_packages(image: &apt::Package) -> Vec<String> {
    // Ubuntu has the modules in a package of their own, Debian since 7.2 the image itself, too.
    let parts = image
        .depends
        .iter()
        .filter(|name| ["linux-modules-", "linux-binary-"].iter().any(|prefix| name.starts_with(prefix)));
    [&image.name].into_iter().chain(parts).cloned().collect()
}

/// The same, with the headers and the kernel packages that they depend on, for use on the machine itself.
fn on_machine(offer: &Offer, headers: &apt::Package) -> Vec<String> {
    let mut names = image_packages(&offer.image);
    names.push(headers.name.clone());
    let of_kernel = |name: &&String| name.starts_with("linux-headers-") || name.starts_with("linux-kbuild-");
    names.extend(headers.depends.iter().filter(of_kernel).cloned());
    names
}

/// What the unpacked kbuild needs: libraries, and the program that makes BTF.
fn of_kbuild(entry: &Path, archive: &Archive) -> Vec<String> {
    let named = |directory: &str| {
        let names = fs::read_dir(entry.join(directory)).into_iter().flatten().filter_map(Result::ok);
        let mut names = names.map(|file| file.file_name().to_string_lossy().into_owned());
        names.find(|name| name.starts_with("linux-kbuild-"))
    };
    let package = named("usr/lib").and_then(|name| archive.lookup(&name));
    let depends = package.map(|package| package.depends).unwrap_or_default();
    depends.into_iter().filter(|name| name.starts_with("lib") || name == "pahole").collect()
}

/// The compiler that the headers name, if the machine does not have it.
fn of_headers(build: &Path, release: &str, archive: &Archive) -> Vec<String> {
    let text = fs::read_to_string(build.join(".kernelvariables")).unwrap_or_default();
    if headers::requested_compiler(&text).is_none() || tree::requested(build, None).is_some() {
        return Vec::new();
    }
    let package = archive.lookup(&format!("linux-headers-{release}"));
    let depends = package.map(|package| package.depends).unwrap_or_default();
    let is_compiler = |name: &String| name.starts_with("gcc-") || name.starts_with("linux-compiler-gcc-");
    depends.into_iter().filter(is_compiler).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, depends: &[&str]) -> apt::Package {
        let depends = depends.iter().map(|name| (*name).to_owned()).collect();
        apt::Package { name: name.into(), version: "1".into(), depends }
    }

    #[test]
    fn metapackages_must_agree() {
        let image = package("i", &["linux-base-amd64", "linux-image-7.2.1-amd64"]);
        let headers = |release: &str| package("h", &[&format!("linux-headers-{release}")]);
        assert_eq!(follow(&image, &headers("7.2.1-amd64")).unwrap(), "7.2.1-amd64");
        assert!(follow(&image, &headers("7.2.2-amd64")).unwrap_err().to_string().contains("apt-get update"));
    }

    #[test]
    fn an_image_may_be_in_several_packages() {
        let depends = ["dracut", "linux-binary-7.2-a", "linux-modules-7.2-a"];
        let image = package("linux-image-7.2-a", &depends);
        let names = ["linux-image-7.2-a", "linux-binary-7.2-a", "linux-modules-7.2-a"];
        assert_eq!(image_packages(&image), names);
    }
}
