// SPDX-License-Identifier: MIT OR Apache-2.0
//! The file of a module: given as a path, or found by the module's name as modprobe finds it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use libmodfmt::module_name::is_module_name;
use libmodsys::{Kernel, files};
use modcli::{module_name, os_text};

/// `modules.dep` of a large distribution has 1 MB.
const MAX_INDEX_BYTES: u64 = 64 << 20;

/// The file that an argument stands for. A file of that name comes first.
pub(crate) fn of(kernel: &dyn Kernel, argument: &Path) -> Result<PathBuf> {
    let name = argument.to_str().filter(|name| is_module_name(name) && !argument.exists());
    let Some(name) = name else { return Ok(argument.to_owned()) };
    let folder = PathBuf::from("/lib/modules").join(kernel.release()?);
    let index = folder.join("modules.dep");
    let content = files::read_regular(&index, MAX_INDEX_BYTES)
        .with_context(|| format!("{name}: there is no such file, and {} cannot be read", os_text(&index)))?;
    let Some(path) = find(&String::from_utf8_lossy(&content), name) else {
        bail!("{name}: there is no such file, and no module of that name in {}", os_text(&folder));
    };
    Ok(folder.join(path))
}

/// Lines are `kernel/drivers/foo/foo-bar.ko.xz: kernel/...`.
fn find(index: &str, name: &str) -> Option<PathBuf> {
    let wanted = name.replace('-', "_");
    let paths = index.lines().filter_map(|line| line.split_once(':')).map(|(path, _)| path);
    let mut found = paths.filter(|path| {
        module_name::from_path(path.as_ref()).is_some_and(|own| own.replace('-', "_") == wanted)
    });
    found.next().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found_as_kbuild_names_them() {
        let index = "kernel/a/foo.ko:\nupdates/dkms/foo-bar.ko.xz: kernel/a/foo.ko\nbad line\n";
        assert_eq!(find(index, "foo_bar"), Some("updates/dkms/foo-bar.ko.xz".into()));
        assert_eq!(find(index, "foo"), Some("kernel/a/foo.ko".into()));
        assert_eq!(find(index, "bar"), None);
    }
}
