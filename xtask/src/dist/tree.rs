// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is installed, and where.

use std::fs;
use std::io::Write;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::{complete, pages};
use crate::workspace;

/// One file or link.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its place below the root, without a slash before it.
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

fn file(path: impl Into<String>, content: Vec<u8>) -> Entry {
    Entry { path: path.into(), kind: Kind::File { mode: 0o644, content } }
}

fn program(path: impl Into<String>, content: Vec<u8>) -> Entry {
    Entry { path: path.into(), kind: Kind::File { mode: 0o755, content } }
}

/// Bytes in gzip's format, the same for the same bytes.
pub fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

fn source(path: &str) -> Result<Vec<u8>> {
    fs::read(workspace::root().join(path)).with_context(|| format!("cannot read {path}"))
}

/// All of it, in the order of the paths.
pub fn files(programs: &[(&str, Vec<u8>)]) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for (name, content) in programs {
        // insmod and rmmod are kmod's until they are taken over.
        let place = if matches!(*name, "insmod" | "rmmod") { "usr/lib/modpersist" } else { "usr/sbin" };
        entries.push(program(format!("{place}/{name}"), content.clone()));
    }
    for tool in ["insmod", "rmmod"] {
        entries
            .push(Entry { path: format!("usr/lib/modpersist/kmod/{tool}"), kind: Kind::Link("/bin/kmod") });
    }
    for command in pages::commands() {
        let name = command.get_name();
        let page = gzip(&pages::page(&command)?)?;
        let is_kmods = matches!(name, "insmod" | "rmmod");
        let place = if is_kmods { "usr/lib/modpersist/man" } else { "usr/share/man/man8" };
        entries.push(file(format!("{place}/{name}.8.gz"), page));
        for (completion, script) in complete::scripts(&command) {
            let place = if is_kmods {
                format!("usr/lib/modpersist/completions/{completion}")
            } else if let Some(tool) = completion.strip_suffix(".bash") {
                format!("usr/share/bash-completion/completions/{tool}")
            } else if completion.ends_with(".fish") {
                format!("usr/share/fish/vendor_completions.d/{completion}")
            } else {
                format!("usr/share/zsh/vendor-completions/{completion}")
            };
            entries.push(file(place, script));
        }
    }
    for page in pages::BY_HAND {
        let section = page.rsplit('.').next().unwrap_or_default();
        entries
            .push(file(format!("usr/share/man/man{section}/{page}.gz"), gzip(&pages::hand_written(page)?)?));
    }
    entries.push(program("usr/sbin/modpersist-takeover", source("packaging/modpersist-takeover")?));
    entries.push(program("usr/share/initramfs-tools/hooks/modpersist", source("packaging/initramfs-hook")?));
    entries.push(file("usr/include/modpersist/persistent.h", source("kernel/persistent.h")?));
    entries.push(file("etc/modpersist.conf", source("packaging/modpersist.conf")?));
    entries.push(file("usr/lib/tmpfiles.d/modpersist.conf", source("packaging/tmpfiles.conf")?));
    entries.push(file("usr/share/doc/modpersist/copyright", source("packaging/copyright")?));
    entries.push(file("usr/share/doc/modpersist/changelog.gz", gzip(&source("packaging/changelog")?)?));
    entries.push(file("usr/share/lintian/overrides/modpersist", source("packaging/deb/overrides")?));
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(entries)
}
