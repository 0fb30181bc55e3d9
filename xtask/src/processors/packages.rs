// SPDX-License-Identifier: MIT OR Apache-2.0
//! A processor's kernel, headers and busybox, unpacked into the cache.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow};

use super::table::Processor;
use crate::kernel::{distribution, headers};
use crate::setup::apt;
use crate::setup::release::{self, Release};
use crate::{cache, process, ui};

/// What one machine runs, and what its modules are built with.
pub struct Packages {
    /// The kernel's release.
    pub release: String,
    /// The kernel, as QEMU loads it.
    pub image: PathBuf,
    /// The build directory of the kernel's headers.
    pub build: PathBuf,
    /// A static busybox for the processor.
    pub busybox: PathBuf,
    /// The kernel's own modules.
    pub modules: Option<PathBuf>,
}

impl Packages {
    /// Fetches them, unless the cache has them.
    pub fn fetch(processor: &Processor) -> Result<Self> {
        let own = release::own_name()?;
        let name = processor.release.unwrap_or(&own);
        let backports = format!("{name}-backports");
        let suites: &[&str] = if processor.is_backport { &[name, &backports] } else { &[name] };
        let foreign = Release::of_suites_for(suites, processor.debian)?;
        let meta = format!("linux-image-{}", processor.flavour);
        let meta = match processor.is_backport {
            true => foreign.package_of(&backports, &meta)?,
            false => foreign.package(&meta)?,
        };
        let release = first(&meta, "linux-image-")?.trim_start_matches("linux-image-").to_owned();
        let image = foreign.package(&format!("linux-image-{release}"))?;
        let headers = foreign.package(&format!("linux-headers-{release}"))?;
        let directory = format!("linux-headers-{release}");
        let entry_name = format!("processors/{}_{}", processor.debian, image.cache_name());
        let home = cache::root()?.join(&entry_name);
        let entry = cache::entry(&entry_name, |partial| {
            let mut names = vec![headers.name.clone(), "busybox-static".to_owned()];
            names.extend(distribution::image_packages(&image));
            let is_common = |name: &&String| name.starts_with("linux-headers-") && name.ends_with("-common");
            names.extend(headers.depends.iter().filter(is_common).cloned());
            let what = format!("downloading Linux {release} and its headers for {}", processor.name);
            ui::step(&what, || foreign.unpack(&names, partial))?;
            let newer = Some(suites).filter(|_| name != own);
            host_tools(partial, &home, first(&headers, "linux-kbuild-")?, newer)?;
            headers::relocate(partial, &home, &directory).map(drop)
        })?;
        let image = distribution::image(&entry);
        let image = image.with_context(|| format!("{} has no kernel", entry.display()))?;
        let busybox = ["bin/busybox", "usr/bin/busybox"].map(|path| entry.join(path));
        let busybox = busybox.into_iter().find(|path| path.is_file()).context("busybox was not unpacked")?;
        let modules = distribution::modules(&entry, &release);
        Ok(Self { release, image, build: entry.join("usr/src").join(directory), busybox, modules })
    }
}

/// The first dependency whose name starts with `prefix`.
fn first<'p>(package: &'p apt::Package, prefix: &str) -> Result<&'p str> {
    let found = package.depends.iter().find(|name| name.starts_with(prefix));
    found
        .map(String::as_str)
        .ok_or_else(|| anyhow!("{} does not depend on any {prefix}* package", package.name))
}

/// The programs that build modules run on this machine, so they are this machine's. Those of a newer release
/// may need that release's C library.
fn host_tools(partial: &Path, home: &Path, kbuild: &str, newer: Option<&[&str]>) -> Result<()> {
    let Some(newer) = newer else { return apt::unpack(&[kbuild.to_owned()], partial) };
    let release = Release::of_suites(newer)?;
    release.unpack(&[kbuild.to_owned()], partial)?;
    let library = partial.join("libc");
    release.unpack(&["libc6".to_owned()], &library)?;
    let loader = find(&library, &|name| name.starts_with("ld-linux"))?.context("libc6 has no loader")?;
    let loader = home.join(loader.strip_prefix(partial)?);
    for program in programs(&partial.join("usr/lib").join(kbuild))? {
        if needs_newer_library(&program) {
            wrap(&program, &home.join(program.strip_prefix(partial)?), &loader)?;
        }
    }
    Ok(())
}

/// Every executable ELF file below a directory.
fn programs(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut left = vec![directory.to_owned()];
    while let Some(directory) = left.pop() {
        for entry in
            fs::read_dir(&directory).with_context(|| format!("cannot read {}", directory.display()))?
        {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                left.push(entry.path());
            } else if kind.is_file() && entry.metadata()?.permissions().mode() & 0o111 != 0 {
                let bytes = fs::read(entry.path())?;
                found.extend(bytes.starts_with(b"\x7fELF").then(|| entry.path()));
            }
        }
    }
    Ok(found)
}

fn find(directory: &Path, is_wanted: &dyn Fn(&str) -> bool) -> Result<Option<PathBuf>> {
    Ok(programs(directory)?
        .into_iter()
        .find(|path| path.file_name().is_some_and(|name| is_wanted(&name.to_string_lossy()))))
}

/// Whether the loader of this machine refuses the program.
fn needs_newer_library(program: &Path) -> bool {
    let mut list = Command::new("ldd");
    list.arg(program).stderr(Stdio::piped());
    process::raw(&mut list).is_ok_and(|output| {
        [output.stdout, output.stderr].iter().any(|text| String::from_utf8_lossy(text).contains("`GLIBC_"))
    })
}

/// Puts a script in the place of a program; it runs the program with the loader and library of its release.
fn wrap(program: &Path, final_path: &Path, loader: &Path) -> Result<()> {
    let renamed = |path: &Path| {
        path.with_file_name(format!("{}.elf", path.file_name().unwrap_or_default().to_string_lossy()))
    };
    fs::rename(program, renamed(program))?;
    let directory = loader.parent().context("the loader has no directory")?;
    let script = format!(
        "#!/bin/sh\nexec {} --library-path {} {} \"$@\"\n",
        loader.display(),
        directory.display(),
        renamed(final_path).display()
    );
    fs::write(program, script)?;
    fs::set_permissions(program, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot make {} executable", program.display()))
}
