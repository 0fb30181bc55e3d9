// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Debian package: an `ar` archive of a version, a control part and a data part.

use std::fs;

use anyhow::{Context, Result};
use ar::{Builder, Header};

use super::installed_files::{Entry, Kind};
use super::release::TIME;
use super::tarball;
use crate::workspace;

/// Files of the control part, and whether each is a script.
const CONTROL: &[(&str, bool)] =
    &[("control", false), ("conffiles", false), ("triggers", false), ("prerm", true), ("postrm", true)];

/// The bytes of the package, for an architecture by Debian's name.
pub fn make(tree: &[Entry], version: &str, architecture: &str) -> Result<Vec<u8>> {
    let mut archive = Builder::new(Vec::new());
    let parts = [
        ("debian-binary", b"2.0\n".to_vec()),
        ("control.tar.gz", tarball::make(&control(tree, version, architecture)?, None)?),
        ("data.tar.gz", tarball::make(tree, None)?),
    ];
    for (name, content) in parts {
        let mut header = Header::new(name.as_bytes().to_vec(), content.len() as u64);
        header.set_mode(0o100_644);
        header.set_mtime(TIME);
        archive.append(&header, content.as_slice())?;
    }
    Ok(archive.into_inner()?)
}

fn control(tree: &[Entry], version: &str, architecture: &str) -> Result<Vec<Entry>> {
    let size = |entry: &Entry| match &entry.kind {
        Kind::File { content, .. } => content.len().div_ceil(1024),
        Kind::Link(_) => 1,
    };
    let kib: usize = tree.iter().map(size).sum();
    let part = |(name, script): &(&str, bool)| {
        let path = workspace::root().join("packaging/deb").join(name);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let text = text
            .replace("@VERSION@", version)
            .replace("@ARCHITECTURE@", architecture)
            .replace("@SIZE@", &kib.to_string());
        let mode = if *script { 0o755 } else { 0o644 };
        Ok(Entry { path: (*name).to_owned(), kind: Kind::File { mode, content: text.into_bytes() } })
    };
    CONTROL.iter().map(part).collect()
}
