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
            // Not every parameter can be read, even by root. The module's own function gives any error.
            Err(error) if error.is_denied() => {}
            Err(SysError::Read { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn one_that_cannot_be_read_does_not_hide_the_others() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("size"), "7\n").unwrap();
        fs::write(folder.path().join("label"), "a b\n\n").unwrap();
        // A directory can be opened, but not read.
        fs::create_dir(folder.path().join("broken")).unwrap();
        let wanted = [("label".to_owned(), b"a b\n".to_vec()), ("size".to_owned(), b"7".to_vec())];
        assert_eq!(read(folder.path()).unwrap(), BTreeMap::from(wanted));
        assert_eq!(read(&folder.path().join("none")).unwrap(), BTreeMap::new());
    }
}
