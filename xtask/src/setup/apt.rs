// SPDX-License-Identifier: MIT OR Apache-2.0
//! Debian packages, through the machine's own apt configuration.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, anyhow, bail};

use super::missing::Missing;
use crate::{process, ui};

/// The candidate version of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Names of the packages that it depends on; of alternatives, only the first.
    pub depends: Vec<String>,
}

impl Package {
    /// Reads one stanza of `apt-cache show`.
    fn parse(stanza: &str) -> Option<Self> {
        let field = |name: &str| {
            stanza.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()))
        };
        let depends =
            [field("Pre-Depends"), field("Depends")].into_iter().flatten().flat_map(|list| list.split(','));
        Some(Self {
            name: field("Package")?.to_owned(),
            version: field("Version")?.to_owned(),
            depends: depends.filter_map(dependency).collect(),
        })
    }

    /// Reads the stanza of a package. apt takes a name that it does not know for a regular expression: that of
    /// `linux-source-6.1` matches `linux-source-6.12`.
    fn find(name: &str, stanzas: &str) -> Option<Self> {
        stanzas.split("\n\n").filter_map(Self::parse).find(|package| package.name == name)
    }

    /// A name for the package's directory in the cache.
    pub fn cache_name(&self) -> String {
        // The colon of an epoch would split PATH-like lists and confuse make.
        format!("{}_{}", self.name, self.version.replace(':', "_"))
    }
}

/// `libfoo (>= 1) | libbar` is `libfoo`.
fn dependency(text: &str) -> Option<String> {
    let name = text.split_whitespace().next()?;
    Some(name.split(':').next().unwrap_or(name).to_owned())
}

/// Looks up a package, and fetches the package lists if it is not found.
pub fn package(name: &str) -> Result<Package> {
    if let Some(package) = lookup(name) {
        return Ok(package);
    }
    update()?;
    lookup(name).ok_or_else(|| {
        anyhow!("apt has no package {name}; check /etc/apt/sources.list, and see `apt-cache policy {name}`")
    })
}

/// Looks up a package in the lists that are already there.
pub fn lookup(name: &str) -> Option<Package> {
    lookup_from(&[], name)
}

/// The same, with options for apt.
///
/// What was found is remembered until the lists change: without a saved index, as containers are set up, apt reads
/// all of them each time.
pub fn lookup_from(options: &[String], name: &str) -> Option<Package> {
    let key = (options.to_vec(), name.to_owned());
    if let Some(found) = found().get(&key) {
        return Some(found.clone());
    }
    let mut show = Command::new("apt-cache");
    show.args(options.iter().flat_map(|option| ["-o", option]));
    show.args(["show", "--no-all-versions", "--", name]);
    let package = Package::find(name, &process::output(&mut show).ok()?)?;
    found().insert(key, package.clone());
    Some(package)
}

/// Packages by apt's options and name.
type Found = HashMap<(Vec<String>, String), Package>;

fn found() -> MutexGuard<'static, Found> {
    static FOUND: LazyLock<Mutex<Found>> = LazyLock::new(Mutex::default);
    FOUND.lock().unwrap_or_else(PoisonError::into_inner)
}

/// To be called when the package lists, of whatever options, have changed.
pub fn forget_lookups() {
    found().clear();
}

/// Fetches the package lists.
pub fn update() -> Result<()> {
    if process::find("apt-get").is_none() {
        return Err(Missing("this machine has no apt-get to fetch a kernel with; use --kernel PATH to run a kernel of your own".into()).into());
    }
    if !nix::unistd::geteuid().is_root() {
        return Err(Missing(
            "the package lists must be updated, which needs root; run `sudo apt-get update`, then try again"
                .into(),
        )
        .into());
    }
    forget_lookups();
    ui::step("apt-get update", || process::quiet(Command::new("apt-get").arg("update")))
}

/// A package and everything that it depends on.
pub fn closure(name: &str) -> Result<Vec<String>> {
    let mut depends = Command::new("apt-cache");
    depends.args(["depends", "--recurse", "--important", "--", name]);
    let text = process::output(&mut depends)?;
    let is_name = |line: &&str| !line.starts_with([' ', '<', '|']) && !line.is_empty();
    Ok(text.lines().filter(is_name).map(|line| line.split(':').next().unwrap_or(line).to_owned()).collect())
}

