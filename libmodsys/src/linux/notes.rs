// SPDX-License-Identifier: MIT OR Apache-2.0
//! `/sys/module/NAME/notes/*`: the note sections of a loaded module, readable by anyone.

use std::collections::BTreeMap;
use std::path::Path;

use super::files;
use crate::SysError;

pub(super) fn read(directory: &Path) -> Result<BTreeMap<String, Vec<u8>>, SysError> {
    let Some(names) = files::if_there(files::names(directory))? else {
        return Ok(BTreeMap::new());
    };
    names
        .into_iter()
        .map(|name| {
            let content = files::read_attribute(&directory.join(&name))?;
            Ok((name, content))
        })
        .collect()
}
