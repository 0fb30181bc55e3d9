// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cache of downloaded and built files, outside the checkout.
//!
//! An entry is a directory that is filled under a temporary name and then renamed. So an entry that exists is
//! complete, even if an earlier run was interrupted.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

/// The cache directory: `$MODPERSIST_CACHE`, or `modpersist` in the user's cache directory.
pub fn root() -> Result<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let root = variable("MODPERSIST_CACHE")
        .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("modpersist")))
        .or_else(|| Some(variable("HOME")?.join(".cache/modpersist")))
        .ok_or_else(|| {
            anyhow!("cannot find a cache directory (HOME is not set): set MODPERSIST_CACHE to a directory")
        })?;
    fs::create_dir_all(&root).with_context(|| {
        format!("cannot create the cache directory {}: set MODPERSIST_CACHE to another one", root.display())
    })?;
    fs::canonicalize(&root).with_context(|| format!("cannot resolve {}", root.display()))
}

/// The entry of this name. If it does not exist yet, `fill` fills it.
pub fn entry(name: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    entry_in(&root()?, name, fill)
}

/// The newest entry in a directory of the cache whose name starts with `prefix`.
pub fn newest(directory: &str, prefix: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(root().ok()?.join(directory)).ok()?;
    entries
        .filter_map(Result::ok)
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with(prefix) && !name.starts_with('.')
        })
        .max_by_key(|entry| entry.metadata().and_then(|data| data.modified()).ok())
        .map(|entry| entry.path())
}

fn entry_in(root: &Path, name: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let path = root.join(name);
    if path.is_dir() {
        return Ok(path);
    }
    let parent = path.parent().unwrap_or(root);
    let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    // The leading dot hides incomplete entries from `newest`.
    let partial = parent.join(format!(".{file_name}.{}", std::process::id()));
    fs::create_dir_all(&partial).with_context(|| format!("cannot create {}", partial.display()))?;
    let filled = fill(&partial).and_then(|()| publish(&partial, &path));
    if filled.is_err() {
        // Leftovers only cost space, and the original error matters more.
        let _ = fs::remove_dir_all(&partial);
    }
    filled.map(|()| path)
}

fn publish(partial: &Path, path: &Path) -> Result<()> {
    match fs::rename(partial, path) {
        // Another run has filled it in the meantime, which is just as good.
        Err(_) if path.is_dir() => Ok(fs::remove_dir_all(partial)?),
        result => result.with_context(|| format!("cannot move {} into place", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn a_failed_fill_leaves_nothing() {
        let root = std::env::temp_dir().join(format!("xtask-cache-{}", std::process::id()));
        let failed = entry_in(&root, "a/b", |dir| {
            fs::write(dir.join("half"), "x")?;
            bail!("cut off")
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_dir(root.join("a")).unwrap().count(), 0);

        let path = entry_in(&root, "a/b", |dir| Ok(fs::write(dir.join("whole"), "x")?)).unwrap();
        assert!(path.join("whole").exists() && !path.join("half").exists());
        let again = entry_in(&root, "a/b", |_| bail!("must not be filled twice")).unwrap();
        assert_eq!(again, path);
        fs::remove_dir_all(root).unwrap();
    }
}
