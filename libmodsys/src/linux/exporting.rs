// SPDX-License-Identifier: MIT OR Apache-2.0
//! A module file of the running release that exports symbols.
//!
//! `modules.dep` names one: a module that another depends on exports something.

use std::collections::BTreeSet;
use std::path::Path;

use super::files;
use crate::{InstalledModule, SysError};

/// How many of the files to try: `modules.dep` may be out of date.
const MAX_ATTEMPTS: usize = 16;

pub(super) fn find(directory: &Path) -> Result<Option<InstalledModule>, SysError> {
    let Some(text) = files::read_if_there(&directory.join("modules.dep"))? else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&text);
    let mut seen = BTreeSet::new();
    let needed =
        text.lines().filter_map(|line| line.split_once(':')).flat_map(|(_, needs)| needs.split_whitespace());
    // In-tree modules first: an out-of-tree one may have been built for another kernel.
    let (in_tree, other): (Vec<_>, Vec<_>) =
        needed.filter(|name| seen.insert(*name)).partition(|name| name.starts_with("kernel/"));
    for name in in_tree.into_iter().chain(other).take(MAX_ATTEMPTS) {
        let path = directory.join(name);
        if let Some(content) = files::read_if_there(&path)? {
            return Ok(Some(InstalledModule { path, content }));
        }
    }
    Ok(None)
}
