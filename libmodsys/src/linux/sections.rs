// SPDX-License-Identifier: MIT OR Apache-2.0
//! `/sys/module/NAME/sections/*`: where the kernel put each section of a module.

use std::path::Path;

use super::files;
use crate::{Section, SectionAddress, SysError};

pub(super) fn read(directory: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Section>, SysError> {
    let Some(mut names) = files::if_there(files::names(directory))? else {
        return Ok(Vec::new());
    };
    names.retain(|name| wanted(name));
    names.sort();
    names
        .into_iter()
        .map(|name| {
            let address = address(&directory.join(&name))?;
            Ok(Section { name, address })
        })
        .collect()
}

fn address(path: &Path) -> Result<SectionAddress, SysError> {
    let text = match files::line(path) {
        Ok(text) => text,
        Err(error) if error.is_denied() => return Ok(SectionAddress::Denied),
        Err(error) => return Err(error),
    };
    let digits = text.strip_prefix("0x").unwrap_or(&text);
    match u64::from_str_radix(digits, 16) {
        // No section is at 0: the kernel hides the address.
        Ok(0) => Ok(SectionAddress::Hidden),
        Ok(address) => Ok(SectionAddress::Known(address)),
        Err(_) => Err(files::unknown(path, &text)),
    }
}
