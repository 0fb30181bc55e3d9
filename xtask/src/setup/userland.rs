// SPDX-License-Identifier: MIT OR Apache-2.0
//! The guest's third-party programs: busybox, and kmod to compare with.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::release::{self, Release};
use super::{apt, libraries};
use crate::processors::Processor;
use crate::{cache, process, ui};

/// Paths of the programs on this machine.
pub struct Userland {
    /// A static busybox.
    pub busybox: PathBuf,
    /// kmod, which acts as the tool whose name it is called by.
    pub kmod: PathBuf,
    /// kmod's libraries, each with its path in the guest.
    pub libraries: Vec<(String, PathBuf)>,
    /// kmod 34 with its own loader and libraries. Empty if the newer release is not available.
    pub kmod34: Vec<PathBuf>,
}

/// The release of Debian that has kmod 34.
const NEWER: &str = "trixie";

/// The packages that kmod 34 needs. It loads the xz decoder on demand, so dependency lists do not show it.
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
    /// Fetches them, for this machine's processor or another.
    pub fn fetch(processor: Option<&Processor>) -> Result<Self> {
        let mut userland = Self::with_one_kmod(processor)?;
        if processor.is_none() {
            userland.kmod34 = fetch_kmod34().unwrap_or_else(|error| {
                ui::line(&format!("kmod 34 is not available, so comparisons with it are skipped: {error:#}"));
                Vec::new()
            });
        }
        Ok(userland)
    }

    /// The same without kmod 34.
    pub fn with_one_kmod(processor: Option<&Processor>) -> Result<Self> {
        if let Some(processor) = processor {
            return Self::of_processor(processor);
        }
        let busybox = fetch("busybox-static", &["busybox-static".to_owned()])?;
        let kmod_root = fetch("kmod", &kmod_packages()?)?;
        let kmod = first_file(&kmod_root, &["usr/bin/kmod", "bin/kmod"])?;
        let libraries = libraries(&kmod_root, &kmod)?;
        Ok(Self {
            busybox: first_file(&busybox, &["usr/bin/busybox", "bin/busybox"])?,
            kmod,
            libraries,
            kmod34: Vec::new(),
        })
    }

    fn of_processor(processor: &Processor) -> Result<Self> {
        let own = release::own_name()?;
        let release = Release::of_architecture(processor.release.unwrap_or(&own), processor.debian)?;
        let package = release.package("kmod")?;
        let name = format!("packages/{}-{}", processor.debian, package.cache_name());
        let root = cache::entry(&name, |directory| {
            let names = ["busybox-static", "kmod"].map(str::to_owned);
            let what = format!("downloading busybox and kmod for {}", processor.name);
            ui::step(&what, || release.unpack_whole(&names, directory))
        })?;
        let kmod = first_file(&root, &["usr/bin/kmod", "bin/kmod"])?;
        Ok(Self {
            busybox: first_file(&root, &["usr/bin/busybox", "bin/busybox"])?,
            libraries: libraries::needed(&root, &kmod)?,
            kmod,
            kmod34: Vec::new(),
        })
    }
}

impl Userland {
    /// One of kmod's tools, run on this machine by the package's own loader and with its libraries.
    pub fn kmod_tool(&self, name: &str) -> Result<Command> {
        let mut places: Vec<&Path> = self.libraries.iter().filter_map(|(_, file)| file.parent()).collect();
        places.sort();
        places.dedup();
        let (_, loader) =
            self.libraries.first().context("the kmod package's dynamic loader was not found")?;
        let mut command = Command::new(loader);
        command.arg("--inhibit-cache").arg("--library-path").arg(std::env::join_paths(places)?);
        command.args(["--argv0", name]).arg(&self.kmod);
        Ok(command)
    }
}

/// The packages of kmod and its libraries, whether or not they are installed on this machine.
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
        // No package lists (in a new container, say), but an earlier run has fetched it.
        (None, Some(entry)) => return Ok(entry),
        (None, None) => apt::package(name)?,
    };
    cache::entry(&format!("packages/{}", package.cache_name()), |directory| {
        ui::step(&format!("downloading {name} for the guest"), || apt::unpack(packages, directory))
    })
}

fn fetch_kmod34() -> Result<Vec<PathBuf>> {
    let entry = match cache::newest("packages", &format!("{NEWER}-kmod")) {
        Some(entry) => entry,
        None => cache::entry(&format!("packages/{NEWER}-kmod"), |directory| {
            let names: Vec<String> = KMOD34.iter().map(|name| (*name).to_owned()).collect();
            let release = Release::named(NEWER)?;
            ui::step("downloading kmod 34 for the guest", || release.unpack(&names, directory))
        })?,
    };
    KMOD34_FILES.iter().map(|file| first_file(&entry, &[file])).collect()
}

fn first_file(root: &Path, candidates: &[&str]) -> Result<PathBuf> {
    match candidates.iter().map(|name| root.join(name)).find(|path| path.is_file()) {
        Some(path) => Ok(path),
        None => bail!("{} contains none of {}", root.display(), candidates.join(", ")),
    }
}

/// The libraries that the package's own dynamic loader would load.
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
