// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which files are installed, and where.

use std::fs;
use std::io::Write;

use anyhow::{Context, Result};
use clap::Command;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::release::VERSION;
use super::{completions, pages};
use crate::workspace;

/// One file or link.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its path below the root, without a leading slash.
    pub path: String,
    /// What it is.
    pub kind: Kind,
}

/// What an entry is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A file with these permissions.
    File { mode: u32, content: Vec<u8> },
    /// A symbolic link.
    Link(&'static str),
}

/// Which archive the files are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// The Debian package: system paths, with insmod and rmmod aside until they are taken over.
    Package,
    /// The tarball: paths below the prefix of `install.sh`.
    Tarball,
}

/// What is built before an archive can be made.
pub struct Parts<'parts> {
    /// The programs, with their names.
    pub programs: &'parts [(&'static str, Vec<u8>)],
    /// The notices of what is linked into them.
    pub notices: &'parts [u8],
}

/// Documents at the top of the tarball.
const DOCUMENTS: &[&str] =
    &["README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE-MIT", "LICENSE-APACHE", "COPYING"];

/// What name_token is built from, beside dkms.conf.
const NAME_TOKEN: &[&str] = &[
    "Kbuild",
    "Makefile",
    "linux/name_token.h",
    "name_token_main.c",
    "name_token_test.c",
    "name_token_test.h",
];

/// Folders that the README has links to.
const LINKED: &[&str] = &["docs", "kernel/examples"];

fn file(path: impl Into<String>, content: Vec<u8>) -> Entry {
    Entry { path: path.into(), kind: Kind::File { mode: 0o644, content } }
}

fn program(path: impl Into<String>, content: Vec<u8>) -> Entry {
    Entry { path: path.into(), kind: Kind::File { mode: 0o755, content } }
}

/// Compresses with gzip. The same input yields the same output.
pub fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

fn source(path: &str) -> Result<Vec<u8>> {
    fs::read(workspace::root().join(path)).with_context(|| format!("cannot read {path}"))
}

impl Layout {
    /// What precedes `lib/`, `share/` and the like.
    fn prefix(self) -> &'static str {
        match self {
            Self::Package => "usr/",
            Self::Tarball => "",
        }
    }

    /// Whether a command is installed aside, because kmod has one of the same name.
    fn is_aside(self, command: &str) -> bool {
        self == Self::Package && matches!(command, "insmod" | "rmmod")
    }

    fn program(self, name: &str) -> String {
        let place = if self.is_aside(name) { "lib/modpersist" } else { "sbin" };
        format!("{}{place}/{name}", self.prefix())
    }

    fn page(self, name: &str) -> String {
        let place = if self.is_aside(name) { "lib/modpersist/man" } else { "share/man/man8" };
        format!("{}{place}/{name}.8.gz", self.prefix())
    }

    /// The path of a completion script, whose name tells the shell.
    fn completion(self, command: &str, script: &str) -> String {
        let prefix = self.prefix();
        if self.is_aside(command) {
            format!("{prefix}lib/modpersist/completions/{script}")
        } else if let Some(tool) = script.strip_suffix(".bash") {
            format!("{prefix}share/bash-completion/completions/{tool}")
        } else if script.ends_with(".fish") {
            format!("{prefix}share/fish/vendor_completions.d/{script}")
        } else {
            // Debian's zsh has a separate directory for packages.
            let place = if self == Self::Package { "vendor-completions" } else { "site-functions" };
            format!("{prefix}share/zsh/{place}/{script}")
        }
    }
}

/// All files, sorted by path.
pub fn files(parts: &Parts<'_>, layout: Layout) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for (name, content) in parts.programs {
        entries.push(program(layout.program(name), content.clone()));
    }
    for command in pages::commands() {
        entries.extend(about(&command, layout)?);
    }
    let prefix = layout.prefix();
    for page in pages::BY_HAND {
        if layout == Layout::Package || *page != pages::TAKEOVER {
            entries.push(hand_written(page, layout)?);
        }
    }
    entries.push(file(format!("{prefix}include/modpersist/persistent.h"), source("kernel/persistent.h")?));
    entries.extend(name_token(layout)?);
    entries.push(file("etc/modpersist.conf", source("packaging/modpersist.conf")?));
    entries.push(file(format!("{prefix}lib/tmpfiles.d/modpersist.conf"), source("packaging/tmpfiles.conf")?));
    entries.extend(match layout {
        Layout::Package => only_in_package(parts.notices)?,
        Layout::Tarball => only_in_tarball(parts.notices)?,
    });
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(entries)
}

/// The module name_token as source, where dkms looks for it, and its header for authors.
fn name_token(layout: Layout) -> Result<Vec<Entry>> {
    let prefix = layout.prefix();
    let folder = match layout {
        Layout::Package => format!("usr/src/name_token-{VERSION}"),
        Layout::Tarball => "share/modpersist/name_token".to_owned(),
    };
    let mut entries = Vec::new();
    for name in NAME_TOKEN {
        entries.push(file(format!("{folder}/{name}"), source(&format!("kernel/modules/name_token/{name}"))?));
    }
    let dkms = String::from_utf8(source("kernel/modules/name_token/dkms.conf")?)?;
    entries.push(file(format!("{folder}/dkms.conf"), dkms.replace("@VERSION@", VERSION).into_bytes()));
    let header = source("kernel/modules/name_token/linux/name_token.h")?;
    entries.push(file(format!("{prefix}include/modpersist/linux/name_token.h"), header));
    Ok(entries)
}

