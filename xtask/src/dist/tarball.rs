// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tar archives: the tarball, and the parts of the Debian package.
//!
//! Owner, time and order are fixed, so that the same input yields the same bytes.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use tar::{Builder, EntryType, Header};

use super::installed_files::{Entry, Kind, gzip};
use super::release::TIME;

/// A compressed archive of the files and their directories, all in the folder `top` if one is given.
pub fn make(tree: &[Entry], top: Option<&str>) -> Result<Vec<u8>> {
    gzip(&archive(tree, top)?)
}

fn archive(tree: &[Entry], top: Option<&str>) -> Result<Vec<u8>> {
    let mut builder = Builder::new(Vec::new());
    for directory in directories(tree, top) {
        let mut header = header(EntryType::Directory, 0o755, 0);
        builder.append_data(&mut header, format!("{directory}/"), std::io::empty())?;
    }
    for entry in tree {
        let path = within(top, &entry.path);
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

/// Every directory that is not empty, parents first.
fn directories(tree: &[Entry], top: Option<&str>) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = top.map(str::to_owned).into_iter().collect();
    for entry in tree {
        for directory in Path::new(&entry.path).ancestors().skip(1) {
            let name = directory.to_string_lossy();
            if !name.is_empty() {
                all.insert(within(top, &name));
            }
        }
    }
    all
}

/// The path of a file or directory in the archive.
fn within(top: Option<&str>, path: &str) -> String {
    top.map_or_else(|| path.to_owned(), |top| format!("{top}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(top: Option<&str>) -> Vec<String> {
        let kind = Kind::File { mode: 0o644, content: b"x".to_vec() };
        let tree = [Entry { path: "share/man/page".to_owned(), kind }];
        let archive = archive(&tree, top).unwrap();
        let mut reader = tar::Archive::new(archive.as_slice());
        let entries = reader.entries().unwrap();
        entries.map(|entry| String::from_utf8_lossy(&entry.unwrap().path_bytes()).into_owned()).collect()
    }

    #[test]
    fn everything_is_in_the_top_folder() {
        assert_eq!(names(Some("top")), ["top/", "top/share/", "top/share/man/", "top/share/man/page"]);
    }

    #[test]
    fn a_package_has_its_paths_from_the_root() {
        assert_eq!(names(None), ["share/", "share/man/", "share/man/page"]);
    }
}
