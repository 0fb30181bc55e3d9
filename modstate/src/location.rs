// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which file the parameters of a loaded module are saved to, and which of them.
//!
//! modutils kept this as a symbol of the kernel. Here it is a small file under `/run`, with the path in its first line and a name in each other one; no
//! names stand for all parameters.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::{Places, StateError};

/// What is known of one loaded module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file.
    pub path: PathBuf,
    /// The parameters; all if empty.
    pub names: Vec<String>,
}

impl Location {
    /// The file that `-e FILE` means for a module file; `None` where an empty FILE means none, by configuration.
    ///
    /// # Errors
    /// [`StateError::Relative`], [`StateError::NoName`]
    pub fn file_for(
        file: &OsStr,
        module: &Path,
        release: &str,
        places: &Places,
    ) -> Result<Option<PathBuf>, StateError> {
        if !file.is_empty() {
            let path = PathBuf::from(file);
            return if path.is_absolute() { Ok(Some(path)) } else { Err(StateError::Relative { path }) };
        }
        let Some(directory) = places.persist_directory() else { return Ok(None) };
        let no_name = || StateError::NoName { module: module.to_owned(), modules: places.modules.clone() };
        let below = module
            .strip_prefix(places.modules.join(release))
            .or_else(|_| module.strip_prefix(&places.modules))
            .map_err(|_| no_name())?;
        let mut name = below.as_os_str().as_bytes();
        for ending in [".gz", ".xz", ".zst", ".ko", ".o"] {
            name = name.strip_suffix(ending.as_bytes()).unwrap_or(name);
        }
        Ok(Some(directory.join(OsStr::from_bytes(name))))
    }

    /// Remembers it for a module.
    ///
    /// # Errors
    /// [`StateError::File`]
    pub fn remember(&self, module: &str, places: &Places) -> Result<(), StateError> {
        let directory = &places.locations;
        let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
        made.map_err(|error| StateError::file("create", directory, &error))?;
        let mut text = self.path.as_os_str().as_bytes().to_vec();
        for name in &self.names {
            text.push(b'\n');
            text.extend(name.as_bytes());
        }
        let path = directory.join(module);
        fs::write(&path, text).map_err(|error| StateError::file("write", &path, &error))
    }

    /// What is remembered for a module.
    #[must_use]
    pub fn of(module: &str, places: &Places) -> Option<Self> {
        let text = fs::read(places.locations.join(module)).ok()?;
        let mut lines = text.split(|byte| *byte == b'\n');
        let path = PathBuf::from(OsString::from_vec(lines.next()?.to_vec()));
        let names = lines.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        Some(Self { path, names })
    }

    /// Modules for which something is remembered.
    #[must_use]
    pub fn modules(places: &Places) -> Vec<String> {
        let entries = fs::read_dir(&places.locations).into_iter().flatten().filter_map(Result::ok);
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Forgets a module that is gone.
    pub fn forget(module: &str, places: &Places) {
        // It may have had none.
        let _ = fs::remove_file(places.locations.join(module));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files() {
        let places = Places { config: "/no/such".into(), ..Places::default() };
        let name =
            |file: &str, module: &str| Location::file_for(file.as_ref(), module.as_ref(), "9.9", &places);
        assert_eq!(name("/a/b", "x.ko").unwrap(), Some("/a/b".into()));
        assert!(name("a/b", "x.ko").is_err());
        let wanted = Some("/var/lib/modules/persist/kernel/drivers/foo".into());
        assert_eq!(name("", "/lib/modules/9.9/kernel/drivers/foo.ko.xz").unwrap(), wanted);
        assert!(name("", "/tmp/foo.ko").is_err());
    }

    #[test]
    fn what_is_remembered() {
        let locations = std::env::temp_dir().join(format!("modstate-{}", std::process::id()));
        let places = Places { locations: locations.clone(), ..Places::default() };
        let location = Location { path: "/a b".into(), names: vec!["x".into(), "y".into()] };
        location.remember("foo", &places).unwrap();
        assert_eq!(Location::of("foo", &places), Some(location));
        assert_eq!(Location::modules(&places), ["foo"]);
        Location::forget("foo", &places);
        assert_eq!(Location::of("foo", &places), None);
        fs::remove_dir_all(locations).unwrap();
    }
}
