// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which file the parameters of a loaded module are saved to, and which of them.
//!
//! modutils kept this as a symbol of the module. Here it is a small file under `/run`, of fields separated by
//! NUL: the mark of the load, the path, the module's file and its modification time, then the names of the
//! parameters; no names stand for all parameters. It is valid for that load only: another tool may remove the
//! module, and load it again, without knowing about it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use libmodfmt::module_name::is_module_name;
use libmodsys::{Errno, Flaw, Kernel, PrivateDirectory, PrivateFileError, files};

use super::error::SavedParametersError;
use crate::paths::Paths;

/// Limit for the small file, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Where the parameters of one loaded module are saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaveLocation {
    /// The file.
    pub path: PathBuf,
    /// The names of the parameters to save; all if empty.
    pub names: Vec<String>,
    module_file: Option<PathBuf>,
    changed: Option<(i64, i64)>,
}

impl SaveLocation {
    /// For a module that is loaded from `module_file`.
    #[must_use]
    pub fn new(path: PathBuf, names: Vec<String>, module_file: &Path) -> Self {
        Self { path, names, module_file: Some(module_file.to_owned()), changed: modified(module_file) }
    }

    /// The file that `-e FILE` means for a module file; `None` if FILE is empty and the configuration wants
    /// none.
    ///
    /// # Errors
    /// [`SavedParametersError::Relative`], [`SavedParametersError::NoName`];
    /// [`SavedParametersError::Directory`] if FILE is empty and others may write where the configuration
    /// leads.
    pub fn file_for(
        file: &OsStr,
        module: &Path,
        release: &str,
        paths: &Paths,
    ) -> Result<Option<PathBuf>, SavedParametersError> {
        if !file.is_empty() {
            let path = PathBuf::from(file);
            return if path.is_absolute() {
                Ok(Some(path))
            } else {
                Err(SavedParametersError::Relative { path })
            };
        }
        let Some(directory) = paths.persist_directory() else { return Ok(None) };
        let no_name =
            || SavedParametersError::NoName { module: module.to_owned(), modules: paths.modules.clone() };
        let below = module
            .strip_prefix(paths.modules.join(release))
            .or_else(|_| module.strip_prefix(&paths.modules))
            .map_err(|_| no_name())?;
        // `..` would lead out of the directory.
        if !below.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(no_name());
        }
        let mut name = below.as_os_str().as_bytes();
        for ending in [".gz", ".xz", ".zst", ".ko", ".o"] {
            name = name.strip_suffix(ending.as_bytes()).unwrap_or(name);
        }
        // Without its ending, the name may be empty, or be `..`.
        let last = name.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        if matches!(last, b"" | b"." | b"..") {
            return Err(no_name());
        }
        let path = directory.join(OsStr::from_bytes(name));
        check_directories(&directory, &path)?;
        Ok(Some(path))
    }

    /// Remembers it for a module, with the module's file as it is now.
    ///
    /// # Errors
    /// [`SavedParametersError::File`]
    pub fn remember(
        &self,
        module: &str,
        kernel: &dyn Kernel,
        paths: &Paths,
    ) -> Result<(), SavedParametersError> {
        let directory = &paths.save_locations;
        files::create_directory(directory, 0o700)
            .map_err(|error| SavedParametersError::file("create", directory, &error))?;
        if !files::is_own_directory(directory) {
            let error = std::io::Error::from(Errno::EPERM);
            return Err(SavedParametersError::file("write to", directory, &error));
        }
        let Some(path) = file_of(module, paths) else { return Ok(()) };
        let module_file = self.module_file.as_ref().map(|file| file.as_os_str().as_bytes());
        let changed = self.changed.map(|(seconds, nanoseconds)| format!("{seconds}.{nanoseconds}"));
        let mark = kernel.load_mark(module).unwrap_or_default().to_string();
        let head = [mark.as_bytes(), self.path.as_os_str().as_bytes(), module_file.unwrap_or_default()];
        let parts = head.into_iter().chain([changed.as_deref().unwrap_or_default().as_bytes()]);
        let text = parts.chain(self.names.iter().map(String::as_bytes)).collect::<Vec<_>>().join(&0);
        // A new file, renamed: nobody else's link is followed, and a command that is killed leaves a whole
        // file.
        let new = directory.join(format!(".{}", std::process::id()));
        let written = fs::write(&new, text).and_then(|()| fs::rename(&new, &path));
        written.map_err(|error| SavedParametersError::file("write", &path, &error))
    }

    /// What is remembered for a module, as it is loaded now.
    #[must_use]
    pub fn of(module: &str, kernel: &dyn Kernel, paths: &Paths) -> Option<Self> {
        // The file says where to write: only this user may have made it.
        if !files::is_own_directory(&paths.save_locations) {
            return None;
        }
        let text = files::read_regular(&file_of(module, paths)?, MAX_FILE_BYTES).ok()?;
        let mut parts = text.split(|byte| *byte == 0);
        let mark = String::from_utf8_lossy(parts.next()?).parse().ok();
        if mark.is_none() || mark != kernel.load_mark(module) {
            return None;
        }
        let mut path = || Some(PathBuf::from(OsString::from_vec(parts.next()?.to_vec())));
        let (path, module_file) = (path()?, path()?);
        let changed = String::from_utf8_lossy(parts.next()?).into_owned();
        let changed = changed
            .split_once('.')
            .and_then(|(seconds, rest)| Some((seconds.parse().ok()?, rest.parse().ok()?)));
        let module_file = Some(module_file).filter(|file| !file.as_os_str().is_empty());
        let names = parts.map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        Some(Self { path, names, module_file, changed })
    }

    /// Whether the module's file is no longer the one that was loaded.
    #[must_use]
    pub fn module_file_changed(&self) -> bool {
        let Some(module_file) = &self.module_file else { return false };
        self.changed != modified(module_file)
    }

    /// Modules for which something is remembered.
    #[must_use]
    pub fn modules(paths: &Paths) -> Vec<String> {
        let entries = fs::read_dir(&paths.save_locations).into_iter().flatten().filter_map(Result::ok);
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        names
    }

    /// Forgets a module that was removed.
    pub fn forget(module: &str, paths: &Paths) {
        if let Some(path) = file_of(module, paths) {
            // It may have had none.
            let _ = fs::remove_file(path);
        }
    }
}

