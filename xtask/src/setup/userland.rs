// SPDX-License-Identifier: MIT OR Apache-2.0
//! Programs for the guest that are not ours: kmod, to compare with, and busybox.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::apt;
use super::release::Release;
use crate::{cache, process, ui};

/// Where the programs are on this machine.
pub struct Userland {
    /// A static busybox.
    pub busybox: PathBuf,
    /// kmod; which tool it is depends on the name it is called by.
    pub kmod: PathBuf,
    /// kmod's libraries, with the path that each has in the guest.
    pub libraries: Vec<(String, PathBuf)>,
    /// kmod 34 with its own loader and libraries, by file name. Empty where the newer release cannot be had.
    pub kmod34: Vec<PathBuf>,
}

/// The release of Debian that has kmod 34.
const NEWER: &str = "trixie";

/// What kmod 34 needs to run: the xz decoder is loaded on demand, so that no list of libraries has it.
const KMOD34: &[&str] = &["kmod", "libkmod2", "libc6", "libssl3t64", "zlib1g", "libzstd1", "liblzma5"];

/// Its files.
const KMOD34_FILES: &[&str] = &[
    "usr/bin/kmod",
    "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
    "usr/lib/x86_64-linux-gnu/libc.so.6",
    "usr/lib/x86_64-linux-gnu/libcrypto.so.3",
    "usr/lib/x86_64-linux-gnu/liblzma.so.5",
    "usr/lib/x86_64-linux-gnu/libz.so.1",
    "usr/lib/x86_64-linux-gnu/libzstd.so.1",
];

impl Userland {
    /// Fetches them.
    pub fn fetch() -> Result<Self> {
        let busybox = fetch("busybox-static", &["busybox-static".to_owned()])?;
        let kmod_root = fetch("kmod", &kmod_packages()?)?;
        let kmod = first_file(&kmod_root, &["usr/bin/kmod", "bin/kmod"])?;
        let libraries = libraries(&kmod_root, &kmod)?;
        let kmod34 = fetch_kmod34().unwrap_or_else(|error| {
            ui::line(&format!("no kmod 34 to compare with: {error:#}"));
            Vec::new()
        });
        Ok(Self {
            busybox: first_file(&busybox, &["usr/bin/busybox", "bin/busybox"])?,
            kmod,
            libraries,
            kmod34,
        })
    }
}

impl Userland {
    /// One of kmod's tools, run on this machine by the package's own loader and with its libraries.
    pub fn kmod_tool(&self, name: &str) -> Result<Command> {
        let mut places: Vec<&Path> = self.libraries.iter().filter_map(|(_, file)| file.parent()).collect();
        places.sort();
        places.dedup();
        let (_, loader) = self.libraries.first().context("kmod came without a loader")?;
        let mut command = Command::new(loader);
        command.arg("--inhibit-cache").arg("--library-path").arg(std::env::join_paths(places)?);
        command.args(["--argv0", name]).arg(&self.kmod);
        Ok(command)
    }
}

/// kmod and its libraries, as packages: what this machine has installed does not matter.
fn kmod_packages() -> Result<Vec<String>> {
    if apt::lookup("kmod").is_none() {
        return Ok(vec!["kmod".to_owned()]);
    }
    let mut names = apt::closure("kmod")?;
    names.retain(|name| name == "kmod" || name.starts_with("lib"));
    Ok(names)
}

fn fetch(name: &str, packages: &[String]) -> Result<PathBuf> {
    let package = match (apt::lookup(name), cache::newest("packages", &format!("{name}_"))) {
        (Some(package), _) => package,
        // No lists (a new container, say), but an older run has fetched it.
        (None, Some(entry)) => return Ok(entry),
        (None, None) => apt::package(name)?,
    };
    cache::entry(&format!("packages/{}", package.cache_name()), |directory| {
        ui::step(&format!("fetching {name} for the guest"), || apt::unpack(packages, directory))
    })
}

fn fetch_kmod34() -> Result<Vec<PathBuf>> {
    let entry = match cache::newest("packages", &format!("{NEWER}-kmod")) {
        Some(entry) => entry,
        None => cache::entry(&format!("packages/{NEWER}-kmod"), |directory| {
            let names: Vec<String> = KMOD34.iter().map(|name| (*name).to_owned()).collect();
            let release = Release::named(NEWER)?;
            ui::step("fetching kmod 34 for the guest", || release.unpack(&names, directory))
        })?,
    };
    KMOD34_FILES.iter().map(|file| first_file(&entry, &[file])).collect()
}

fn first_file(root: &Path, candidates: &[&str]) -> Result<PathBuf> {
    match candidates.iter().map(|name| root.join(name)).find(|path| path.is_file()) {
        Some(path) => Ok(path),
        None => bail!("{} has none of {}", root.display(), candidates.join(", ")),
    }
}

/// Asks the package's own dynamic loader which libraries it would load.
fn libraries(root: &Path, program: &Path) -> Result<Vec<(String, PathBuf)>> {
    const LOADER: &str = "lib64/ld-linux-x86-64.so.2";
    let loader = first_file(
        root,
        &[LOADER, "usr/lib64/ld-linux-x86-64.so.2", "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"],
    )?;
    let places = ["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"].map(|place| root.join(place));
    let path = std::env::join_paths(places)?;
    let mut list = Command::new(&loader);
    list.arg("--inhibit-cache").arg("--library-path").arg(path).arg("--list").arg(program);
    let text = process::output(&mut list).context("cannot list kmod's libraries")?;
    let mut found = vec![(LOADER.to_owned(), loader)];
    for line in text.lines() {
        let Some((name, rest)) = line.split_once(" => ") else { continue };
        let file = PathBuf::from(rest.split(" (").next().unwrap_or(rest).trim());
        if name.trim().starts_with('/') {
            continue; // the loader itself
        }
        found.push((format!("lib/x86_64-linux-gnu/{}", name.trim()), file));
    }
    Ok(found)
}
