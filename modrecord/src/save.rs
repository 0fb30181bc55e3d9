// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writing the parameters of a loaded module to its file.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use libmodsys::Kernel;

use crate::{Location, SavedFile, StateError, time};

/// Saves the parameters that a module has now. Whole or not at all: the new file replaces the old one at once.
///
/// # Errors
/// [`StateError`]
pub fn save(kernel: &dyn Kernel, module: &str, location: &Location) -> Result<(), StateError> {
    let mut values = kernel.parameters(module)?;
    if !location.names.is_empty() {
        values.retain(|name, _| location.names.contains(name));
    }
    let mut file = read(&location.path)?;
    // What the kernel shows for a string that is not set. Nothing can be written that would have it so again.
    values.retain(|name, value| {
        let is_set = value != b"(null)";
        if !is_set {
            file.remove(name);
        }
        is_set
    });
    file.update(&values);
    let head = [format!("Kernel {}", system()), format!("Data saved {} GMT", time::Utc::now().words())];
    replace(&location.path, &file.render(&head, &values))
}

impl SavedFile {
    /// Reads a file; one that does not exist is empty.
    ///
    /// # Errors
    /// [`StateError`]
    pub fn read(path: &Path) -> Result<Self, StateError> {
        read(path)
    }
}

fn read(path: &Path) -> Result<SavedFile, StateError> {
    match fs::read(path) {
        Ok(text) => SavedFile::parse(&text).map_err(|error| match error {
            StateError::Line { line, problem } => {
                StateError::Content { path: path.to_owned(), line, problem }
            }
            other => other,
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(SavedFile::default()),
        Err(error) => Err(StateError::file("read", path, &error)),
    }
}

/// What `uname -a` shows of the running kernel.
fn system() -> String {
    let Ok(names) = nix::sys::utsname::uname() else { return "unknown".to_owned() };
    let fields = [names.sysname(), names.nodename(), names.release(), names.version(), names.machine()];
    fields.map(|field| field.to_string_lossy().into_owned()).join(" ")
}

fn replace(path: &Path, text: &[u8]) -> Result<(), StateError> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    let made = DirBuilder::new().recursive(true).mode(0o755).create(directory);
    made.map_err(|error| StateError::file("create", directory, &error))?;
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    let new = PathBuf::from(name);
    let written = write(&new, text, fs::metadata(path).ok()).and_then(|()| fs::rename(&new, path));
    written.map_err(|error| {
        // What is left of it is no use to anyone.
        let _ = fs::remove_file(&new);
        StateError::file("write", path, &error)
    })
}

/// Some parameters can be read by root only: so can the file, unless the one that it replaces says otherwise.
fn write(path: &Path, text: &[u8], replaced: Option<Metadata>) -> io::Result<()> {
    let mut file: File = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    if let Some(replaced) = replaced {
        fchown(&file, Some(replaced.uid()), Some(replaced.gid()))?;
        file.set_permissions(replaced.permissions())?;
    }
    file.write_all(text)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use modtest::{FakeKernel, FakeModule};

    use super::*;

    #[test]
    fn parameters_reach_the_file() {
        let folder = std::env::temp_dir().join(format!("modrecord-save-{}", std::process::id()));
        let kernel = FakeKernel::new();
        kernel.add(FakeModule::new("foo").parameter("a", "1").parameter("b", "x y").parameter("c", "no"));
        let location =
            Location::new(folder.join("deep/foo"), vec!["a".into(), "b".into()], Path::new("/no/such.ko"));
        save(&kernel, "foo", &location).unwrap();
        let text = fs::read_to_string(&location.path).unwrap();
        assert!(text.starts_with("#% Kernel Linux ") && text.ends_with("GMT\na=1\nb=\"x y\"\n"), "{text}");
        assert_eq!(fs::read_dir(folder.join("deep")).unwrap().count(), 1);
        let mode = || fs::metadata(&location.path).unwrap().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&location.path, PermissionsExt::from_mode(0o640)).unwrap();
        save(&kernel, "foo", &location).unwrap();
        assert_eq!(mode(), 0o640, "as the administrator wants it");
        fs::remove_dir_all(folder).unwrap();
    }
}