/// Fails if a directory from `first` down to the file is a link, another user's, or open for others to write
/// to. One that does not exist is made later, for this user alone to write to.
fn check_directories(first: &Path, file: &Path) -> Result<(), SavedParametersError> {
    if !first.is_absolute() {
        return Err(SavedParametersError::Relative { path: first.to_owned() });
    }
    let mut directories: Vec<&Path> =
        file.ancestors().skip(1).take_while(|directory| directory.starts_with(first)).collect();
    directories.reverse();
    for directory in directories {
        match PrivateDirectory::open(directory) {
            Ok(Some(_)) => {}
            Ok(None) => break,
            // This user is not root, and cannot load modules.
            Err(PrivateFileError::Unsafe { flaw: Flaw::Owner(0), .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The small file of a module; `None` for what cannot be a module's name, such as a path.
fn file_of(module: &str, paths: &Paths) -> Option<PathBuf> {
    let is_name = is_module_name(module) && !module.starts_with('.');
    is_name.then(|| paths.save_locations.join(module))
}

/// Modification time of a file in seconds and nanoseconds; `None` if there is no such file.
fn modified(file: &Path) -> Option<(i64, i64)> {
    fs::metadata(file).ok().map(|found| (found.mtime(), found.mtime_nsec()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use modtest::{FakeKernel, FakeModule};

    use super::*;

    #[test]
    fn names_of_files() {
        let paths = Paths { config: "/no/such".into(), ..Paths::default() };
        let name =
            |file: &str, module: &str| SaveLocation::file_for(file.as_ref(), module.as_ref(), "9.9", &paths);
        assert_eq!(name("/a/b", "x.ko").unwrap(), Some("/a/b".into()));
        assert!(name("a/b", "x.ko").is_err());
        let wanted = Some("/var/lib/modules/persist/kernel/drivers/foo".into());
        assert_eq!(name("", "/lib/modules/9.9/kernel/drivers/foo.ko.xz").unwrap(), wanted);
        for outside in [
            "/tmp/foo.ko",
            "/lib/modules/9.9/../../../etc/foo.ko",
            "/lib/modules/../../etc/foo.ko",
            "/lib/modules/9.9/kernel/...ko",
            "/lib/modules/9.9/.ko",
            "/lib/modules/9.9/..ko.xz",
            "/lib/modules/9.9",
        ] {
            assert!(name("", outside).is_err(), "{outside}");
        }
    }

    #[test]
    fn a_configured_directory_must_be_private() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let config = folder.join("conf");
        let configure = |directory: &Path| {
            fs::write(&config, format!("persistdir={}\n", directory.display())).unwrap();
        };
        let paths = Paths { config: config.clone(), ..Paths::default() };
        let file =
            || SaveLocation::file_for("".as_ref(), "/lib/modules/9.9/a/foo.ko".as_ref(), "9.9", &paths);
        let refused = |path: &Path, reason: &str| {
            let error = file().unwrap_err();
            assert!(matches!(error, SavedParametersError::Directory(_)), "{error:?}");
            assert_eq!(error.to_string(), format!("{}: {reason}", path.display()));
        };
        let directory = folder.join("persist");
        configure(&directory);
        assert_eq!(file().unwrap(), Some(directory.join("a/foo")), "it is made when it is needed");
        fs::create_dir_all(directory.join("a")).unwrap();
        assert_eq!(file().unwrap(), Some(directory.join("a/foo")));
        for (path, mode) in [(directory.clone(), 0o775), (directory.join("a"), 0o707)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            refused(&path, &format!("others may write to it (mode {mode:04o})"));
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let link = folder.join("link");
        symlink(&directory, &link).unwrap();
        configure(&link);
        refused(&link, "it is a symbolic link");
        configure(Path::new("relative"));
        let usual = Path::new("/var/lib/modules/persist/a/foo");
        assert_eq!(file().unwrap().as_deref(), Some(usual), "what the file says wrongly does not count");
        // A file that the user names is the user's affair.
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).unwrap();
        let named = directory.join("named");
        let found = SaveLocation::file_for(named.as_os_str(), "foo.ko".as_ref(), "9.9", &paths);
        assert_eq!(found.unwrap(), Some(named));
    }

    #[test]
    fn what_is_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let locations = folder.path().join("locations");
        let paths = Paths { save_locations: locations, ..Paths::default() };
        let object = folder.path().join("foo.ko");
        fs::write(&object, "").unwrap();
        let location = SaveLocation::new("/a b\nc".into(), vec!["x".into(), "y".into()], &object);
        let kernel = FakeKernel::new();
        kernel.add(FakeModule::new("foo"));
        location.remember("foo", &kernel, &paths).unwrap();
        assert_eq!(SaveLocation::of("foo", &kernel, &paths), Some(location.clone()));
        assert_eq!(SaveLocation::modules(&paths), ["foo"]);
        assert!(!location.module_file_changed());
        fs::File::options().write(true).open(&object).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
        assert!(SaveLocation::of("foo", &kernel, &paths).unwrap().module_file_changed());
        fs::remove_file(object).unwrap();
        for no_name in ["", ".", "..", "/etc/x", "a/b", "../x"] {
            assert_eq!(file_of(no_name, &paths), None);
            SaveLocation::forget(no_name, &paths);
        }
        // Removed and loaded again by a tool that does not know of it.
        kernel.take("foo");
        assert_eq!(SaveLocation::of("foo", &kernel, &paths), None);
        kernel.add(FakeModule::new("foo"));
        assert_eq!(SaveLocation::of("foo", &kernel, &paths), None);
        location.remember("foo", &kernel, &paths).unwrap();
        SaveLocation::forget("foo", &paths);
        assert_eq!(SaveLocation::of("foo", &kernel, &paths), None);
    }
}