/// A command's manual page and completions.
fn about(command: &Command, layout: Layout) -> Result<Vec<Entry>> {
    let name = command.get_name();
    let mut entries = vec![file(layout.page(name), gzip(&pages::page(command)?)?)];
    for (script, content) in completions::scripts(command) {
        entries.push(file(layout.completion(name, &script), content));
    }
    Ok(entries)
}

fn hand_written(page: &str, layout: Layout) -> Result<Entry> {
    let section = page.rsplit('.').next().unwrap_or_default();
    let path = format!("{}share/man/man{section}/{page}.gz", layout.prefix());
    Ok(file(path, gzip(&pages::hand_written(page)?)?))
}

/// Files that need dpkg, or that only Debian packages have.
fn only_in_package(notices: &[u8]) -> Result<Vec<Entry>> {
    let mut entries = vec![
        program("usr/sbin/modpersist-takeover", source("packaging/modpersist-takeover")?),
        program("usr/share/initramfs-tools/hooks/modpersist", source("packaging/initramfs-hook")?),
        file("usr/share/doc/modpersist/copyright", source("packaging/copyright")?),
        file("usr/share/doc/modpersist/changelog.gz", gzip(&source("packaging/changelog")?)?),
        file("usr/share/doc/modpersist/THIRD-PARTY.txt.gz", gzip(notices)?),
        file("usr/share/lintian/overrides/modpersist", source("packaging/deb/overrides")?),
    ];
    for tool in ["insmod", "rmmod"] {
        let path = format!("usr/lib/modpersist/kmod/{tool}");
        entries.push(Entry { path, kind: Kind::Link("/bin/kmod") });
    }
    Ok(entries)
}

/// The documents for those who unpack the tarball, and the script that installs the rest.
fn only_in_tarball(notices: &[u8]) -> Result<Vec<Entry>> {
    let mut entries = vec![
        program("install.sh", source("packaging/install.sh")?),
        file("THIRD-PARTY.txt", notices.to_vec()),
    ];
    for document in DOCUMENTS {
        entries.push(file(*document, source(document)?));
    }
    for folder in LINKED {
        let path = workspace::root().join(folder);
        for found in fs::read_dir(&path).with_context(|| format!("cannot read {}", path.display()))? {
            let name = found?.file_name().to_string_lossy().into_owned();
            // Not files that a build left there.
            let is_source = name.ends_with(".md") || name.ends_with(".c") && !name.ends_with(".mod.c");
            if is_source || matches!(name.as_str(), "Kbuild" | "Makefile") {
                let path = format!("{folder}/{name}");
                let content = source(&path)?;
                entries.push(file(path, content));
            }
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(layout: Layout) -> Vec<String> {
        let programs = ["insmod", "rmmod", "modpersist", "ksymoops"].map(|name| (name, Vec::new()));
        let parts = Parts { programs: &programs, notices: b"" };
        files(&parts, layout).unwrap().into_iter().map(|entry| entry.path).collect()
    }

    #[test]
    fn the_package_leaves_kmods_paths_alone() {
        let paths = paths(Layout::Package);
        for of_kmod in [
            "usr/sbin/insmod",
            "usr/share/man/man8/rmmod.8.gz",
            "usr/share/bash-completion/completions/rmmod",
        ] {
            assert!(!paths.iter().any(|path| path == of_kmod), "{of_kmod}");
        }
        let dkms = format!("usr/src/name_token-{VERSION}/dkms.conf");
        for path in [
            "usr/lib/modpersist/insmod",
            "usr/sbin/ksymoops",
            "usr/share/doc/modpersist/THIRD-PARTY.txt.gz",
            "usr/include/modpersist/linux/name_token.h",
            &dkms,
        ] {
            assert!(paths.iter().any(|own| own == path), "no {path}");
        }
        assert!(
            paths.iter().all(|path| path.starts_with("usr/") || path == "etc/modpersist.conf"),
            "{paths:?}"
        );
    }

    #[test]
    fn the_tarball_has_all_commands_and_its_script_installs_them() {
        let paths = paths(Layout::Tarball);
        for path in
            ["sbin/insmod", "sbin/ksymoops", "share/man/man8/insmod.8.gz", "share/man/man7/persistent.7.gz"]
        {
            assert!(paths.iter().any(|own| own == path), "no {path}");
        }
        let script = String::from_utf8(source("packaging/install.sh").unwrap()).unwrap();
        for path in paths.iter().filter(|path| path.contains('/')) {
            let folder = path.split('/').next().unwrap();
            let is_document = matches!(folder, "docs" | "kernel" | "etc");
            assert!(
                is_document || script.contains(&format!(" {folder} ")),
                "install.sh does not install {path}"
            );
        }
        assert!(!paths.iter().any(|path| path.contains("takeover")), "it needs dpkg");
    }
}
