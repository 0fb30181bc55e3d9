// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which file the parameters of a loaded module are saved to, and which of them.
//!
//! modutils kept this as a symbol of the module. Here it is a small file under `/run` of parts that end at a NUL: the mark of the load, the path, the
//! module's file, its time of change, and a name in each other one; no names stand for all parameters. It holds for that load only: another tool may
//! remove the module, and load it again, without knowing of it.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use libmodsys::Kernel;

use crate::{Places, StateError};

/// What is known of one loaded module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file.
    pub path: PathBuf,
    /// The parameters; all if empty.
    pub names: Vec<String>,
    object: Option<PathBuf>,
    changed: Option<(i64, i64)>,
}

impl Location {
    /// For a module that is loaded from this file.
    #[must_use]
    pub fn new(path: PathBuf, names: Vec<String>, object: &Path) -> Self {
        Self { path, names, object: Some(object.to_owned()), changed: modified(object) }
    }

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

    /// Remembers it for a module, with the module's file as it is now.
    ///
    /// # Errors
    /// [`StateError::File`]
    pub fn remember(&self, module: &str, kernel: &dyn Kernel, places: &Places) -> Result<(), StateError> {
        let directory = &places.locations;
        let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
        made.map_err(|error| StateError::file("create", directory, &error))?;
        let Some(path) = place(module, places) else { return Ok(()) };
        let object = self.object.as_ref().map(|object| object.as_os_str().as_bytes());
        let changed = self.changed.map(|(seconds, nanoseconds)| format!("{seconds}.{nanoseconds}"));
        let mark = kernel.load_mark(module).unwrap_or_default().to_string();
        let head = [mark.as_bytes(), self.path.as_os_str().as_bytes(), object.unwrap_or_default()];
        let parts = head.into_iter().chain([changed.as_deref().unwrap_or_default().as_bytes()]);
        let text = parts.chain(self.names.iter().map(String::as_bytes)).collect::<Vec<_>>().join(&0);
        // A new file: nobody else's link is followed, and a command that is killed leaves a whole one.
        let new = directory.join(format!(".{}", std::process::id()));
        let written = fs::write(&new, text).and_then(|()| fs::rename(&new, &path));
        written.map_err(|error| StateError::file("write", &path, &error))
    }

    /// What is remembered for a module, as it is loaded now.
    #[must_use]
    pub fn of(module: &str, kernel: &dyn Kernel, places: &Places) -> Option<Self> {
        // What stands there says where to write: only this user may have put it there.
        let directory = fs::symlink_metadata(&places.locations).ok()?;
        let own = directory.uid() == nix::unistd::geteuid().as_raw();
        if !directory.is_dir() || !own || directory.mode() & 0o022 != 0 {
            return None;
        }
        let text = fs::read(place(module, places)?).ok()?;
        let mut parts = text.split(|byte| *byte == 0);
        let mark = String::from_utf8_lossy(parts.next()?).parse().ok();
        if mark.is_none() || mark != kernel.load_mark(module) {
            return None;
        }
        let mut path = || Some(PathBuf::from(OsString::from_vec(parts.next()?.to_vec())));
        let (path, object) = (path()?, path()?);
        let changed = String::from_utf8_lossy(parts.next()?).into_owned();
        let changed = changed
            .split_once('.')
            .and_then(|(seconds, rest)| Some((seconds.parse().ok()?, rest.parse().ok()?)));
        let object = Some(object).filter(|object| !object.as_os_str().is_empty());
        let names = parts.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        Some(Self { path, names, object, changed })
    }

    /// Whether the module's file is no more what was loaded.
    #[must_use]
    pub fn object_changed(&self) -> bool {
        let Some(object) = &self.object else { return false };
        self.changed != modified(object)
    }

    /// Modules for which something is remembered.
    #[must_use]
    pub fn modules(places: &Places) -> Vec<String> {
        let entries = fs::read_dir(&places.locations).into_iter().flatten().filter_map(Result::ok);
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        names
    }

    /// Forgets a module that is gone.
    pub fn forget(module: &str, places: &Places) {
        if let Some(path) = place(module, places) {
            // It may have had none.
            let _ = fs::remove_file(path);
        }
    }
}

/// Where it is remembered; nowhere for what is no name of a module, such as a path.
fn place(module: &str, places: &Places) -> Option<PathBuf> {
    let is_name = !module.is_empty() && !module.starts_with('.') && !module.contains(['/', '\0']);
    is_name.then(|| places.locations.join(module))
}

/// When a file was changed last; `None` if it is not there.
fn modified(file: &Path) -> Option<(i64, i64)> {
    fs::metadata(file).ok().map(|found| (found.mtime(), found.mtime_nsec()))
}

#[cfg(test)]
mod tests {
    use modtest::{FakeKernel, FakeModule};

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
        let locations = std::env::temp_dir().join(format!("modrecord-{}", std::process::id()));
        let places = Places { locations: locations.clone(), ..Places::default() };
        let object = std::env::temp_dir().join(format!("modrecord-{}.ko", std::process::id()));
        fs::write(&object, "").unwrap();
        let location = Location::new("/a b\nc".into(), vec!["x".into(), "y".into()], &object);
        let kernel = FakeKernel::new();
        kernel.add(FakeModule::new("foo"));
        location.remember("foo", &kernel, &places).unwrap();
        assert_eq!(Location::of("foo", &kernel, &places), Some(location.clone()));
        assert_eq!(Location::modules(&places), ["foo"]);
        assert!(!location.object_changed());
        fs::File::options().write(true).open(&object).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
        assert!(Location::of("foo", &kernel, &places).unwrap().object_changed());
        fs::remove_file(object).unwrap();
        for no_name in ["", ".", "..", "/etc/x", "a/b", "../x"] {
            assert_eq!(place(no_name, &places), None);
            Location::forget(no_name, &places);
        }
        // Removed and loaded again by a tool that does not know of it.
        kernel.take("foo");
        assert_eq!(Location::of("foo", &kernel, &places), None);
        kernel.add(FakeModule::new("foo"));
        assert_eq!(Location::of("foo", &kernel, &places), None);
        location.remember("foo", &kernel, &places).unwrap();
        Location::forget("foo", &places);
        assert_eq!(Location::of("foo", &kernel, &places), None);
        fs::remove_dir_all(locations).unwrap();
    }
}
