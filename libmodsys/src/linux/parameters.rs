// SPDX-License-Identifier: MIT OR Apache-2.0
//! `/sys/module/NAME/parameters/*`: what the parameters of a module are now.

use std::collections::BTreeMap;
use std::path::Path;

use super::files;
use crate::SysError;

pub(super) fn read(directory: &Path) -> Result<BTreeMap<String, Vec<u8>>, SysError> {
    let Some(names) = files::if_there(files::names(directory))? else {
        return Ok(BTreeMap::new());
    };
    let mut found = BTreeMap::new();
    for name in names {
        match files::read(&directory.join(&name)) {
            Ok(mut value) => {
                if value.last() == Some(&b'\n') {
                    value.pop();
                }
                found.insert(name, value);
            }
            // Not every parameter can be read, even by root.
            Err(error) if error.is_denied() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}
