// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tar archives of the tree: the tarball itself, and the data part of the Debian package.
//!
//! Owner, time and order are fixed, so that the same input gives the same bytes.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use tar::{Builder, EntryType, Header};

use super::TIME;
use super::tree::{Entry, Kind, gzip};

/// The tree as a compressed archive, directories included.
pub fn make(tree: &[Entry]) -> Result<Vec<u8>> {
    gzip(&archive(tree)?)
}

fn archive(tree: &[Entry]) -> Result<Vec<u8>> {
    let mut builder = Builder::new(Vec::new());
    for directory in directories(tree) {
        let mut header = header(EntryType::Directory, 0o755, 0);
        builder.append_data(&mut header, format!("./{directory}/"), std::io::empty())?;
    }
    for entry in tree {
        let path = format!("./{}", entry.path);
        match &entry.kind {
            Kind::File { mode, content } => {
                let mut header = header(EntryType::Regular, *mode, content.len());
                builder.append_data(&mut header, path, content.as_slice())?;
            }
            Kind::Link(target) => {
                builder.append_link(&mut header(EntryType::Symlink, 0o777, 0), path, target)?;
            }
        }
    }
    Ok(builder.into_inner()?)
}

fn header(kind: EntryType, mode: u32, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(TIME);
    header.set_size(size as u64);
    header
}

/// Every directory that holds something, outer ones first.
fn directories(tree: &[Entry]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for entry in tree {
        for directory in Path::new(&entry.path).ancestors().skip(1) {
            let name = directory.to_string_lossy();
            if !name.is_empty() {
                all.insert(name.into_owned());
            }
        }
    }
    all
}