/// Downloads packages and unpacks them all into `directory`.
pub fn unpack(names: &[String], directory: &Path) -> Result<()> {
    unpack_from(&[], names, directory, update)
}

/// The same, with options for apt and a function that updates the package lists.
pub fn unpack_from(
    options: &[String],
    names: &[String],
    directory: &Path,
    update: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let archives = directory.join(".archives");
    fs::create_dir_all(&archives)?;
    // A superseded version is no longer on the mirror: update the lists and try again.
    download(options, names, &archives).or_else(|error| match update() {
        Ok(()) => download(options, names, &archives),
        Err(_) => Err(error),
    })?;
    extract(&archives, directory)
}

/// Downloads packages with all that they depend on and unpacks it into `directory`. apt finds out what that
/// is, as if nothing were installed: `options` must name an empty status file.
pub fn unpack_whole(
    options: &[String],
    names: &[String],
    directory: &Path,
    update: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let archives = directory.join(".archives");
    fs::create_dir_all(archives.join("partial"))?;
    let download = || {
        let mut command = apt_get(options);
        command.arg("-o").arg(format!("Dir::Cache::archives={}", archives.display()));
        command.args(["install", "--download-only", "--yes", "--no-install-recommends"]).args(names);
        process::quiet(&mut command)
    };
    download().or_else(|error| match update() {
        Ok(()) => download(),
        Err(_) => Err(error),
    })?;
    extract(&archives, directory)
}

/// Unpacks downloaded archives and removes them.
fn extract(archives: &Path, directory: &Path) -> Result<()> {
    for archive in archives_in(archives)? {
        process::quiet(Command::new("dpkg-deb").arg("-x").arg(&archive).arg(directory))?;
    }
    fs::remove_dir_all(archives).context("cannot remove the downloaded archives")
}

/// Downloads one package and lets `unpack` extract what is needed.
pub fn unpack_some(name: &str, directory: &Path, unpack: &dyn Fn(&Path, &Path) -> Result<()>) -> Result<()> {
    let archives = directory.join(".archives");
    fs::create_dir_all(&archives)?;
    let names = [name.to_owned()];
    download(&[], &names, &archives).or_else(|_| {
        update()?;
        download(&[], &names, &archives)
    })?;
    for archive in archives_in(&archives)? {
        unpack(&archive, directory)?;
    }
    fs::remove_dir_all(&archives).context("cannot remove the downloaded archives")
}

fn download(options: &[String], names: &[String], directory: &Path) -> Result<()> {
    let mut command = apt_get(options);
    command.arg("download").args(names).current_dir(directory);
    process::quiet(&mut command)
}

fn apt_get(options: &[String]) -> Command {
    let mut command = Command::new("apt-get");
    command.args(options.iter().flat_map(|option| ["-o", option]));
    if nix::unistd::geteuid().is_root() {
        // apt's sandbox user cannot write into our cache, and apt would warn about it.
        command.args(["-o", "APT::Sandbox::User=root"]);
    }
    command
}

fn archives_in(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        // apt leaves a lock and a directory beside them.
        if path.extension().is_some_and(|extension| extension == "deb") {
            files.push(path);
        }
    }
    if files.is_empty() {
        bail!("apt-get download succeeded but left no file in {}", directory.display());
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stanza_is_parsed() {
        let text =
            "Package: kmod\nVersion: 1:30-1\nPre-Depends: init-x\nDepends: libc6 (>= 2.34), a:any | b\n b\n";
        let package = Package::parse(text).unwrap();
        assert_eq!(package.depends, ["init-x", "libc6", "a"]);
        assert_eq!(package.cache_name(), "kmod_1_30-1");
    }

    #[test]
    fn a_package_is_found_by_its_whole_name() {
        let text =
            "Package: linux-source-6.12\nVersion: 6.12.1\n\nPackage: linux-source-6.1\nVersion: 6.1.9\n";
        assert_eq!(
            Package::find("linux-source-6.1", text).map(|found| found.version).as_deref(),
            Some("6.1.9")
        );
        assert_eq!(Package::find("linux-source-6", text), None);
    }
}
