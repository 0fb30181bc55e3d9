// SPDX-License-Identifier: MIT OR Apache-2.0
//! The headers of a kernel, in a folder.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use libmodsys::files;
use modcli::os_text;

/// No header comes near it.
const MAX_HEADER_BYTES: u64 = 16 << 20;

/// A kernel's headers: the configured ones, and where the rest is.
pub(super) struct Headers {
    folders: Vec<PathBuf>,
}

impl Headers {
    /// `folder` is what `make -C` is given: `/lib/modules/RELEASE/build`.
    pub(super) fn new(folder: &Path) -> Result<Self> {
        if !folder.is_dir() {
            bail!("{}: is no folder with a kernel's headers", os_text(folder));
        }
        let mut folders = vec![folder.to_owned(), folder.join("source")];
        // Debian's headers of one flavour include the makefile of those of all flavours.
        let makefile = read(&folder.join("Makefile"));
        let included = makefile.lines().filter_map(|line| line.strip_prefix("include "));
        folders.extend(
            included.filter_map(|path| Path::new(path.trim()).parent()).map(|path| folder.join(path)),
        );
        Ok(Self { folders })
    }

    /// The text of a header; empty if there is none.
    pub(super) fn text(&self, path: &str) -> String {
        let texts = self.folders.iter().map(|folder| read(&folder.join(path)));
        texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
    }
}

fn read(path: &Path) -> String {
    let content = files::read_regular(path, MAX_HEADER_BYTES).unwrap_or_default();
    String::from_utf8_lossy(&content).into_owned()
}
