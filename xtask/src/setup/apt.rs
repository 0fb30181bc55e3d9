// SPDX-License-Identifier: MIT OR Apache-2.0
//! Packages by name, through the machine's own apt configuration.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

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
    /// Names it depends on, first alternatives only.
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

    /// A name for the package's directory in the cache.
    pub fn cache_name(&self) -> String {
        // An epoch's colon would split PATH-like lists and confuse make.
        format!("{}_{}", self.name, self.version.replace(':', "_"))
    }
}

/// `libfoo (>= 1) | libbar` is `libfoo`.
fn dependency(text: &str) -> Option<String> {
    let name = text.split_whitespace().next()?;
    Some(name.split(':').next().unwrap_or(name).to_owned())
}

/// Looks a package up. The lists are fetched where the machine has none yet.
pub fn package(name: &str) -> Result<Package> {
    if let Some(package) = lookup(name) {
        return Ok(package);
    }
    update()?;
    lookup(name)
        .ok_or_else(|| anyhow!("apt knows no package {name}; `apt-cache policy {name}` shows its view"))
}

/// Looks a package up in the lists that are there.
pub fn lookup(name: &str) -> Option<Package> {
    let mut show = Command::new("apt-cache");
    show.args(["show", "--no-all-versions", "--", name]);
    Package::parse(&process::output(&mut show).ok()?)
}

/// Fetches the package lists.
pub fn update() -> Result<()> {
    if process::find("apt-get").is_none() {
        return Err(Missing("this machine has no apt-get; a kernel can be given with --kernel".into()).into());
    }
    if !nix::unistd::geteuid().is_root() {
        return Err(Missing("not root; run this, then try again: sudo apt-get update".into()).into());
    }
    ui::step("apt-get update", || process::quiet(Command::new("apt-get").arg("update")))
}

/// A package and everything that it needs to run.
pub fn closure(name: &str) -> Result<Vec<String>> {
    let mut depends = Command::new("apt-cache");
    depends.args(["depends", "--recurse", "--important", "--", name]);
    let text = process::output(&mut depends)?;
    let is_name = |line: &&str| !line.starts_with([' ', '<', '|']) && !line.is_empty();
    Ok(text.lines().filter(is_name).map(|line| line.split(':').next().unwrap_or(line).to_owned()).collect())
}

/// Downloads packages and unpacks them over each other into `directory`.
pub fn unpack(names: &[String], directory: &Path) -> Result<()> {
    unpack_from(&[], names, directory, update)
}

/// The same with options for apt, and the function that fetches the lists for them.
pub fn unpack_from(
    options: &[String],
    names: &[String],
    directory: &Path,
    update: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let archives = directory.join(".archives");
    fs::create_dir_all(&archives)?;
    // A version that has been superseded is gone from the mirror: fetch the lists, retry.
    download(options, names, &archives).or_else(|error| match update() {
        Ok(()) => download(options, names, &archives),
        Err(_) => Err(error),
    })?;
    for archive in archives_in(&archives)? {
        process::quiet(Command::new("dpkg-deb").arg("-x").arg(&archive).arg(directory))?;
    }
    fs::remove_dir_all(&archives).context("cannot remove the downloaded archives")
}

/// Downloads one package and unpacks what `unpack` takes of its archive.
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
    let mut command = Command::new("apt-get");
    command.args(options.iter().flat_map(|option| ["-o", option]));
    if nix::unistd::geteuid().is_root() {
        // apt's own user cannot write into our cache, and warns about it.
        command.args(["-o", "APT::Sandbox::User=root"]);
    }
    command.arg("download").args(names).current_dir(directory);
    process::quiet(&mut command)
}

fn archives_in(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        files.push(entry?.path());
    }
    if files.is_empty() {
        bail!("apt-get download succeeded and left no file in {}", directory.display());
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stanza() {
        let text =
            "Package: kmod\nVersion: 1:30-1\nPre-Depends: init-x\nDepends: libc6 (>= 2.34), a:any | b\n b\n";
        let package = Package::parse(text).unwrap();
        assert_eq!(package.depends, ["init-x", "libc6", "a"]);
        assert_eq!(package.cache_name(), "kmod_1_30-1");
    }
}
